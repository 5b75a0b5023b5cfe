//! Compares records with what was on the wire.
//!
//! Hides: how a record and a flow of the capture are found to be the same one.
//! Knows nothing of: how either was made.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flow::{Counters, Timestamp, Tuple, WindowLength, protocol};
use testkit::traffic::{DROPPED_PORT, REFUSED_PORT};
use testkit::truth::{SENTINEL_PORT, TrueFlow};

use crate::stand::records::Fields;

/// Kind, window, protocol, original tuple, translated tuple or `None` when refused.
type Name = (&'static str, Timestamp, u8, Tuple, Option<Tuple>);

/// Counts of a flow in a window, and its first and last packet.
#[derive(Clone, Copy, Debug)]
struct Told {
    forward: Counters,
    reply: Counters,
    first: Timestamp,
    last: Timestamp,
}

/// How well records and truth agree.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    kinds: BTreeMap<&'static str, Tally>,
    differences: Vec<String>,
}

#[derive(Debug, Default)]
struct Tally {
    true_records: u64,
    equal: u64,
    other_counts: u64,
    missing: u64,
    invented: u64,
    moments_off_ms: u64,
}

impl Comparison {
    /// One row for each kind of traffic, as the header of the table names its columns.
    pub(super) fn rows(&self, offloads: &str) -> Vec<Vec<String>> {
        let row = |(kind, tally): (&&str, &Tally)| {
            let counts = [tally.true_records, tally.equal, tally.other_counts, tally.missing, tally.invented];
            let mut row = vec![offloads.to_owned(), (*kind).to_owned()];
            row.extend(counts.iter().map(u64::to_string));
            row.push(format!("{} ms", tally.moments_off_ms));
            row
        };
        self.kinds.iter().map(row).collect()
    }

    /// One line for each record that is not as it was on the wire.
    pub(super) fn differences(&self) -> &[String] {
        &self.differences
    }
}

/// Compares every record of traffic with every flow of the capture.
pub(super) fn compare(records: &[Fields], truth: &[TrueFlow], length: WindowLength) -> Comparison {
    let found = found(records, length);
    let expected = expected(truth);
    let mut comparison = Comparison::default();
    let names: BTreeSet<&Name> = found.keys().chain(expected.keys()).collect();
    for name in names {
        let tally = comparison.kinds.entry(name.0).or_default();
        let (told, wire) = (found.get(name), expected.get(name));
        tally.true_records += u64::from(wire.is_some());
        match (told, wire) {
            (Some(told), Some(wire)) => {
                let equal = (told.forward, told.reply) == (wire.forward, wire.reply);
                let (first, last) = (apart(told.first, wire.first), apart(told.last, wire.last));
                tally.moments_off_ms = tally.moments_off_ms.max(first).max(last);
                tally.equal += u64::from(equal);
                tally.other_counts += u64::from(!equal);
                if equal {
                    continue;
                }
            }
            (None, _) => tally.missing += 1,
            (Some(_), None) => tally.invented += 1,
        }
        comparison.differences.push(format!("{name:?}: recorded {told:?}, on the wire {wire:?}"));
    }
    comparison
}

fn apart(left: Timestamp, right: Timestamp) -> u64 {
    left.millis().abs_diff(right.millis())
}

fn expected(truth: &[TrueFlow]) -> BTreeMap<Name, Told> {
    let told = |flow: &TrueFlow| {
        let kind = kind(flow.protocol, flow.original.dstport, flow.translated.is_none());
        let name = (kind, flow.window.start(), flow.protocol, flow.original, flow.translated);
        let (forward, reply) = (flow.forward_on_wire, flow.reply_on_wire);
        (name, Told { forward, reply, first: flow.first, last: flow.last })
    };
    truth.iter().map(told).collect()
}

fn found(records: &[Fields], length: WindowLength) -> BTreeMap<Name, Told> {
    let mut sums: BTreeMap<Name, Told> = BTreeMap::new();
    for (name, told) in records.iter().filter_map(|record| read(record, length)) {
        let sum = sums.entry(name).or_insert(Told {
            forward: Counters::default(),
            reply: Counters::default(),
            ..told
        });
        sum.forward = sum.forward.plus(told.forward);
        sum.reply = sum.reply.plus(told.reply);
        (sum.first, sum.last) = (sum.first.min(told.first), sum.last.max(told.last));
    }
    sums
}

/// `None` for records of silence or loss, and of the packet that ends a capture.
fn read(record: &Fields, length: WindowLength) -> Option<(Name, Told)> {
    let number = |name: &str| record.get(name).and_then(|text| text.parse::<u64>().ok());
    let moment = |name: &str| record.get(name).and_then(|text| text.parse().ok()).map(Timestamp::from_millis);
    let address = |name: &str| record.get(name).and_then(|text| text.parse::<IpAddr>().ok());
    let port = |name: &str| number(name).and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
    let tuple = |before: &str| {
        let name = |end: &str, what: &str| format!("{before}{end}{what}");
        Some(Tuple {
            srcaddr: address(&name("src", "addr"))?,
            dstaddr: address(&name("dst", "addr"))?,
            srcport: port(&name("src", "port")),
            dstport: port(&name("dst", "port")),
        })
    };
    let counters = |packets: &str, bytes: &str| Counters {
        packets: number(packets).unwrap_or(0),
        bytes: number(bytes).unwrap_or(0),
    };
    let original = tuple("")?;
    if original.dstport == SENTINEL_PORT {
        return None;
    }
    let refused = record.get("action").is_some_and(|action| action == "REJECT");
    let protocol = u8::try_from(number("protocol")?).ok()?;
    let (first, last) = (moment("start-ms")?, moment("end-ms")?);
    let window = length.window_of(first).start();
    let name = (kind(protocol, original.dstport, refused), window, protocol, original, tuple("nat"));
    let forward = counters("packets", "bytes");
    Some((name, Told { forward, reply: counters("reply-packets", "reply-bytes"), first, last }))
}

fn kind(protocol: u8, port: u16, refused: bool) -> &'static str {
    match (protocol, refused, port) {
        (protocol::TCP, true, REFUSED_PORT) => "TCP, refused",
        (protocol::UDP, true, REFUSED_PORT) => "UDP, refused",
        (protocol::UDP, true, DROPPED_PORT) => "UDP, dropped",
        (_, true, _) => "other, refused",
        (protocol::TCP, false, _) => "TCP",
        (protocol::UDP, false, _) => "UDP",
        (_, false, _) => "ICMP",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(packets: &str) -> Fields {
        let fields = [
            ("protocol", "6"),
            ("srcaddr", "10.10.0.2"),
            ("dstaddr", "203.0.113.2"),
            ("srcport", "4000"),
            ("dstport", "8000"),
            ("packets", packets),
            ("bytes", "60"),
            ("action", "ACCEPT"),
            ("start-ms", "60100"),
            ("end-ms", "60100"),
        ];
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_record_that_nothing_on_the_wire_explains_is_invented() {
        let comparison = compare(&[record("1")], &[], WindowLength::MINUTE);
        assert_eq!(comparison.rows("off"), [["off", "TCP", "0", "0", "0", "0", "1", "0 ms"]]);
        assert_eq!(comparison.differences().len(), 1);
    }

    #[test]
    fn parts_of_one_flow_in_one_window_are_summed() {
        let sums = found(&[record("1"), record("2")], WindowLength::MINUTE);
        assert_eq!(sums.values().map(|told| told.forward.packets).collect::<Vec<_>>(), [3]);
    }
}
