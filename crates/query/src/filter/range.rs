//! `dstport:[1 TO 1023]`, `packets:{100 TO *]`, `srcaddr:[10.0.0.1 TO 10.0.0.9]`: values between two ends.
//!
//! Hides: brackets, braces and open ends.
//! Knows nothing of: single values.

use std::net::IpAddr;
use std::ops::Bound;

use flow::{FieldKind, Prefix};

use super::{Condition, HERE, address, number};
use crate::error::Fault;
use crate::index::IndexedField;
use crate::lexer::TokenKind;
use crate::search::{Search, Test};

pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let name = &condition.field.name;
    let TokenKind::Range(low, high) = condition.value else {
        let has_order = condition.field.kind != FieldKind::Text;
        if matches!(condition.value, TokenKind::Word(word) if has_order && word.to_string().starts_with(['[', '{']))
        {
            return Err(Fault::syntax(
                HERE,
                format!("the range is not complete: write `{name}:[low TO high]`"),
            ));
        }
        return Ok(None);
    };
    if !condition.asks_equality() {
        return Err(Fault::syntax(
            HERE,
            format!("a range follows the colon directly: write `{name}:[low TO high]`"),
        ));
    }
    if (low, high) == (&Bound::Unbounded, &Bound::Unbounded) {
        return Ok(Some(condition.tests(Test::Exists)));
    }
    let test = match condition.field.kind {
        FieldKind::Long => numbers(condition.field, low, high)?,
        FieldKind::Address => addresses(condition.field, low, high)?,
        FieldKind::Text => {
            let message =
                format!("field `{name}` has the type text and no order: search for words, or use SQL");
            return Err(Fault::illegal(HERE, message));
        }
    };
    Ok(Some(condition.tests(test)))
}

fn numbers(field: &IndexedField, low: &Bound<String>, high: &Bound<String>) -> Result<Test, Fault> {
    let low = bound(low, |text| number::number(field, text))?;
    let high = bound(high, |text| number::number(field, text))?;
    let least = match low {
        Bound::Included(number) => Some(number),
        Bound::Excluded(number) => number.checked_add(1),
        Bound::Unbounded => Some(i64::MIN),
    };
    let most = match high {
        Bound::Included(number) => Some(number),
        Bound::Excluded(number) => number.checked_sub(1),
        Bound::Unbounded => Some(i64::MAX),
    };
    match (least, most) {
        (Some(least), Some(most)) if least <= most => Ok(Test::Range(low, high)),
        _ => Err(Fault::illegal(HERE, "the range is empty: write the lower end first, as in `[1 TO 1023]`")),
    }
}

fn addresses(field: &IndexedField, low: &Bound<String>, high: &Bound<String>) -> Result<Test, Fault> {
    let low = bound(low, |text| address::prefix(field, text).map(Prefix::first))?;
    let high = bound(high, |text| address::prefix(field, text).map(Prefix::last))?;
    let message = match (low, high) {
        (Bound::Included(first), Bound::Included(last)) if first.is_ipv4() != last.is_ipv4() => {
            "a range of addresses has two ends of one family, IPv4 or IPv6"
        }
        (Bound::Included(first), Bound::Included(last)) if first > last => {
            "the range is empty: write the lower address first"
        }
        (Bound::Included(first), Bound::Included(last)) => return Ok(Test::AddressRange(first, last)),
        (Bound::Excluded::<IpAddr>(_) | Bound::Unbounded, _) | (_, Bound::Excluded(_) | Bound::Unbounded) => {
            "a range of addresses includes both ends: write `[first TO last]`"
        }
    };
    Err(Fault::illegal(HERE, message))
}

fn bound<T>(written: &Bound<String>, read: impl Fn(&str) -> Result<T, Fault>) -> Result<Bound<T>, Fault> {
    Ok(match written {
        Bound::Included(text) => Bound::Included(read(text)?),
        Bound::Excluded(text) => Bound::Excluded(read(text)?),
        Bound::Unbounded => Bound::Unbounded,
    })
}
