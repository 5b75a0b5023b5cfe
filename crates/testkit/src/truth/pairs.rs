//! Sums of all IP packets between two addresses on one interface.
//!
//! Hides: nothing but the lengths in IP headers: fragments, unknown protocols and extension headers count like any other.
//! Knows nothing of: ports, conversations, translation.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flow::Counters;

const ETHERNET_BYTES: usize = 14;
const IPV6_HEADER_BYTES: u64 = 40;

/// What was sent from each address to each other.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    sums: BTreeMap<(IpAddr, IpAddr), Counters>,
}

impl Pairs {
    /// What was sent from one address to another.
    pub fn sent(&self, from: IpAddr, to: IpAddr) -> Counters {
        self.sums.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Counts an Ethernet frame; one that holds no IP packet counts nothing.
    pub(super) fn add(&mut self, frame: &[u8]) {
        let Some((from, to, bytes)) = read(frame) else { return };
        let sum = self.sums.entry((from, to)).or_default();
        *sum = sum.plus(Counters { packets: 1, bytes });
    }
}

fn read(frame: &[u8]) -> Option<(IpAddr, IpAddr, u64)> {
    let kind = u16_at(frame, 12)?;
    let packet = frame.get(ETHERNET_BYTES..)?;
    match kind {
        0x0800 => {
            let address = |at: usize| {
                let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
                Some(IpAddr::V4(Ipv4Addr::from(octets)))
            };
            Some((address(12)?, address(16)?, u64::from(u16_at(packet, 2)?)))
        }
        0x86dd => {
            let address = |at: usize| {
                let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
                Some(IpAddr::V6(Ipv6Addr::from(octets)))
            };
            Some((address(8)?, address(24)?, IPV6_HEADER_BYTES + u64::from(u16_at(packet, 4)?)))
        }
        _ => None,
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_be_bytes(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_fragment_of_an_unknown_protocol_counts_as_any_packet() {
        let mut frame = vec![0; 12];
        frame
            .extend([0x08, 0x00, 0x45, 0, 5, 220, 0, 1, 0x20, 0xb9, 64, 99, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1]);
        let mut pairs = Pairs::default();
        pairs.add(&frame);
        pairs.add(&frame);
        pairs.add(&frame[..30]);
        let (here, there) = ("10.0.0.1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        assert_eq!(pairs.sent(here, there), Counters { packets: 2, bytes: 3000 });
        assert_eq!(pairs.sent(there, here), Counters::default());
    }
}
