//! The words that values of some fields are chosen from.
//!
//! Hides: which field has which words, and the numbers that names stand for.
//! Knows nothing of: grammar.

mod service;

use flow::{Direction, FlowState, LogStatus, NatType, RejectReason, protocol};

/// A word that can stand as a value, and what it means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownWord {
    pub(crate) text: &'static str,
    pub(crate) help: &'static str,
}

/// The known words of a field, in the order in which they are offered; empty for most fields.
pub(crate) fn of_field(field: &str) -> Vec<KnownWord> {
    let word = |text, help| KnownWord { text, help };
    match field {
        "action" => {
            vec![word("ACCEPT", "the packets left the gateway"), word("REJECT", "the packets were refused")]
        }
        "log-status" => {
            LogStatus::ALL.iter().map(|status| word(status.as_str(), status_help(*status))).collect()
        }
        "nat-type" => NatType::ALL.iter().map(|kind| word(kind.as_str(), "")).collect(),
        "direction" => Direction::ALL.iter().map(|side| word(side.as_str(), "")).collect(),
        "flow-state" => FlowState::ALL.iter().map(|state| word(state.as_str(), "")).collect(),
        "reject-reason" => RejectReason::ALL.iter().map(|reason| word(reason.as_str(), "")).collect(),
        "protocol" => PROTOCOLS.iter().map(|(name, _)| word(name, "")).collect(),
        port if PORTS.contains(&port) => service::names().map(|name| word(name, "")).collect(),
        _ => Vec::new(),
    }
}

/// The number that a name means in a field: of a protocol or of a service, in any case.
pub(crate) fn number_of(field: &str, name: &str) -> Option<i64> {
    match field {
        "protocol" => protocol_number(name),
        port if PORTS.contains(&port) => service::port(name),
        _ => None,
    }
}

/// What the names of a field stand for, with an example; `None` for most fields.
pub(crate) fn named(field: &str) -> Option<(&'static str, &'static str)> {
    match field {
        "protocol" => Some(("protocol", "`tcp`, `udp` or `icmp`")),
        port if PORTS.contains(&port) => Some(("service", "`https`, `ssh` or `dns`")),
        _ => None,
    }
}

/// The fields whose values are ports.
const PORTS: &[&str] = &["srcport", "dstport", "natsrcport", "natdstport"];

fn protocol_number(name: &str) -> Option<i64> {
    PROTOCOLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| i64::from(*number))
}

fn status_help(status: LogStatus) -> &'static str {
    match status {
        LogStatus::Ok => "recorded as it was",
        LogStatus::NoData => "the window had no traffic",
        LogStatus::SkipData => "something in the window is missing",
    }
}

/// IANA "Assigned Internet Protocol Numbers": those that natlens captures.
const PROTOCOLS: &[(&str, u8)] = &[
    ("tcp", protocol::TCP),
    ("udp", protocol::UDP),
    ("icmp", protocol::ICMP),
    ("icmpv6", protocol::ICMPV6),
    ("gre", 47),
    ("esp", 50),
    ("sctp", 132),
];
