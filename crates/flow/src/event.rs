//! What a source says about a flow, and how a flow is named.
//!
//! Hides: which tuple is whose view of a conversation.
//! Knows nothing of: where events come from, windows, records.

use std::net::IpAddr;
use std::sync::Arc;

use crate::time::Timestamp;

/// Addresses and ports of one side of the translation, in the initiator's direction.
///
/// For ICMP and ICMPv6 `srcport` is the identifier (0 without one) and `dstport` holds the type
/// in the high and the code in the low eight bits. Other protocols without ports have 0 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// Who sent the first packet of the conversation.
    pub srcaddr: IpAddr,
    /// Whom it was addressed to.
    pub dstaddr: IpAddr,
    /// Source port, or ICMP identifier.
    pub srcport: u16,
    /// Destination port, or ICMP type and code.
    pub dstport: u16,
}

/// The name of a flow: protocol, original tuple, translated tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// IANA protocol number, for example 6 for TCP.
    pub protocol: u8,
    /// The tuple before translation, as the initiator sent it.
    pub original: Tuple,
    /// The tuple after translation, in the same direction. `None` when the packet was refused before
    /// translation or the kernel does not track it; equal to `original` when nothing was translated.
    pub translated: Option<Tuple>,
}

/// IANA protocol numbers that natlens treats specially.
pub mod protocol {
    /// ICMP for IPv4 (RFC 792).
    pub const ICMP: u8 = 1;
    /// TCP (RFC 9293).
    pub const TCP: u8 = 6;
    /// UDP (RFC 768).
    pub const UDP: u8 = 17;
    /// ICMP for IPv6 (RFC 4443).
    pub const ICMPV6: u8 = 58;
}

/// Packets and bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets as they were on the wire.
    pub packets: u64,
    /// Bytes of those packets, IP headers included, link headers not.
    pub bytes: u64,
}

impl Counters {
    /// The sum of both; saturates instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets.saturating_add(other.packets),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// Whether the gateway let a flow pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The packets left the gateway.
    Accept,
    /// The packets were refused.
    Reject(Rejection),
}

/// Why, and by which rule, packets were refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rejection {
    /// The class of the refusal.
    pub reason: RejectReason,
    /// The rule that refused: its comment, log prefix, or `table/chain handle N`; `None` when unknown.
    pub rule: Option<Arc<str>>,
}

/// The class of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// A packet-filter rule, in the style of a network ACL.
    Acl,
    /// A packet-filter rule, in the style of a security group.
    SecurityGroup,
    /// No port left for translation.
    NoPort,
    /// The connection-tracking table was full.
    TableFull,
    /// The packet was malformed or belonged to no connection.
    Invalid,
    /// No route to the destination.
    NoRoute,
    /// Anything else.
    Other,
}

impl RejectReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Acl,
        Self::SecurityGroup,
        Self::NoPort,
        Self::TableFull,
        Self::Invalid,
        Self::NoRoute,
        Self::Other,
    ];

    /// The word in records: `ACL`, `SECURITY_GROUP`, ….
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acl => "ACL",
            Self::SecurityGroup => "SECURITY_GROUP",
            Self::NoPort => "NO_PORT",
            Self::TableFull => "TABLE_FULL",
            Self::Invalid => "INVALID",
            Self::NoRoute => "NO_ROUTE",
            Self::Other => "OTHER",
        }
    }
}

/// What a source said about a flow: counters since the last event, a verdict.
///
/// All packets that an event counts lie in one window: sources cut at window edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which flow.
    pub key: FlowKey,
    /// The first packet that the event counts.
    pub first: Timestamp,
    /// The last packet that the event counts.
    pub last: Timestamp,
    /// Initiator to responder.
    pub forward: Counters,
    /// Responder to initiator.
    pub reply: Counters,
    /// Whether the packets passed.
    pub verdict: Verdict,
    /// All TCP flags seen in either direction, ORed (RFC 9293 3.1: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32).
    /// Zero for other protocols.
    pub tcp_flags: u8,
    /// The interface by which the initiator's packets entered; `None` when the gateway itself sent them.
    pub interface_in: Option<Arc<str>>,
    /// The interface by which they left; `None` when they did not.
    pub interface_out: Option<Arc<str>>,
}
