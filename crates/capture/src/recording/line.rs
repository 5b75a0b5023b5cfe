//! One line of a recording.
//!
//! Hides: how each part is written as JSON.
//! Knows nothing of: files, the order of lines.

use std::net::IpAddr;

use flow::{Counters, Event, FlowKey, RejectReason, Rejection, Timestamp, Tuple, Verdict};
use serde::{Deserialize, Serialize};

use crate::gateway::{GatewayFacts, Interface};

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The first: which format, which gateway.
    Recording {
        version: u32,
        window_seconds: u32,
        gateway: FactsLine,
    },
    Event(EventLine),
    Loss(LossLine),
    /// Everything between the two moments stands above. Unit: milliseconds since the Unix epoch.
    Complete {
        from: i64,
        until: i64,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FactsLine {
    hostname: String,
    interfaces: Vec<InterfaceLine>,
    public_addresses: Vec<IpAddr>,
}

#[derive(Debug, Serialize, Deserialize)]
struct InterfaceLine {
    name: String,
    index: u32,
    addresses: Vec<IpAddr>,
}

/// Times are milliseconds since the Unix epoch, counters `[packets, bytes]`, tuples `[address, port, address, port]`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EventLine {
    protocol: u8,
    original: (IpAddr, u16, IpAddr, u16),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    translated: Option<(IpAddr, u16, IpAddr, u16)>,
    first: i64,
    last: i64,
    forward: (u64, u64),
    reply: (u64, u64),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedLine>,
    tcp_flags: u8,
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    interface_in: Option<String>,
    #[serde(default, rename = "out", skip_serializing_if = "Option::is_none")]
    interface_out: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RefusedLine {
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LossLine {
    /// The window's first moment. Unit: milliseconds since the Unix epoch.
    pub(super) window: i64,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) cause: String,
}

/// The version that a first line names, whatever else it says.
pub(super) fn version(text: &str) -> Option<u32> {
    let whole: serde_json::Value = serde_json::from_str(text).ok()?;
    u32::try_from(whole.pointer("/recording/version")?.as_u64()?).ok()
}

impl Line {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

impl FactsLine {
    pub(super) fn of(facts: &GatewayFacts) -> Self {
        let interface = |interface: &Interface| InterfaceLine {
            name: interface.name.clone(),
            index: interface.index,
            addresses: interface.addresses.clone(),
        };
        Self {
            hostname: facts.hostname.clone(),
            interfaces: facts.interfaces.iter().map(interface).collect(),
            public_addresses: facts.public_addresses.clone(),
        }
    }

    pub(super) fn facts(self) -> Result<GatewayFacts, String> {
        if self.hostname.is_empty() {
            return Err("the gateway has no name".to_owned());
        }
        let interface =
            |InterfaceLine { name, index, addresses }: InterfaceLine| Interface { name, index, addresses };
        Ok(GatewayFacts {
            hostname: self.hostname,
            interfaces: self.interfaces.into_iter().map(interface).collect(),
            public_addresses: self.public_addresses,
        })
    }
}

impl EventLine {
    pub(super) fn of(event: &Event) -> Self {
        Self {
            protocol: event.key.protocol,
            original: written(&event.key.original),
            translated: event.key.translated.as_ref().map(written),
            first: event.first.millis(),
            last: event.last.millis(),
            forward: (event.forward.packets, event.forward.bytes),
            reply: (event.reply.packets, event.reply.bytes),
            refused: match &event.verdict {
                Verdict::Accept => None,
                Verdict::Reject(rejection) => Some(RefusedLine {
                    reason: rejection.reason.as_str().to_owned(),
                    rule: rejection.rule.as_deref().map(str::to_owned),
                }),
            },
            tcp_flags: event.tcp_flags,
            interface_in: event.interface_in.as_deref().map(str::to_owned),
            interface_out: event.interface_out.as_deref().map(str::to_owned),
        }
    }

    pub(super) fn event(self) -> Result<Event, String> {
        if self.last < self.first {
            return Err("an event ends before it begins".to_owned());
        }
        let counters = |(packets, bytes)| Counters { packets, bytes };
        let verdict = match self.refused {
            None => Verdict::Accept,
            Some(refused) => Verdict::Reject(Rejection {
                reason: reason(&refused.reason)?,
                rule: refused.rule.map(Into::into),
            }),
        };
        Ok(Event {
            key: FlowKey {
                protocol: self.protocol,
                original: tuple(self.original),
                translated: self.translated.map(tuple),
            },
            first: Timestamp::from_millis(self.first),
            last: Timestamp::from_millis(self.last),
            forward: counters(self.forward),
            reply: counters(self.reply),
            verdict,
            tcp_flags: self.tcp_flags,
            interface_in: self.interface_in.map(Into::into),
            interface_out: self.interface_out.map(Into::into),
        })
    }
}

fn written(tuple: &Tuple) -> (IpAddr, u16, IpAddr, u16) {
    (tuple.srcaddr, tuple.srcport, tuple.dstaddr, tuple.dstport)
}

fn tuple((srcaddr, srcport, dstaddr, dstport): (IpAddr, u16, IpAddr, u16)) -> Tuple {
    Tuple { srcaddr, dstaddr, srcport, dstport }
}

fn reason(word: &str) -> Result<RejectReason, String> {
    RejectReason::ALL
        .iter()
        .copied()
        .find(|reason| reason.as_str() == word)
        .ok_or_else(|| format!("`{word}` is no reason of a refusal"))
}
