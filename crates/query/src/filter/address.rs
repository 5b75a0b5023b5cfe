//! `srcaddr:10.0.0.1`, `srcaddr:10.0.0.0/16`, `srcaddr:10.0.*`: addresses, prefixes and wildcards.
//!
//! Hides: when a wildcard is really a prefix.
//! Knows nothing of: text and numbers, the order of addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use flow::{FieldKind, Prefix};

use super::{Condition, HERE, text};
use crate::error::Fault;
use crate::index::{Delimiters, IndexedField};
use crate::lexer::TokenKind;
use crate::phrase::{Spelled, StartsWithWildcard, Word};
use crate::search::{Search, Test};

pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let (FieldKind::Address, TokenKind::Word(value) | TokenKind::Quoted(value)) =
        (condition.field.kind, condition.value)
    else {
        return Ok(None);
    };
    let test = match value.literal() {
        Some(text) => exact(prefix(condition.field, &text)?),
        None => wildcard(condition.field, value)?,
    };
    Ok(Some(condition.tests(test)))
}

/// The prefix that `text` names; an address alone is the prefix of its full length.
pub(super) fn prefix(field: &IndexedField, text: &str) -> Result<Prefix, Fault> {
    let prefix = text.trim().parse::<Prefix>();
    prefix.map_err(|invalid| Fault::illegal(HERE, format!("field `{}`: {invalid}", field.name)))
}

fn exact(prefix: Prefix) -> Test {
    if prefix.first() == prefix.last() {
        Test::Address(prefix.first())
    } else {
        Test::Prefix(aligned(prefix))
    }
}

/// The prefix without host bits, so that `10.1.2.3/16` and `10.1.0.0/16` are one.
fn aligned(prefix: Prefix) -> Prefix {
    Prefix::new(prefix.first(), prefix.length()).expect("its lowest address has as many bits")
}

fn wildcard(field: &IndexedField, value: &Spelled) -> Result<Test, Fault> {
    let whole = Delimiters::default();
    let word = value.words(&whole).map_err(|StartsWithWildcard| text::starts_with_wildcard())?.pop();
    let Some(Word::Wildcard(wildcard)) = word else {
        return Err(Fault::illegal(HERE, format!("an address is missing in field `{}`", field.name)));
    };
    let written = wildcard.to_string();
    if let Some(prefix) = prefix4(&written).or_else(|| prefix6(&written)) {
        return Ok(Test::Prefix(prefix));
    }
    let part_of_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '*' | '?');
    if !written.chars().all(part_of_address) {
        let message = format!("`{written}` matches no address: write for example `{}:10.0.*`", field.name);
        return Err(Fault::illegal(HERE, message));
    }
    Ok(Test::AddressWildcard(wildcard))
}

/// `10.0.*` and `10.0.*.*` as `10.0.0.0/16`.
fn prefix4(written: &str) -> Option<Prefix> {
    let parts: Vec<&str> = written.split('.').collect();
    let known = parts.iter().position(|part| *part == "*")?;
    let only_stars_follow = parts.len() <= 4 && parts.iter().skip(known).all(|part| *part == "*");
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(parts.iter().take(known)) {
        *octet = part.parse().ok()?;
    }
    let length = u8::try_from(known * 8).ok()?;
    Prefix::new(Ipv4Addr::from(octets).into(), length).filter(|_| only_stars_follow && known > 0)
}

/// `2001:db8:*` as `2001:db8::/32`. With `::` before the star the number of groups is open, so it stays a wildcard.
fn prefix6(written: &str) -> Option<Prefix> {
    let groups: Vec<&str> = written.strip_suffix(":*")?.split(':').collect();
    let mut segments = [0; 8];
    for (segment, group) in segments.iter_mut().zip(&groups) {
        *segment = u16::from_str_radix(group, 16).ok()?;
    }
    let length = u8::try_from(groups.len() * 16).ok()?;
    Prefix::new(Ipv6Addr::from(segments).into(), length).filter(|_| groups.len() < 8)
}
