//! Sends ICMP and ICMPv6 echo requests and waits for the replies (RFC 792, RFC 4443).
//!
//! Hides: raw sockets, the checksum, how replies of others are told apart.
//! Knows nothing of: namespaces.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::traffic::unique;

const PATIENCE: Duration = Duration::from_secs(20);

/// The most packets of others that are passed over before a reply is missed.
const STRAYS_MAX: usize = 1000;

/// Identifiers of this process follow each other, so that every ping is a conversation of its own.
static NEXT_IDENTIFIER: AtomicU16 = AtomicU16::new(0x4e00);

pub(super) fn ping(whom: IpAddr, requests: u16) -> io::Result<()> {
    let (domain, protocol) = match whom {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let mut socket = Socket::new(domain, Type::RAW, Some(protocol))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(&SocketAddr::new(whom, 0).into())?;
    let identifier = NEXT_IDENTIFIER.fetch_add(1, Ordering::Relaxed);
    for sequence in 1..=requests {
        socket.write_all(&request(whom, identifier, sequence))?;
        wait_for_reply(&mut socket, whom, (identifier, sequence))?;
    }
    Ok(())
}

fn request(whom: IpAddr, identifier: u16, sequence: u16) -> Vec<u8> {
    let kind = if whom.is_ipv4() { 8 } else { 128 };
    let mut packet = vec![kind, 0, 0, 0];
    packet.extend(identifier.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend(format!("is anybody there? {}", unique()).bytes());
    // Linux computes the checksum of ICMPv6 itself.
    if whom.is_ipv4() {
        let sum = checksum(&packet).to_be_bytes();
        packet.splice(2..4, sum);
    }
    packet
}

fn wait_for_reply(socket: &mut Socket, whom: IpAddr, wanted: (u16, u16)) -> io::Result<()> {
    let mut packet = [0; 1500];
    for _ in 0..STRAYS_MAX {
        let length = socket.read(&mut packet)?;
        let received = packet.get(..length).unwrap_or_default();
        // A raw socket shows the IP header of IPv4, and of IPv6 not.
        let header = if whom.is_ipv4() { usize::from(received.first().unwrap_or(&0) & 15) * 4 } else { 0 };
        let reply = if whom.is_ipv4() { 0 } else { 129 };
        if let Some([kind, _, _, _, i, j, s, t]) =
            received.get(header..).and_then(|rest| rest.first_chunk::<8>())
            && *kind == reply
            && (u16::from_be_bytes([*i, *j]), u16::from_be_bytes([*s, *t])) == wanted
        {
            return Ok(());
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// The one's complement sum of RFC 1071.
pub(super) fn checksum(packet: &[u8]) -> u16 {
    let sum: u32 = packet
        .chunks(2)
        .map(|pair| {
            u32::from(u16::from_be_bytes([
                pair.first().copied().unwrap_or(0),
                pair.get(1).copied().unwrap_or(0),
            ]))
        })
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded & 0xffff).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_with_its_checksum_sums_to_zero() {
        let packet = request("192.0.2.1".parse().unwrap(), 0x4e01, 1);
        assert_eq!(checksum(&packet), 0);
    }
}
