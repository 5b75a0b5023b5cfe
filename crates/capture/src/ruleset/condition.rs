//! Decides whether a packet meets a condition of a rule.
//!
//! Hides: nftables' expressions, names of protocols and ICMP types, sets, ranges, prefixes.
//! Knows nothing of: chains, verdicts' consequences.

use std::net::IpAddr;

use flow::{Prefix, protocol};
use serde_json::Value;

use crate::ruleset::rule::{Elements, Verdict, verdict};
use crate::ruleset::{Connection, Refusal};

/// Whether something is so, as far as is known of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    No,
    Maybe,
    Yes,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

/// A comparison: `tcp dport 8081`, `ip saddr != 10.0.0.0/8`, `ct state { established, related }`.
#[derive(Debug)]
pub(super) struct Condition {
    left: Value,
    operator: String,
    right: Value,
}

/// A choice of verdicts: `tcp dport vmap { 22 : accept, 23 : drop }`.
#[derive(Debug)]
pub(super) struct VerdictMap {
    key: Value,
    data: Value,
}

impl Condition {
    pub(super) fn parse(body: &Value) -> Option<Self> {
        Some(Self {
            left: body.get("left")?.clone(),
            operator: body.get("op")?.as_str()?.to_owned(),
            right: body.get("right")?.clone(),
        })
    }

    pub(super) fn holds(&self, refusal: &Refusal, sets: Option<&Elements>) -> Truth {
        let fact = match fact(&self.left, refusal) {
            Known::Is(fact) => fact,
            Known::Absent => return Truth::No,
            Known::Unknown => return Truth::Maybe,
        };
        match self.operator.as_str() {
            "==" | "in" => equals(&fact, &self.right, sets),
            "!=" => equals(&fact, &self.right, sets).not(),
            operator => compares(&fact, operator, &self.right),
        }
    }

    pub(super) fn wants_only_invalid(&self) -> bool {
        let is_state = self.left.pointer("/ct/key").and_then(Value::as_str) == Some("state");
        is_state && self.operator != "!=" && self.right.as_str() == Some("invalid")
    }
}

impl VerdictMap {
    pub(super) fn parse(body: &Value) -> Option<Self> {
        Some(Self { key: body.get("key")?.clone(), data: body.get("data")?.clone() })
    }

    /// The verdict for a packet, and whether it is certain.
    pub(super) fn look_up(&self, refusal: &Refusal, sets: Option<&Elements>) -> (Truth, Option<Verdict>) {
        let elements = elements(&self.data, sets);
        let pairs = elements.iter().filter_map(|element| Some((element.get(0)?, verdict(element.get(1)?)?)));
        match fact(&self.key, refusal) {
            Known::Absent => (Truth::No, None),
            Known::Unknown => {
                let refuses = pairs.map(|(_, verdict)| verdict).find(|verdict| *verdict == Verdict::Refuse);
                (Truth::Maybe, refuses)
            }
            Known::Is(fact) => pairs
                .map(|(key, verdict)| (equals(&fact, key, sets), verdict))
                .filter(|(truth, _)| *truth > Truth::No)
                .max_by_key(|(truth, _)| *truth)
                .map_or((Truth::No, None), |(truth, verdict)| (truth, Some(verdict))),
        }
    }
}

/// What is known of one property of a packet.
enum Known {
    Is(Fact),
    /// The packet has no such property: a UDP packet has no TCP port.
    Absent,
    Unknown,
}

#[derive(Clone, Debug)]
enum Fact {
    Number { value: u64, named: fn(&str) -> Option<u64> },
    Address(IpAddr),
    Word(String),
    Several(Vec<Fact>),
}

fn fact(left: &Value, refusal: &Refusal) -> Known {
    let Some((kind, body)) = left.as_object().and_then(|object| object.iter().next()) else {
        return Known::Unknown;
    };
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    match kind.as_str() {
        "meta" => meta(word("key"), refusal),
        "payload" => payload(word("protocol"), word("field"), refusal),
        "ct" => match (word("key"), refusal.connection) {
            ("state", Some(connection)) => Known::Is(Fact::Word(state_word(connection).to_owned())),
            _ => Known::Unknown,
        },
        "concat" => several(body, refusal),
        _ => Known::Unknown,
    }
}

fn several(parts: &Value, refusal: &Refusal) -> Known {
    let mut facts = Vec::new();
    let mut unknown = false;
    for part in parts.as_array().into_iter().flatten() {
        match fact(part, refusal) {
            Known::Is(fact) => facts.push(fact),
            Known::Absent => return Known::Absent,
            Known::Unknown => unknown = true,
        }
    }
    if unknown { Known::Unknown } else { Known::Is(Fact::Several(facts)) }
}

fn meta(key: &str, refusal: &Refusal) -> Known {
    let interface = |name: &Option<std::sync::Arc<str>>| match name {
        Some(name) => Known::Is(Fact::Word(name.to_string())),
        None => Known::Unknown,
    };
    match key {
        "iifname" | "iif" => interface(&refusal.interface_in),
        "oifname" | "oif" => interface(&refusal.interface_out),
        "l4proto" => number(u64::from(refusal.protocol), protocol_number),
        "nfproto" => {
            Known::Is(Fact::Word(if refusal.tuple.srcaddr.is_ipv4() { "ipv4" } else { "ipv6" }.to_owned()))
        }
        "protocol" => {
            Known::Is(Fact::Word(if refusal.tuple.srcaddr.is_ipv4() { "ip" } else { "ip6" }.to_owned()))
        }
        _ => Known::Unknown,
    }
}

fn payload(of: &str, field: &str, refusal: &Refusal) -> Known {
    let tuple = &refusal.tuple;
    let is_v4 = tuple.srcaddr.is_ipv4();
    match (of, field) {
        ("ip", _) if !is_v4 => Known::Absent,
        ("ip6", _) if is_v4 => Known::Absent,
        ("ip" | "ip6", "saddr") => Known::Is(Fact::Address(tuple.srcaddr)),
        ("ip" | "ip6", "daddr") => Known::Is(Fact::Address(tuple.dstaddr)),
        ("ip", "protocol") | ("ip6", "nexthdr") => number(u64::from(refusal.protocol), protocol_number),
        ("tcp" | "udp" | "sctp" | "dccp" | "udplite", _)
            if protocol_number(of) != Some(u64::from(refusal.protocol)) =>
        {
            Known::Absent
        }
        ("th" | "tcp" | "udp" | "sctp" | "dccp" | "udplite", "sport") => {
            number(u64::from(tuple.srcport), no_names)
        }
        ("th" | "tcp" | "udp" | "sctp" | "dccp" | "udplite", "dport") => {
            number(u64::from(tuple.dstport), no_names)
        }
        ("icmp", _) if refusal.protocol != protocol::ICMP => Known::Absent,
        ("icmpv6", _) if refusal.protocol != protocol::ICMPV6 => Known::Absent,
        ("icmp", "type") => number(u64::from(tuple.dstport >> 8), icmp_type),
        ("icmpv6", "type") => number(u64::from(tuple.dstport >> 8), icmpv6_type),
        ("icmp" | "icmpv6", "code") => number(u64::from(tuple.dstport & 0xff), no_names),
        _ => Known::Unknown,
    }
}

fn number(value: u64, named: fn(&str) -> Option<u64>) -> Known {
    Known::Is(Fact::Number { value, named })
}

/// Whether a fact is `right`, or one of it when `right` is a set, a range or a prefix.
fn equals(fact: &Fact, right: &Value, sets: Option<&Elements>) -> Truth {
    let names_a_set = right.as_str().is_some_and(|text| text.starts_with('@'));
    if names_a_set || right.get("set").is_some() || (right.is_array() && !matches!(fact, Fact::Several(_))) {
        let any = elements(right, sets).iter().map(|element| equals(fact, element, sets)).max();
        return any.unwrap_or(Truth::No);
    }
    if let Some(inner) = right.pointer("/elem/val") {
        return equals(fact, inner, sets);
    }
    if let Some([low, high]) = right.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return compares(fact, ">=", low).min(compares(fact, "<=", high));
    }
    match fact {
        Fact::Several(facts) => {
            let parts = right.get("concat").or(Some(right)).and_then(Value::as_array);
            let Some(parts) = parts.filter(|parts| parts.len() == facts.len()) else { return Truth::Maybe };
            let each = facts.iter().zip(parts).map(|(fact, part)| equals(fact, part, sets));
            each.min().unwrap_or(Truth::Maybe)
        }
        Fact::Address(address) => {
            prefix(right).map_or(Truth::Maybe, |prefix| Truth::of(prefix.contains(*address)))
        }
        Fact::Number { value, named } => {
            number_of(right, *named).map_or(Truth::Maybe, |wanted| Truth::of(wanted == *value))
        }
        Fact::Word(word) => match right.as_str() {
            Some(text) => Truth::of(match text.strip_suffix('*') {
                Some(beginning) => word.starts_with(beginning),
                None => word == text,
            }),
            None => Truth::Maybe,
        },
    }
}

fn compares(fact: &Fact, operator: &str, right: &Value) -> Truth {
    let order = match fact {
        Fact::Number { value, named } => number_of(right, *named).map(|wanted| value.cmp(&wanted)),
        Fact::Address(address) => {
            right.as_str().and_then(|text| text.parse::<IpAddr>().ok()).map(|wanted| address.cmp(&wanted))
        }
        Fact::Word(_) | Fact::Several(_) => None,
    };
    match (operator, order) {
        ("<", Some(order)) => Truth::of(order.is_lt()),
        (">", Some(order)) => Truth::of(order.is_gt()),
        ("<=", Some(order)) => Truth::of(order.is_le()),
        (">=", Some(order)) => Truth::of(order.is_ge()),
        _ => Truth::Maybe,
    }
}

/// The elements of an anonymous set, a named one (`@blocked`) or a list.
fn elements<'a>(right: &'a Value, sets: Option<&'a Elements>) -> &'a [Value] {
    let named = right.as_str().and_then(|text| text.strip_prefix('@'));
    let found = match named {
        Some(name) => sets.and_then(|sets| sets.get(name)),
        None => right.get("set").unwrap_or(right).as_array(),
    };
    found.map(Vec::as_slice).unwrap_or_default()
}

fn prefix(right: &Value) -> Option<Prefix> {
    if let Some(prefix) = right.get("prefix") {
        let (address, length) = (prefix.get("addr")?.as_str()?, prefix.get("len")?.as_u64()?);
        return format!("{address}/{length}").parse().ok();
    }
    let address: IpAddr = right.as_str()?.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{whole}").parse().ok()
}

fn number_of(right: &Value, named: fn(&str) -> Option<u64>) -> Option<u64> {
    right.as_u64().or_else(|| right.as_str().and_then(|text| text.parse().ok().or_else(|| named(text))))
}

fn no_names(_: &str) -> Option<u64> {
    None
}

fn state_word(connection: Connection) -> &'static str {
    match connection {
        Connection::New => "new",
        Connection::Established => "established",
        Connection::Related => "related",
        Connection::Untracked => "untracked",
        Connection::Invalid => "invalid",
    }
}

/// Names as nftables prints them (`/etc/protocols`).
fn protocol_number(name: &str) -> Option<u64> {
    Some(match name {
        "icmp" => 1,
        "igmp" => 2,
        "tcp" => 6,
        "udp" => 17,
        "dccp" => 33,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "ipv6-icmp" | "icmpv6" => 58,
        "sctp" => 132,
        "udplite" => 136,
        _ => return None,
    })
}

fn icmp_type(name: &str) -> Option<u64> {
    Some(match name {
        "echo-reply" => 0,
        "destination-unreachable" => 3,
        "source-quench" => 4,
        "redirect" => 5,
        "echo-request" => 8,
        "router-advertisement" => 9,
        "router-solicitation" => 10,
        "time-exceeded" => 11,
        "parameter-problem" => 12,
        "timestamp-request" => 13,
        "timestamp-reply" => 14,
        "info-request" => 15,
        "info-reply" => 16,
        "address-mask-request" => 17,
        "address-mask-reply" => 18,
        _ => return None,
    })
}

fn icmpv6_type(name: &str) -> Option<u64> {
    Some(match name {
        "destination-unreachable" => 1,
        "packet-too-big" => 2,
        "time-exceeded" => 3,
        "parameter-problem" => 4,
        "echo-request" => 128,
        "echo-reply" => 129,
        "mld-listener-query" => 130,
        "mld-listener-report" => 131,
        "mld-listener-done" => 132,
        "nd-router-solicit" => 133,
        "nd-router-advert" => 134,
        "nd-neighbor-solicit" => 135,
        "nd-neighbor-advert" => 136,
        "nd-redirect" => 137,
        _ => return None,
    })
}
