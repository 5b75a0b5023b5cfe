//! Reads the headers of one captured packet.
//!
//! Hides: byte offsets of Ethernet, IP, TCP, UDP and ICMP.
//! Knows nothing of: flows, capture files, interfaces.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flow::{Counters, Timestamp, Tuple, protocol};

const ETHERNET_BYTES: usize = 14;
const IPV6_HEADER_BYTES: usize = 40;
const UDP_HEADER_BYTES: usize = 8;

/// The most that one TCP packet of the lab's cables carries: 1500 bytes less the headers, with time stamps.
const SEGMENT_BYTES_V4: u64 = 1500 - 20 - 32;
const SEGMENT_BYTES_V6: u64 = 1500 - 40 - 32;

/// One packet on one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it passed, in milliseconds.
    pub at: Timestamp,
    /// IANA protocol number.
    pub protocol: u8,
    /// The conversation, if this packet travels in the initiator's direction.
    pub forward: Tuple,
    /// The conversation, if this packet travels in the responder's direction.
    pub backward: Tuple,
    /// Length of the packet, IP header included. Unit: bytes.
    pub bytes: u64,
    /// What the packet carries behind the TCP, UDP or ICMP header. Unit: bytes.
    pub payload_bytes: u64,
    /// TCP flags; zero for other protocols.
    pub tcp_flags: u8,
    /// The same before and after source translation, and different for different packets.
    pub likeness: u64,
}

impl Packet {
    /// Reads an Ethernet frame of which at least the headers were captured.
    ///
    /// `None` for anything but whole IPv4 and IPv6 packets of TCP, UDP, ICMP and ICMPv6.
    pub fn parse(at: Timestamp, frame: &[u8]) -> Option<Self> {
        let datagram = frame.get(ETHERNET_BYTES..)?;
        let network = match u16_at(frame, 12)? {
            0x0800 => Network::v4(datagram)?,
            0x86dd => Network::v6(datagram)?,
            _ => return None,
        };
        let transport = Transport::parse(&network)?;
        let Transport { forward, backward, tcp_flags, header_bytes } = transport;
        let payload_bytes = network.transport_bytes.checked_sub(header_bytes)?;
        let likeness = network.likeness();
        let (protocol, bytes) = (network.protocol, network.bytes);
        Some(Self { at, protocol, forward, backward, bytes, payload_bytes, tcp_flags, likeness })
    }

    /// What the packet is on a wire: a TCP super-packet is cut into full packets that each repeat its headers.
    pub fn on_wire(&self) -> Counters {
        let segment = if self.forward.srcaddr.is_ipv4() { SEGMENT_BYTES_V4 } else { SEGMENT_BYTES_V6 };
        let whole = self.protocol != protocol::TCP || self.payload_bytes <= segment;
        let packets = if whole { 1 } else { self.payload_bytes.div_ceil(segment) };
        Counters { packets, bytes: self.bytes + (packets - 1) * (self.bytes - self.payload_bytes) }
    }
}

/// The IP header, and what follows it.
struct Network<'a> {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    bytes: u64,
    /// Length of the transport header and the payload on the wire.
    transport_bytes: u64,
    /// As much of them as was captured.
    transport: &'a [u8],
    /// IPv4 only; it survives translation.
    identification: u16,
}

impl<'a> Network<'a> {
    fn v4(datagram: &'a [u8]) -> Option<Self> {
        let header = usize::from(datagram.first()? & 0x0f) * 4;
        let total = u16_at(datagram, 2)?;
        let fragment = u16_at(datagram, 6)? & 0x3fff;
        if fragment != 0 {
            return None;
        }
        let address = |at: usize| -> Option<IpAddr> {
            let octets: [u8; 4] = datagram.get(at..at + 4)?.try_into().ok()?;
            Some(IpAddr::V4(Ipv4Addr::from(octets)))
        };
        Some(Self {
            source: address(12)?,
            destination: address(16)?,
            protocol: *datagram.get(9)?,
            bytes: u64::from(total),
            transport_bytes: u64::from(total).checked_sub(header as u64)?,
            transport: datagram.get(header..datagram.len().min(usize::from(total)))?,
            identification: u16_at(datagram, 4)?,
        })
    }

    fn v6(datagram: &'a [u8]) -> Option<Self> {
        let payload = u16_at(datagram, 4)?;
        let address = |at: usize| -> Option<IpAddr> {
            let octets: [u8; 16] = datagram.get(at..at + 16)?.try_into().ok()?;
            Some(IpAddr::V6(Ipv6Addr::from(octets)))
        };
        let end = datagram.len().min(IPV6_HEADER_BYTES + usize::from(payload));
        Some(Self {
            source: address(8)?,
            destination: address(24)?,
            protocol: *datagram.get(6)?,
            bytes: IPV6_HEADER_BYTES as u64 + u64::from(payload),
            transport_bytes: u64::from(payload),
            transport: datagram.get(IPV6_HEADER_BYTES..end)?,
            identification: 0,
        })
    }

    /// Covers all that source translation leaves alone: not the source address, port or ICMP identifier, nor checksums.
    fn likeness(&self) -> u64 {
        let left_alone: &[std::ops::Range<usize>] = match self.protocol {
            protocol::TCP => &[2..16, 18..usize::MAX],
            protocol::UDP => &[2..6, 8..usize::MAX],
            _ => &[0..2, 6..usize::MAX],
        };
        let mut hasher = DefaultHasher::new();
        (self.destination, self.protocol, self.bytes, self.identification).hash(&mut hasher);
        for range in left_alone {
            let end = range.end.min(self.transport.len());
            self.transport.get(range.start..end).hash(&mut hasher);
        }
        hasher.finish()
    }
}

struct Transport {
    forward: Tuple,
    backward: Tuple,
    tcp_flags: u8,
    header_bytes: u64,
}

impl Transport {
    fn parse(network: &Network<'_>) -> Option<Self> {
        let (srcaddr, dstaddr, bytes) = (network.source, network.destination, network.transport);
        let ports = |srcport, dstport| {
            let forward = Tuple { srcaddr, dstaddr, srcport, dstport };
            let backward = Tuple { srcaddr: dstaddr, dstaddr: srcaddr, srcport: dstport, dstport: srcport };
            (forward, backward)
        };
        match network.protocol {
            protocol::TCP => {
                let (forward, backward) = ports(u16_at(bytes, 0)?, u16_at(bytes, 2)?);
                let header_bytes = u64::from(bytes.get(12)? >> 4) * 4;
                Some(Self { forward, backward, tcp_flags: bytes.get(13)? & 0x3f, header_bytes })
            }
            protocol::UDP => {
                let (forward, backward) = ports(u16_at(bytes, 0)?, u16_at(bytes, 2)?);
                Some(Self { forward, backward, tcp_flags: 0, header_bytes: UDP_HEADER_BYTES as u64 })
            }
            protocol::ICMP => Self::echo(network, 8, 0),
            protocol::ICMPV6 => Self::echo(network, 128, 129),
            _ => None,
        }
    }

    /// Echo requests and replies, which share an identifier; other ICMP opens no conversation of its own.
    fn echo(network: &Network<'_>, request: u8, reply: u8) -> Option<Self> {
        let kind = *network.transport.first()?;
        if kind != request && kind != reply {
            return None;
        }
        let identifier = u16_at(network.transport, 4)?;
        let asks = |srcaddr, dstaddr, kind: u8| Tuple {
            srcaddr,
            dstaddr,
            srcport: identifier,
            dstport: u16::from(kind) << 8,
        };
        let answers_what = if kind == reply { request } else { reply };
        Some(Self {
            forward: asks(network.source, network.destination, kind),
            backward: asks(network.destination, network.source, answers_what),
            tcp_flags: 0,
            header_bytes: 8,
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_be_bytes(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(source: [u8; 4], srcport: u16, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(28 + payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![0; 12];
        frame.extend([0x08, 0x00, 0x45, 0, length[0], length[1], 0x12, 0x34, 0x40, 0, 64, 17, 0, 0]);
        frame.extend(source);
        frame.extend([203, 0, 113, 2]);
        frame.extend(srcport.to_be_bytes());
        frame.extend([0, 53, 0, 0, 0xab, 0xcd]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn both_sides_of_a_translation_look_alike_and_other_packets_do_not() {
        let at = Timestamp::default();
        let inside = Packet::parse(at, &udp([10, 10, 0, 2], 4000, b"query 1")).unwrap();
        let outside = Packet::parse(at, &udp([203, 0, 113, 1], 61_000, b"query 1")).unwrap();
        let other = Packet::parse(at, &udp([10, 10, 0, 2], 4000, b"query 2")).unwrap();
        assert_eq!(inside.likeness, outside.likeness);
        assert_ne!(inside.likeness, other.likeness);
        assert_eq!((inside.bytes, inside.payload_bytes), (35, 7));
        assert_eq!((inside.forward.srcport, inside.forward.dstport), (4000, 53));
        assert_eq!((inside.backward.srcport, inside.backward.dstport), (53, 4000));
    }

    #[test]
    fn a_super_packet_is_cut_as_the_wire_needs_it() {
        let mut packet = Packet::parse(Timestamp::default(), &udp([10, 10, 0, 2], 4000, b"query 1")).unwrap();
        assert_eq!(packet.on_wire(), Counters { packets: 1, bytes: 35 });
        (packet.protocol, packet.payload_bytes, packet.bytes) = (protocol::TCP, 3000, 3052);
        assert_eq!(packet.on_wire(), Counters { packets: 3, bytes: 3000 + 3 * 52 });
    }

    #[test]
    fn a_frame_cut_anywhere_is_no_panic() {
        let frame = udp([10, 10, 0, 2], 4000, b"query 1");
        let whole =
            (0..=frame.len()).find(|length| Packet::parse(Timestamp::default(), &frame[..*length]).is_some());
        assert_eq!(whole, Some(38), "link header, IP header and ports are enough");
    }
}
