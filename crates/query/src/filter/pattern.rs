//! `interface-id:/eni-(lan|wan)/`, `srcaddr:/10\\.0\\..*/`: regular expressions (Lucene only).
//!
//! Hides: which kinds of fields an expression fits.
//! Knows nothing of: how an expression is matched.

use flow::FieldKind;

use super::{Condition, HERE};
use crate::error::Fault;
use crate::lexer::TokenKind;
use crate::pattern::Pattern;
use crate::phrase::{Phrase, Word};
use crate::search::{Search, Test};

pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let TokenKind::Pattern(source) = condition.value else { return Ok(None) };
    let name = &condition.field.name;
    if !condition.asks_equality() {
        return Err(Fault::syntax(HERE, format!("a regular expression has no order: write `{name}:/…/`")));
    }
    let test = match condition.field.kind {
        FieldKind::Text => Test::Text(Phrase::from(Word::Pattern(pattern(source)?))),
        FieldKind::Address => Test::AddressPattern(pattern(source)?),
        FieldKind::Long => {
            let message = format!(
                "regular expressions do not fit field `{name}`, which has the type long: compare, as in `{name}:>=100`"
            );
            return Err(Fault::illegal(HERE, message));
        }
    };
    Ok(Some(condition.tests(test)))
}

/// The search for an expression without a field.
pub(crate) fn full_text(source: &str) -> Result<Search, Fault> {
    Ok(Search::FullText(Phrase::from(Word::Pattern(pattern(source)?))))
}

fn pattern(source: &str) -> Result<Pattern, Fault> {
    Pattern::new(source).map_err(|invalid| Fault::illegal(HERE, invalid.to_string()))
}
