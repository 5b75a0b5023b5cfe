//! Doors for bytes that somebody made up: the readers of what the kernel and `nft` tell.
//!
//! Hides: which reader takes the bytes.
//! Knows nothing of: who made them up.

use flow::Tuple;

use crate::bpf::layout;
use crate::conntrack::entry::Entry;
use crate::netlink::messages;
use crate::nflog::logged::Logged;
use crate::pcap::packet::Packet;
use crate::ruleset::{Path, Refusal, Ruleset};

/// The most bytes of a key of a flow map: two tuples of IPv6 addresses, ports and four numbers.
const KEY_BYTES_MAX: usize = 4 * 16 + 4 * 2 + 4;

/// The same for IPv4.
const SHORT_KEY_BYTES: usize = 4 * 4 + 4 * 2 + 4;

/// Reads netlink messages as those of connection tracking and as those of a log group; returns how many there are.
pub fn netlink(bytes: &[u8]) -> usize {
    messages(bytes)
        .inspect(|message| {
            drop(message.error());
            let _: Option<Entry> = Entry::read(message.body);
            if let Some(logged) = Logged::read(message.body) {
                packet(logged.packet);
            }
        })
        .count()
}

/// Reads a packet from its network header on.
pub fn packet(bytes: &[u8]) {
    drop(Packet::read(bytes, bytes.len() as u64));
}

/// Reads an entry of a flow map of either family, and the sums of one processor.
pub fn map_entry(bytes: &[u8]) {
    if let Some((key, value)) = bytes.split_at_checked(SHORT_KEY_BYTES) {
        let _: Option<layout::Entry> = layout::Entry::read4(key, value);
    }
    if let Some((key, value)) = bytes.split_at_checked(KEY_BYTES_MAX) {
        let _: Option<layout::Entry> = layout::Entry::read6(key, value);
    }
    if let Some(totals) = layout::Totals::read(bytes) {
        let _: flow::Counters = totals.plus(totals).in_maps();
    }
}

/// Reads a listing of packet-filter rules, and asks it who refused a packet.
pub fn ruleset(bytes: &[u8]) {
    let Ok(ruleset) = Ruleset::parse(bytes) else { return };
    let tuple = Tuple {
        srcaddr: [10, 10, 0, 2].into(),
        dstaddr: [203, 0, 113, 2].into(),
        srcport: 40_003,
        dstport: 8081,
    };
    for path in [Path::Unrouted, Path::ToGateway, Path::Through] {
        let refusal = Refusal {
            protocol: 6,
            tuple,
            interface_in: Some("lan".into()),
            interface_out: Some("wan".into()),
            connection: None,
            path,
        };
        drop(ruleset.who_refused(&refusal));
    }
    drop(ruleset.who_logs("acl-telemetry"));
}
