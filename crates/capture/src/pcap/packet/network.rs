//! Reads an IP header, and finds what it carries.
//!
//! Hides: IPv4 options, IPv6 extension headers, where a fragment says that it is one.
//! Knows nothing of: TCP, UDP, ICMP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Datagram, Fragment};

const IPV6_HEADER_BYTES: usize = 40;

/// The longest packet whose header can say so. Unit: bytes.
const IPV6_PACKET_BYTES_MAX: u64 = IPV6_HEADER_BYTES as u64 + 65_535;

/// The most extension headers of one packet; the kernel program reads as many.
const EXTENSION_HEADERS_MAX: usize = 8;

/// The IP header, and what follows it.
pub(super) struct Network<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    /// Length of the packet on the wire.
    pub(super) bytes: u64,
    /// What follows the headers, as far as it was captured; padding of the frame left out.
    pub(super) transport: &'a [u8],
    pub(super) fragment: Option<Fragment>,
    /// The identification of IPv4, or of an IPv6 fragment; zero without one.
    pub(super) identification: u32,
    /// Where a fragment begins in its datagram, in units of eight bytes.
    pub(super) fragment_offset: u16,
}

impl<'a> Network<'a> {
    /// Reads the headers; `wire_bytes` is the length of a packet that does not say its own.
    pub(super) fn read(bytes: &'a [u8], wire_bytes: u64) -> Option<Self> {
        match bytes.first()? >> 4 {
            4 => Self::v4(bytes, wire_bytes),
            6 => Self::v6(bytes, wire_bytes),
            _ => None,
        }
    }

    /// The number of two bytes at a place behind the headers.
    pub(super) fn word(&self, place: usize) -> Option<u16> {
        word(self.transport, place)
    }

    fn v4(bytes: &'a [u8], wire_bytes: u64) -> Option<Self> {
        let header = usize::from(bytes.first()? & 0x0f) * 4;
        // A packet on its way to a network card that cuts it may leave its length to the card: zero.
        let length = match word(bytes, 2)? {
            0 => wire_bytes,
            length => u64::from(length),
        };
        let address = |place: usize| -> Option<IpAddr> {
            let octets: [u8; 4] = bytes.get(place..place + 4)?.try_into().ok()?;
            Some(IpAddr::V4(Ipv4Addr::from(octets)))
        };
        let (source, destination) = (address(12)?, address(16)?);
        if header < 20 || length < header as u64 {
            return None;
        }
        let (identification, part, protocol) = (u32::from(word(bytes, 4)?), word(bytes, 6)?, *bytes.get(9)?);
        let (more, offset) = (part & 0x2000 != 0, part & 0x1fff);
        let of = Datagram { source, destination, protocol, identification };
        Some(Self {
            source,
            destination,
            protocol,
            bytes: length,
            transport: bytes.get(header..end(bytes, length)).unwrap_or_default(),
            fragment: (more || offset != 0).then_some(Fragment { of, is_first: offset == 0 }),
            identification,
            fragment_offset: offset,
        })
    }

    fn v6(bytes: &'a [u8], wire_bytes: u64) -> Option<Self> {
        let length = match word(bytes, 4)? {
            // Longer than the header can say: a jumbogram (RFC 2675), or a packet that a network card is going to cut.
            0 if wire_bytes > IPV6_PACKET_BYTES_MAX => wire_bytes,
            length => IPV6_HEADER_BYTES as u64 + u64::from(length),
        };
        let address = |place: usize| -> Option<IpAddr> {
            let octets: [u8; 16] = bytes.get(place..place + 16)?.try_into().ok()?;
            Some(IpAddr::V6(Ipv6Addr::from(octets)))
        };
        let captured = bytes.get(..end(bytes, length)).unwrap_or_default();
        let mut network = Self {
            source: address(8)?,
            destination: address(24)?,
            protocol: *bytes.get(6)?,
            bytes: length,
            transport: captured.get(IPV6_HEADER_BYTES..).unwrap_or_default(),
            fragment: None,
            identification: 0,
            fragment_offset: 0,
        };
        for _ in 0..EXTENSION_HEADERS_MAX {
            let is_later_part = network.fragment_offset != 0;
            if is_later_part || !is_extension(network.protocol) {
                break;
            }
            network.step_over_extension()?;
        }
        Some(network)
    }

    fn step_over_extension(&mut self) -> Option<()> {
        const FRAGMENT: u8 = 44;
        const AUTHENTICATION: u8 = 51;

        let next = *self.transport.first()?;
        let length = usize::from(*self.transport.get(1)?);
        let length = match self.protocol {
            FRAGMENT => {
                self.part()?;
                8
            }
            AUTHENTICATION => (length + 2) * 4,
            _ => (length + 1) * 8,
        };
        self.protocol = next;
        self.transport = self.transport.get(length..).unwrap_or_default();
        Some(())
    }

    /// Reads the fragment header that comes next.
    fn part(&mut self) -> Option<()> {
        let part = self.word(2)?;
        let identification: [u8; 4] = self.transport.get(4..8)?.try_into().ok()?;
        let (more, offset) = (part & 1 != 0, part >> 3);
        self.identification = u32::from_be_bytes(identification);
        self.fragment_offset = offset;
        let (source, destination, identification) = (self.source, self.destination, self.identification);
        let of = Datagram { source, destination, protocol: 0, identification };
        // Alone it is whole (RFC 6946).
        self.fragment = (more || offset != 0).then_some(Fragment { of, is_first: offset == 0 });
        Some(())
    }
}

/// Hop-by-hop, routing, fragment, authentication and destination options.
fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | 44 | 51 | 60)
}

fn end(bytes: &[u8], length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len())
}

fn word(bytes: &[u8], place: usize) -> Option<u16> {
    let pair: [u8; 2] = bytes.get(place..place.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_be_bytes(pair))
}
