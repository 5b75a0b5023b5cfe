//! `dstport:443`, `packets>100`, `bytes:<=1500`, `dstport:https`: whole numbers compared.
//!
//! Hides: how numbers are written, and which fields have names for them.
//! Knows nothing of: text and addresses.

use flow::FieldKind;

use super::{Condition, HERE};
use crate::error::Fault;
use crate::index::IndexedField;
use crate::lexer::TokenKind;
use crate::search::{Comparison, Search, Test};
use crate::spelling::nearest;
use crate::words;

pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let (FieldKind::Long, TokenKind::Word(value) | TokenKind::Quoted(value)) =
        (condition.field.kind, condition.value)
    else {
        return Ok(None);
    };
    let Some(text) = value.literal() else {
        let name = &condition.field.name;
        let message = format!(
            "wildcards do not fit field `{name}`, which has the type long: compare, as in `{name}:>=100`"
        );
        return Err(Fault::illegal(HERE, message));
    };
    let number = number(condition.field, &text)?;
    Ok(Some(condition.tests(Test::Compare(condition.comparison.unwrap_or(Comparison::Equal), number))))
}

/// The number that `text` means in `field`.
pub(super) fn number(field: &IndexedField, text: &str) -> Result<i64, Fault> {
    let named = words::number_of(&field.name, text.trim());
    if let Some(number) = named.or_else(|| text.trim().parse().ok()) {
        return Ok(number);
    }
    let name = &field.name;
    let too_large = text.trim_start_matches('-').chars().all(|c| c.is_ascii_digit()) && text.len() > 1;
    let is_name = text.starts_with(|c: char| c.is_alphabetic());
    let message = match words::named(name).filter(|_| is_name) {
        Some((what, example)) => {
            format!("`{text}` is no {what}: write a number or a name, such as {example}")
        }
        None if too_large => {
            format!(
                "`{text}` is too large for field `{name}`: numbers lie between {} and {}",
                i64::MIN,
                i64::MAX
            )
        }
        None => format!("`{text}` is not a whole number: field `{name}` has the type long"),
    };
    let known = words::of_field(name).into_iter().map(|word| word.text);
    Err(Fault { suggestion: nearest(text, known).map(str::to_owned), ..Fault::number(HERE, message) })
}
