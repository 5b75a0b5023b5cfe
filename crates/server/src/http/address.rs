//! Where a request comes from, when proxies stand between.
//!
//! Hides: the header in which proxies tell it, and from whom it is believed.
//! Knows nothing of: what depends on the address.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use flow::Prefix;

/// Each proxy appends the address that it was reached from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of whoever asks: the last one that a trusted proxy tells of and that is no trusted proxy itself.
///
/// Whatever stands before it in the header may be invented by whoever asks.
pub(super) fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Prefix]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|prefix| prefix.contains(address));
    let told = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut address = peer.to_canonical();
    for before in told.into_iter().rev().map(read) {
        match before {
            Some(before) if is_trusted(address) => address = before,
            Some(_) | None => break,
        }
    }
    address
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = || text.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, told: &[&str], expected: &str) {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"].map(|prefix| prefix.parse().unwrap());
        let mut headers = HeaderMap::new();
        for value in told {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let found = address(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {told:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_as_far_as_it_can_know() {
        check("203.0.113.9", &["192.0.2.1"], "203.0.113.9");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check("127.0.0.1", &["192.0.2.1, 203.0.113.9"], "203.0.113.9");
        check("127.0.0.1", &["192.0.2.1", "203.0.113.9, 10.1.2.3"], "203.0.113.9");
        check("::ffff:127.0.0.1", &["[2001:db8::7]:4711", "10.0.0.1:80"], "2001:db8::7");
        check("127.0.0.1", &["192.0.2.1, unknown"], "127.0.0.1");
    }
}
