//! `srcaddr>=10.0.0.0`, `srcaddr:<10.0.0.0/8`: addresses compared.
//!
//! Hides: that addresses are compared with those of their own family only.
//! Knows nothing of: text and numbers.
//!
//! A prefix is compared as a whole: `>10.0.0.0/8` is what lies behind its last address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flow::FieldKind;

use super::{Condition, HERE, address};
use crate::error::Fault;
use crate::lexer::TokenKind;
use crate::search::{Comparison, Search, Test};

pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let (FieldKind::Address, TokenKind::Word(value) | TokenKind::Quoted(value)) =
        (condition.field.kind, condition.value)
    else {
        return Ok(None);
    };
    let Some(comparison) = condition.comparison.filter(|_| !condition.asks_equality()) else {
        return Ok(None);
    };
    let name = &condition.field.name;
    let Some(text) = value.literal() else {
        let message = format!("a wildcard has no order: write `{name}:10.0.*`, or compare with an address");
        return Err(Fault::illegal(HERE, message));
    };
    let prefix = address::prefix(condition.field, &text)?;
    let (first, last) = (prefix.first(), prefix.last());
    let range = match comparison {
        Comparison::Less => before(first).map(|end| (lowest(first), end)),
        Comparison::LessOrEqual => Some((lowest(last), last)),
        Comparison::Equal => Some((first, last)),
        Comparison::GreaterOrEqual => Some((first, highest(first))),
        Comparison::Greater => after(last).map(|start| (start, highest(last))),
    };
    let (first, last) = range.ok_or_else(|| nothing_beyond(&text))?;
    Ok(Some(condition.tests(Test::AddressRange(first, last))))
}

/// The fault of asking for what lies beyond the last address of a family.
pub(super) fn nothing_beyond(text: &str) -> Fault {
    Fault::illegal(
        HERE,
        format!("no address lies beyond `{text}`: include it, or ask for the field with `:*`"),
    )
}

/// The lowest address of the same family.
pub(super) fn lowest(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The highest address of the same family.
pub(super) fn highest(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::BROADCAST.into(),
        IpAddr::V6(_) => Ipv6Addr::from(u128::MAX).into(),
    }
}

/// The address before; `None` for the lowest of a family.
pub(super) fn before(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_sub(1).map(|number| Ipv4Addr::from(number).into()),
        IpAddr::V6(address) => u128::from(address).checked_sub(1).map(|number| Ipv6Addr::from(number).into()),
    }
}

/// The address behind; `None` for the highest of a family.
pub(super) fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|number| Ipv4Addr::from(number).into()),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|number| Ipv6Addr::from(number).into()),
    }
}
