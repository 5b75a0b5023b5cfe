//! Recognises a packet on the other side of a translation.
//!
//! Hides: which bytes every translation leaves alone.
//! Knows nothing of: which packets are compared.
//!
//! Left out are addresses, ports, identifiers of ICMP and all checksums, because they are what translation changes; TCP
//! options, because gateways clamp the segment size; and the time to live.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::iter;
use std::ops::Range;

use flow::protocol;

use super::network::Network;

/// How much of the payload is compared. Both captures must hold as many bytes or all, so it is less than what the usual
/// snapshot lengths leave. Unit: bytes.
const PAYLOAD_BYTES: usize = 32;

const SCTP: u8 = 132;

/// The likeness of a whole packet, or of the first part of one.
pub(super) fn of(network: &Network<'_>) -> u64 {
    let payload = |start: usize| start..start + PAYLOAD_BYTES;
    let left_alone: [Range<usize>; 2] = match network.protocol {
        // Sequence, acknowledgement, header length, flags and window.
        protocol::TCP => [4..16, payload(tcp_header_bytes(network))],
        protocol::UDP => [4..6, payload(8)],
        // The verification tag; checksums of SCTP do not cover addresses, but ports.
        SCTP => [4..8, payload(12)],
        // Type, code and sequence number.
        protocol::ICMP | protocol::ICMPV6 => [0..2, payload(6)],
        _ => [0..0, payload(0)],
    };
    hashed(network, left_alone)
}

/// The likeness of a fragment without ports.
pub(super) fn of_later_part(network: &Network<'_>) -> u64 {
    hashed(network, iter::once(0..PAYLOAD_BYTES))
}

/// The likeness of an ICMP error: type and code. What it quotes is translated, too.
pub(super) fn of_error(network: &Network<'_>) -> u64 {
    hashed(network, iter::once(0..2))
}

fn hashed(network: &Network<'_>, ranges: impl IntoIterator<Item = Range<usize>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Network { protocol, bytes, identification, fragment_offset, .. } = network;
    (protocol, bytes, identification, fragment_offset).hash(&mut hasher);
    for range in ranges {
        let end = range.end.min(network.transport.len());
        network.transport.get(range.start..end).unwrap_or_default().hash(&mut hasher);
    }
    hasher.finish()
}

fn tcp_header_bytes(network: &Network<'_>) -> usize {
    network.transport.get(12).map_or(20, |offset| usize::from(offset >> 4) * 4)
}
