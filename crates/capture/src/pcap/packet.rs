//! Reads the headers of one IP packet, of which perhaps only the beginning was captured.
//!
//! Hides: byte offsets of IPv4, IPv6 and its extension headers, and of what they carry.
//! Knows nothing of: capture files, link headers, flows.

mod likeness;
mod network;

use std::net::IpAddr;

use flow::{Tuple, protocol};

use network::Network;

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// IANA protocol number. An ICMP error has that of the packet that it is about.
    pub(crate) protocol: u8,
    /// As the packet itself says. An ICMP error goes the way back of the packet that it is about.
    pub(crate) tuple: Tuple,
    /// Length of the packet, IP header included. Unit: bytes.
    pub(crate) bytes: u64,
    /// TCP flags; zero for other protocols.
    pub(crate) tcp_flags: u8,
    /// What it tells about who opened the conversation.
    pub(crate) role: Role,
    /// The same before and after translation, and different for different packets.
    pub(crate) likeness: u64,
    /// Of which datagram it is a part.
    pub(crate) fragment: Option<Fragment>,
}

/// What a packet tells about who opened the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Only who opens a conversation sends such.
    Opens,
    /// Only who was asked sends such.
    Answers,
    /// An ICMP error, or a reset: anyone on the way may send it.
    Objects,
    /// Nothing.
    Either,
}

/// Part of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) of: Datagram,
    /// Whether it is the first part, which alone has the ports.
    pub(crate) is_first: bool,
}

/// What the parts of a datagram have in common (RFC 791, RFC 8200).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Datagram {
    source: IpAddr,
    destination: IpAddr,
    /// Zero for IPv6, where each part may say something else.
    protocol: u8,
    identification: u32,
}

/// A packet whose headers are wrong, or were not captured far enough to know its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Its length, as far as known. Unit: bytes.
    pub(crate) bytes: u64,
}

impl Packet {
    /// Reads what begins with an IP header and takes `wire_bytes` to the end of its frame.
    pub(crate) fn read(bytes: &[u8], wire_bytes: u64) -> Result<Self, Unreadable> {
        let network = Network::read(bytes, wire_bytes).ok_or(Unreadable { bytes: wire_bytes })?;
        let is_later_part = network.fragment.is_some_and(|fragment| !fragment.is_first);
        let transport = if is_later_part {
            Some(Transport::without_ports(&network))
        } else {
            Transport::read(&network, Depth::Outer)
        };
        let Transport { protocol, tuple, tcp_flags, role } =
            transport.ok_or(Unreadable { bytes: network.bytes })?;
        let is_error = role == Role::Objects && tcp_flags == 0;
        let likeness = if is_later_part {
            likeness::of_later_part(&network)
        } else if is_error {
            likeness::of_error(&network)
        } else {
            likeness::of(&network)
        };
        let (bytes, fragment) = (network.bytes, network.fragment);
        Ok(Self { protocol, tuple, bytes, tcp_flags, role, likeness, fragment })
    }

    /// Whether it speaks to one link only, so that no gateway forwards it: by its addresses, or as neighbour and multicast
    /// listener discovery do (RFC 4861, RFC 3810).
    pub(super) fn stays_on_link(&self) -> bool {
        let [kind, _code] = self.tuple.dstport.to_be_bytes();
        let is_discovery = self.protocol == protocol::ICMPV6 && matches!(kind, 130..=137 | 143);
        is_discovery || [self.tuple.srcaddr, self.tuple.dstaddr].into_iter().any(is_of_link)
    }

    /// Whether it is an ICMP error about a packet that cannot be read.
    pub(super) fn is_bare_error(&self) -> bool {
        let [kind, _code] = self.tuple.dstport.to_be_bytes();
        is_error(self.protocol, kind)
    }

    /// Its conversation, if the packet travels against the initiator's direction.
    pub(super) fn backward(&self) -> Tuple {
        turned(self.protocol, self.tuple)
    }
}

/// The tuple in the other direction.
///
/// ICMP's identifier stays in the place of the source port; the type becomes that of the answer, or of the question.
pub(super) fn turned(protocol: u8, tuple: Tuple) -> Tuple {
    let Tuple { srcaddr, dstaddr, srcport, dstport } = tuple;
    let (srcport, dstport) = match protocol {
        protocol::ICMP | protocol::ICMPV6 => {
            let [kind, code] = dstport.to_be_bytes();
            (srcport, u16::from_be_bytes([counterpart(protocol, kind).unwrap_or(kind), code]))
        }
        _ => (dstport, srcport),
    };
    Tuple { srcaddr: dstaddr, dstaddr: srcaddr, srcport, dstport }
}

/// The ICMP type that answers `kind`, or that `kind` answers; `None` when there is no such thing.
fn counterpart(protocol: u8, kind: u8) -> Option<u8> {
    match (protocol, kind) {
        (protocol::ICMP, 0) => Some(8),
        (protocol::ICMP, 8) => Some(0),
        // Time stamp, information, address mask: question and answer follow each other.
        (protocol::ICMP, 13 | 15 | 17) => Some(kind + 1),
        (protocol::ICMP, 14 | 16 | 18) => Some(kind - 1),
        (protocol::ICMPV6, 128) => Some(129),
        (protocol::ICMPV6, 129) => Some(128),
        _ => None,
    }
}

/// Whether ICMP messages of that type quote a packet that they are about.
fn is_error(protocol: u8, kind: u8) -> bool {
    match protocol {
        protocol::ICMP => matches!(kind, 3 | 4 | 5 | 11 | 12),
        protocol::ICMPV6 => matches!(kind, 1..=4),
        _ => false,
    }
}

fn is_of_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_multicast()
                || address.is_broadcast()
                || address.is_link_local()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_multicast() || address.is_unicast_link_local() || address.is_unspecified()
        }
    }
}

/// Whether a packet inside another is read, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Outer,
    Quoted,
}

struct Transport {
    protocol: u8,
    tuple: Tuple,
    tcp_flags: u8,
    role: Role,
}

impl Transport {
    fn without_ports(network: &Network<'_>) -> Self {
        let tuple = Tuple { srcaddr: network.source, dstaddr: network.destination, srcport: 0, dstport: 0 };
        Self { protocol: network.protocol, tuple, tcp_flags: 0, role: Role::Either }
    }

    fn read(network: &Network<'_>, depth: Depth) -> Option<Self> {
        let bare = Self::without_ports(network);
        match network.protocol {
            protocol::ICMP | protocol::ICMPV6 => bare.icmp(network, depth),
            kind if has_ports(kind) => bare.ports(network),
            _ => Some(bare),
        }
    }

    fn ports(mut self, network: &Network<'_>) -> Option<Self> {
        self.tuple.srcport = network.word(0)?;
        self.tuple.dstport = network.word(2)?;
        if self.protocol == protocol::TCP {
            // The flags stand behind the ports; a capture may end between them.
            self.tcp_flags = network.transport.get(13).map_or(0, |flags| flags & 0x3f);
            self.role = match self.tcp_flags & (SYN | RST | ACK) {
                SYN => Role::Opens,
                flags if flags & RST != 0 => Role::Objects,
                flags if flags & SYN != 0 => Role::Answers,
                _ => Role::Either,
            };
        }
        Some(self)
    }

    fn icmp(mut self, network: &Network<'_>, depth: Depth) -> Option<Self> {
        if depth == Depth::Outer
            && let Some(error) = Self::error(network)
        {
            return Some(error);
        }
        self.tuple.dstport = network.word(0)?;
        let [kind, _code] = self.tuple.dstport.to_be_bytes();
        if counterpart(self.protocol, kind).is_some() {
            self.tuple.srcport = network.word(4)?;
            let asks = match self.protocol {
                protocol::ICMP => kind == 8 || kind % 2 == 1,
                _ => kind == 128,
            };
            self.role = if asks { Role::Opens } else { Role::Answers };
        }
        Some(self)
    }

    /// An ICMP error, as a packet on the way back of the one that it quotes; so the kernel counts it, too.
    fn error(network: &Network<'_>) -> Option<Self> {
        let kind = *network.transport.first()?;
        let quoted = network.transport.get(8..).filter(|_| is_error(network.protocol, kind))?;
        let about = Network::read(quoted, 0)?;
        if about.fragment.is_some_and(|fragment| !fragment.is_first) {
            return None;
        }
        let Self { protocol, tuple, .. } = Self::read(&about, Depth::Quoted)?;
        Some(Self { protocol, tuple: turned(protocol, tuple), tcp_flags: 0, role: Role::Objects })
    }
}

/// TCP, UDP, DCCP, SCTP, UDP-Lite.
fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132 | 136)
}
