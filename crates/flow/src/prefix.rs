//! Address prefixes such as `10.0.0.0/16`.
//!
//! Hides: how a prefix is written, and the bit arithmetic of its bounds.
//! Knows nothing of: who uses the prefix and what for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// All addresses that share their first `length` bits (RFC 4632, RFC 4291).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

/// A text that is no address prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address or prefix: expected for example `10.0.0.0/16` or `2001:db8::/32`")]
pub struct InvalidPrefix {
    text: String,
}

impl Prefix {
    /// The first `length` bits of `address`; `None` when it has fewer.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        // Further bits are dropped, so that what spans the same addresses is equal.
        (length <= longest).then(|| Self { address: Self { address, length }.first(), length })
    }

    /// How many bits all its addresses share.
    pub const fn length(self) -> u8 {
        self.length
    }

    /// Whether every address of `other` has the prefix.
    pub fn covers(self, other: Self) -> bool {
        self.length <= other.length && self.contains(other.first())
    }

    /// Whether `address` has the prefix. An IPv4 address never has an IPv6 prefix.
    pub fn contains(self, address: IpAddr) -> bool {
        self.first() <= address && address <= self.last() && self.address.is_ipv4() == address.is_ipv4()
    }

    /// The lowest address.
    pub fn first(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address) & mask4(self.length))),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask6(self.length))),
        }
    }

    /// The highest address.
    pub fn last(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address) | !mask4(self.length))),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) | !mask6(self.length))),
        }
    }
}

fn mask4(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0)
}

fn mask6(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}

impl FromStr for Prefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        let invalid = || InvalidPrefix { text: text.to_owned() };
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok().ok_or_else(invalid)?;
        let length = match length {
            Some(digits) => digits.parse::<u8>().ok().ok_or_else(invalid)?,
            None if address.is_ipv4() => 32,
            None => 128,
        };
        Self::new(address, length).ok_or_else(invalid)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first(), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, first: &str, last: &str) {
        let prefix: Prefix = text.parse().unwrap();
        assert_eq!((prefix.first().to_string(), prefix.last().to_string()), (first.into(), last.into()));
    }

    #[test]
    fn a_prefix_spans_from_its_lowest_to_its_highest_address() {
        check("10.1.2.3/16", "10.1.0.0", "10.1.255.255");
        check("0.0.0.0/0", "0.0.0.0", "255.255.255.255");
        check("192.0.2.7", "192.0.2.7", "192.0.2.7");
        check("2001:db8::1/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
        check("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    }

    #[test]
    fn prefixes_of_the_same_addresses_are_equal() {
        let prefix = |text: &str| text.parse::<Prefix>().unwrap();
        assert_eq!(prefix("10.1.2.3/16"), prefix("10.1.0.0/16"));
        assert_eq!(prefix("2001:db8::1/32"), prefix("2001:db8::/32"));
    }

    #[test]
    fn families_do_not_mix() {
        let everything: Prefix = "::/0".parse().unwrap();
        assert!(!everything.contains("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_prefix_covers_itself_and_what_is_longer() {
        let prefix = |text: &str| text.parse::<Prefix>().unwrap();
        let covers = |outer: &str, inner: &str| prefix(outer).covers(prefix(inner));
        assert!(covers("10.1.0.0/16", "10.1.9.9/16") && covers("10.1.0.0/16", "10.1.2.0/24"));
        assert!(!covers("10.1.0.0/16", "10.0.0.0/8") && !covers("10.1.0.0/16", "10.2.0.0/24"));
        assert!(!covers("::/0", "10.0.0.0/8"));
    }

    #[test]
    fn a_wrong_prefix_is_quoted() {
        for text in ["10.0.0.0/33", "10.0.0", "a/8", "10.0.0.0/"] {
            assert!(text.parse::<Prefix>().unwrap_err().to_string().contains(text));
        }
    }
}
