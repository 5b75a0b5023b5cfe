//! `dstport:[1 TO 1023]`, `packets:{100 TO *]`, `srcaddr:[10.0.0.1 TO 10.0.0.9]`: values between two ends.
//!
//! Hides: brackets, braces and open ends.
//! Knows nothing of: single values.

use std::ops::Bound;

use flow::FieldKind;

use super::{Condition, HERE, address, address_order, number};
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
    let first = match low {
        Bound::Included(text) => Some(address::prefix(field, text)?.first()),
        Bound::Excluded(text) => {
            let last = address::prefix(field, text)?.last();
            Some(address_order::after(last).ok_or_else(|| address_order::nothing_beyond(text))?)
        }
        Bound::Unbounded => None,
    };
    let last = match high {
        Bound::Included(text) => Some(address::prefix(field, text)?.last()),
        Bound::Excluded(text) => {
            let first = address::prefix(field, text)?.first();
            Some(address_order::before(first).ok_or_else(|| address_order::nothing_beyond(text))?)
        }
        Bound::Unbounded => None,
    };
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) => (first, last),
        (Some(first), None) => (first, address_order::highest(first)),
        (None, Some(last)) => (address_order::lowest(last), last),
        (None, None) => return Ok(Test::Exists),
    };
    if first.is_ipv4() != last.is_ipv4() {
        let message = "a range of addresses has two ends of one family, IPv4 or IPv6";
        return Err(Fault::illegal(HERE, message));
    }
    if first > last {
        return Err(Fault::illegal(HERE, "the range is empty: write the lower address first"));
    }
    Ok(Test::AddressRange(first, last))
}

fn bound<T>(written: &Bound<String>, read: impl Fn(&str) -> Result<T, Fault>) -> Result<Bound<T>, Fault> {
    Ok(match written {
        Bound::Included(text) => Bound::Included(read(text)?),
        Bound::Excluded(text) => Bound::Excluded(read(text)?),
        Bound::Unbounded => Bound::Unbounded,
    })
}
