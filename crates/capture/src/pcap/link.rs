//! Finds the IP packet in a captured frame.
//!
//! Hides: Ethernet, VLAN tags, Linux cooked headers.
//! Knows nothing of: IP.

use super::file::{Frame, Link};

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// The most VLAN tags of one frame: two are QinQ, more are seen in laboratories.
const TAGS_MAX: usize = 4;

/// What a frame carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried<'a> {
    Ip {
        /// As much as was captured.
        bytes: &'a [u8],
        /// From the IP header to the end of the frame, padding included.
        wire_bytes: u64,
    },
    /// ARP, LLDP, ….
    Other,
    /// The capture ends in the link header.
    CutOff,
}

/// What the frame carries.
pub(super) fn carried(frame: &Frame) -> Carried<'_> {
    let found = match frame.link {
        Link::Ip => Some((0, None)),
        Link::Ethernet => behind_tags(&frame.bytes, 12),
        Link::Cooked => behind_tags(&frame.bytes, 14),
        Link::Cooked2 => word(&frame.bytes, 0).and_then(|kind| match kind {
            tag if is_tag(tag) => behind_tags(&frame.bytes, 22),
            kind => Some((20, Some(kind))),
        }),
    };
    let Some((header, kind)) = found else { return Carried::CutOff };
    if kind.is_some_and(|kind| kind != ETHERTYPE_IPV4 && kind != ETHERTYPE_IPV6) {
        return Carried::Other;
    }
    let wire_bytes = u64::from(frame.wire_bytes).saturating_sub(header as u64);
    frame.bytes.get(header..).map_or(Carried::CutOff, |bytes| Carried::Ip { bytes, wire_bytes })
}

/// The length of the header and the type of what follows; the first type or tag stands at `place`.
fn behind_tags(bytes: &[u8], mut place: usize) -> Option<(usize, Option<u16>)> {
    for _ in 0..TAGS_MAX {
        match word(bytes, place)? {
            tag if is_tag(tag) => place += 4,
            kind => return Some((place + 2, Some(kind))),
        }
    }
    word(bytes, place).map(|kind| (place + 2, Some(kind)))
}

/// 802.1Q, 802.1ad, and what came before it.
fn is_tag(kind: u16) -> bool {
    matches!(kind, 0x8100 | 0x88a8 | 0x9100)
}

fn word(bytes: &[u8], place: usize) -> Option<u16> {
    let pair: [u8; 2] = bytes.get(place..place + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(pair))
}
