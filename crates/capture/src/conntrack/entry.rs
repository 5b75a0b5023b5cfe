//! Reads what the kernel says about one entry of its connection-tracking table.
//!
//! Hides: the attributes of ctnetlink, byte orders, that the kernel names the translated side by the reply it expects.
//! Knows nothing of: whether the entry was listed or has ended. The bytes are hostile: whatever they are, it ends
//! without a panic.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flow::{Counters, FlowKey, Timestamp, Tuple, protocol};

use crate::netlink::{Attribute, FAMILY_BYTES, attributes, be16, be32, be64};

/// Attributes of an entry (`linux/netfilter/nfnetlink_conntrack.h`).
mod kind {
    pub(super) const ORIGINAL: u16 = 1;
    pub(super) const REPLY: u16 = 2;
    pub(super) const COUNTERS_ORIGINAL: u16 = 9;
    pub(super) const COUNTERS_REPLY: u16 = 10;
    pub(super) const ID: u16 = 12;
    pub(super) const ZONE: u16 = 18;
    pub(super) const TIMES: u16 = 20;
}

const NANOS_PER_MILLI: u64 = 1_000_000;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Name,
    /// In the initiator's direction.
    pub(crate) translated: Tuple,
    /// Since the entry was made; `None` when the kernel does not count it.
    pub(crate) counted: Option<Both>,
    /// When it was made; `None` when the kernel does not note it.
    pub(crate) start: Option<Timestamp>,
    /// When it ended; `None` while it lives, too.
    pub(crate) stop: Option<Timestamp>,
}

/// What tells an entry from every other, also from a later one of the same addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) protocol: u8,
    pub(crate) original: Tuple,
    pub(crate) zone: u16,
    pub(crate) id: u32,
}

/// Counters of both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Both {
    pub(crate) forward: Counters,
    pub(crate) reply: Counters,
}

impl Entry {
    /// Reads the body of a message; `None` when it is no entry.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let (mut original, mut reply) = (None, None);
        let (mut forward_counters, mut reply_counters) = (None, None);
        let (mut id, mut zone, mut times) = (0, 0, Times::default());
        for Attribute { kind, value } in attributes(body.get(FAMILY_BYTES..)?) {
            match kind {
                kind::ORIGINAL => original = Side::read(value),
                kind::REPLY => reply = Side::read(value),
                kind::COUNTERS_ORIGINAL => forward_counters = counters(value),
                kind::COUNTERS_REPLY => reply_counters = counters(value),
                kind::ID => id = be32(value)?,
                kind::ZONE => zone = be16(value)?,
                kind::TIMES => times = Times::read(value),
                _ => {}
            }
        }
        let (original, reply) = (original?, reply?);
        let counted = forward_counters.zip(reply_counters).map(|(forward, reply)| Both { forward, reply });
        Some(Self {
            name: Name { protocol: original.protocol, original: original.tuple(), zone, id },
            translated: reply.answered(&original),
            counted,
            start: times.start,
            stop: times.stop,
        })
    }

    /// The flow that the entry stands for.
    pub(super) fn key(&self) -> FlowKey {
        let Name { protocol, original, .. } = self.name;
        FlowKey { protocol, original, translated: Some(self.translated) }
    }
}

/// A tuple as the kernel writes it, in the direction in which its packets travel.
#[derive(Clone, Copy, Debug)]
struct Side {
    protocol: u8,
    source: IpAddr,
    destination: IpAddr,
    ports: (u16, u16),
    icmp: Icmp,
}

#[derive(Clone, Copy, Debug, Default)]
struct Icmp {
    identifier: u16,
    kind: u8,
    code: u8,
}

impl Side {
    fn read(value: &[u8]) -> Option<Self> {
        const ADDRESSES: u16 = 1;
        const TRANSPORT: u16 = 2;
        let (mut source, mut destination, mut protocol) = (None, None, None);
        let (mut ports, mut icmp) = ((0, 0), Icmp::default());
        for outer in attributes(value) {
            match outer.kind {
                ADDRESSES => {
                    for Attribute { kind, value } in attributes(outer.value) {
                        match kind {
                            1 | 3 => source = address(value),
                            2 | 4 => destination = address(value),
                            _ => {}
                        }
                    }
                }
                TRANSPORT => {
                    for Attribute { kind, value } in attributes(outer.value) {
                        match kind {
                            1 => protocol = value.first().copied(),
                            2 => ports.0 = be16(value)?,
                            3 => ports.1 = be16(value)?,
                            4 | 7 => icmp.identifier = be16(value)?,
                            5 | 8 => icmp.kind = *value.first()?,
                            6 | 9 => icmp.code = *value.first()?,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Some(Self { protocol: protocol?, source: source?, destination: destination?, ports, icmp })
    }

    fn tuple(&self) -> Tuple {
        let (srcport, dstport) = if is_icmp(self.protocol) {
            (self.icmp.identifier, u16::from_be_bytes([self.icmp.kind, self.icmp.code]))
        } else if has_ports(self.protocol) {
            self.ports
        } else {
            (0, 0)
        };
        Tuple { srcaddr: self.source, dstaddr: self.destination, srcport, dstport }
    }

    /// What this reply answers: the same tuple in the initiator's direction.
    fn answered(&self, original: &Self) -> Tuple {
        let Tuple { srcaddr, dstaddr, srcport, dstport } = self.tuple();
        if is_icmp(self.protocol) {
            // An answer has another type than its question, and the same identifier.
            return Tuple { srcaddr: dstaddr, dstaddr: srcaddr, srcport, dstport: original.tuple().dstport };
        }
        Tuple { srcaddr: dstaddr, dstaddr: srcaddr, srcport: dstport, dstport: srcport }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    start: Option<Timestamp>,
    stop: Option<Timestamp>,
}

impl Times {
    fn read(value: &[u8]) -> Self {
        let mut times = Self::default();
        for Attribute { kind, value } in attributes(value) {
            let moment = be64(value).map(|nanos| {
                Timestamp::from_millis(i64::try_from(nanos / NANOS_PER_MILLI).unwrap_or(i64::MAX))
            });
            match kind {
                1 => times.start = moment,
                2 => times.stop = moment,
                _ => {}
            }
        }
        times
    }
}

fn counters(value: &[u8]) -> Option<Counters> {
    let (mut packets, mut bytes) = (None, None);
    for Attribute { kind, value } in attributes(value) {
        match kind {
            1 => packets = be64(value),
            2 => bytes = be64(value),
            _ => {}
        }
    }
    Some(Counters { packets: packets?, bytes: bytes? })
}

fn address(value: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Some(IpAddr::V4(Ipv4Addr::from(octets)));
    }
    let octets = <[u8; 16]>::try_from(value).ok()?;
    Some(IpAddr::V6(Ipv6Addr::from(octets)))
}

fn is_icmp(number: u8) -> bool {
    matches!(number, protocol::ICMP | protocol::ICMPV6)
}

/// TCP, UDP, DCCP, SCTP, UDP-Lite. The kernel writes the call numbers of GRE as ports, too; a record has none.
fn has_ports(number: u8) -> bool {
    matches!(number, protocol::TCP | protocol::UDP | 33 | 132 | 136)
}

#[cfg(test)]
mod tests;
