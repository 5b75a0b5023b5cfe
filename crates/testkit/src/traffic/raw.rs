//! Packets of protocols that ordinary sockets do not speak: SCTP, GRE, ESP, ICMP without echo, IPv6 options.
//!
//! Hides: raw sockets, headers, checksums.
//! Knows nothing of: translation. Ports of a packet are those of its ends.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::outcome::LabError;
use crate::traffic::between::End;
use crate::traffic::echo::checksum;

const PATIENCE: Duration = Duration::from_secs(20);
const DESTINATION_OPTIONS: i32 = 60;
const UDP: u8 = 17;

/// Sends `question` as a packet of an IP protocol to the answerer's own address, and gets `answer` back.
///
/// Without an answer the answerer's kernel is expected to answer by itself.
pub fn exchange_raw(
    opener: End<'_>,
    answerer: End<'_>,
    protocol: u8,
    question: &[u8],
    answer: Option<&[u8]>,
) -> Result<(), LabError> {
    let act = || -> Result<io::Result<()>, LabError> {
        let asking = opener.host.within(|| open(opener.at.ip(), protocol.into()))?;
        let answering = answerer.host.within(|| open(answerer.at.ip(), protocol.into()))?;
        Ok(asking.and_then(|asking| {
            // Neighbours speak to raw sockets, too.
            asking.connect(&portless(answerer.at.ip()))?;
            asking.send(question)?;
            let answering = answering?;
            let from = receive(&answering)?;
            if let Some(answer) = answer {
                answering.send_to(answer, &from.into())?;
            }
            receive(&asking).map(drop)
        }))
    };
    act()?.map_err(LabError::on(format!("exchange packets of protocol {protocol} with {}", answerer.at)))
}

/// Sends a UDP datagram behind an IPv6 header of destination options (RFC 8200 4.6).
pub fn send_behind_options(opener: End<'_>, to: SocketAddr, payload: &[u8]) -> Result<(), LabError> {
    let mut packet = vec![UDP, 0, 1, 4, 0, 0, 0, 0];
    packet.extend(datagram(opener.at, to, payload));
    let act = || open(opener.at.ip(), DESTINATION_OPTIONS)?.send_to(&packet, &portless(to.ip())).map(drop);
    opener.host.within(act)?.map_err(LabError::on(format!("send a datagram with options to {to}")))
}

/// The packet that opens an SCTP association (RFC 9260 3.3.2).
pub fn sctp_init(from_port: u16, to_port: u16) -> Vec<u8> {
    sctp(from_port, to_port, 0, 1)
}

/// The answer to [`sctp_init`].
pub fn sctp_init_ack(from_port: u16, to_port: u16) -> Vec<u8> {
    sctp(from_port, to_port, SCTP_TAG, 2)
}

/// A GRE packet (RFC 2784) around a payload that is no packet.
pub fn gre(payload: &[u8]) -> Vec<u8> {
    [&[0, 0, 0x08, 0x00], payload].concat()
}

/// An ICMP or ICMPv6 request of a kind that kernels answer, as long as the longest of them: echo, timestamp (RFC 792).
pub fn icmp_request(kind: u8, identifier: u16) -> Vec<u8> {
    let mut packet = vec![kind, 0, 0, 0];
    packet.extend(identifier.to_be_bytes());
    packet.extend([0; 14]);
    // Linux computes the checksum of ICMPv6 itself.
    let sum = checksum(&packet).to_be_bytes();
    packet.splice(2..4, sum);
    packet
}

/// The tag that the opener of an association asks to be called by.
const SCTP_TAG: u32 = 0x6e61_746c;

fn sctp(from_port: u16, to_port: u16, tag: u32, kind: u8) -> Vec<u8> {
    let mut packet = Vec::new();
    packet.extend(from_port.to_be_bytes());
    packet.extend(to_port.to_be_bytes());
    packet.extend(tag.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend([kind, 0, 0, 20]);
    packet.extend(SCTP_TAG.to_be_bytes());
    packet.extend([0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]);
    let sum = crc32c(&packet).to_le_bytes();
    packet.splice(8..12, sum);
    packet
}

/// The checksum of SCTP (RFC 9260, appendix A).
fn crc32c(bytes: &[u8]) -> u32 {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let polynomial = if register & 1 == 1 { 0x82f6_3b78 } else { 0 };
            register = (register >> 1) ^ polynomial;
        }
    }
    !register
}

fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut datagram = Vec::new();
    datagram.extend(from.port().to_be_bytes());
    datagram.extend(to.port().to_be_bytes());
    datagram.extend(length);
    datagram.extend([0, 0]);
    datagram.extend(payload);
    let mut summed = Vec::new();
    for address in [from.ip(), to.ip()] {
        match address {
            IpAddr::V4(v4) => summed.extend(v4.octets()),
            IpAddr::V6(v6) => summed.extend(v6.octets()),
        }
    }
    summed.extend(length);
    summed.extend([0, UDP]);
    summed.extend(&datagram);
    let sum = checksum(&summed).to_be_bytes();
    datagram.splice(6..8, sum);
    datagram
}

fn open(at: IpAddr, protocol: i32) -> io::Result<Socket> {
    let domain = if at.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(protocol)))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.bind(&portless(at))?;
    Ok(socket)
}

fn portless(address: IpAddr) -> socket2::SockAddr {
    SocketAddr::new(address, 0).into()
}

/// Waits for a packet; returns who sent it.
fn receive(socket: &Socket) -> io::Result<SocketAddr> {
    let mut packet = [MaybeUninit::uninit(); 2048];
    let (_, from) = socket.recv_from(&mut packet)?;
    let from = from.as_socket().ok_or_else(|| io::Error::other("the sender has no IP address"))?;
    Ok(SocketAddr::new(from.ip(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
        let (from, to) = ("[fd10::2]:1".parse().unwrap(), "[2001:db8::2]:2".parse().unwrap());
        let datagram = datagram(from, to, b"abcd");
        let pseudo_header = ["fd10::2", "2001:db8::2"]
            .iter()
            .flat_map(|text| text.parse::<std::net::Ipv6Addr>().unwrap().octets())
            .chain([0, 12, 0, 17]);
        let whole: Vec<u8> = pseudo_header.chain(datagram).collect();
        assert_eq!(checksum(&whole), 0);
        assert_eq!(checksum(&icmp_request(13, 7)), 0);
    }
}
