//! Writes packets and capture files byte by byte.

use std::net::{IpAddr, SocketAddr};

pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

/// Two ends, as in `10.0.0.2:4000 > 198.51.100.9:53`.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
}

pub(crate) fn ends(text: &str) -> Ends {
    let (from, to) = text.split_once(" > ").expect("ends are written `a:1 > b:2`");
    Ends { from: from.parse().unwrap(), to: to.parse().unwrap() }
}

fn address(bytes: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => bytes.extend(address.octets()),
        IpAddr::V6(address) => bytes.extend(address.octets()),
    }
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap().to_be_bytes()
}

/// An IP packet; `part` is IPv4's word of flags and fragment offset.
pub(crate) fn ip(ends: Ends, protocol: u8, id: u16, part: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if ends.from.is_ipv4() {
        bytes.extend([0x45, 0]);
        bytes.extend(short(20 + payload.len()));
        bytes.extend(id.to_be_bytes());
        bytes.extend(part.to_be_bytes());
        bytes.extend([64, protocol, 0, 0]);
    } else {
        bytes.extend([0x60, 0, 0, 0]);
        bytes.extend(short(payload.len()));
        bytes.extend([protocol, 64]);
    }
    address(&mut bytes, ends.from.ip());
    address(&mut bytes, ends.to.ip());
    bytes.extend(payload);
    bytes
}

pub(crate) fn udp_header_and(ends: Ends, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(ends.from.port().to_be_bytes());
    bytes.extend(ends.to.port().to_be_bytes());
    bytes.extend(short(8 + payload.len()));
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

pub(crate) fn udp(text: &str, payload: &str) -> Vec<u8> {
    let ends = ends(text);
    ip(ends, 17, 0, 0x4000, &udp_header_and(ends, payload.as_bytes()))
}

pub(crate) fn tcp(text: &str, flags: u8, seq: u32, payload: &str) -> Vec<u8> {
    let ends = ends(text);
    let mut bytes = Vec::new();
    bytes.extend(ends.from.port().to_be_bytes());
    bytes.extend(ends.to.port().to_be_bytes());
    bytes.extend(seq.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload.as_bytes());
    ip(ends, 6, 0, 0x4000, &bytes)
}

/// A packet of a protocol without ports; those of the ends are not used.
pub(crate) fn plain(text: &str, protocol: u8, payload: &[u8]) -> Vec<u8> {
    ip(ends(text), protocol, 0, 0x4000, payload)
}

/// ICMP or ICMPv6: type, code, identifier, sequence number.
pub(crate) fn icmp(text: &str, kind: u8, code: u8, id: u16, sequence: u16) -> Vec<u8> {
    let protocol = if ends(text).from.is_ipv4() { 1 } else { 58 };
    let ([id1, id2], [seq1, seq2]) = (id.to_be_bytes(), sequence.to_be_bytes());
    plain(text, protocol, &[kind, code, 0, 0, id1, id2, seq1, seq2])
}

/// An ICMP or ICMPv6 error about a packet.
pub(crate) fn icmp_error(text: &str, kind: u8, code: u8, about: &[u8]) -> Vec<u8> {
    let protocol = if ends(text).from.is_ipv4() { 1 } else { 58 };
    let mut payload = vec![kind, code, 0, 0, 0, 0, 0, 0];
    payload.extend(about);
    plain(text, protocol, &payload)
}

/// An IPv6 extension header: `kind` is what it is, for the header before; it is followed by `next`.
pub(crate) fn extension(next: u8, words: u8) -> Vec<u8> {
    let mut bytes = vec![next, words];
    bytes.resize(8 * (usize::from(words) + 1), 0);
    bytes
}

/// An IPv6 fragment header.
pub(crate) fn part_header(next: u8, offset: u16, more: bool, id: u32) -> Vec<u8> {
    let mut bytes = vec![next, 0];
    bytes.extend((offset << 3 | u16::from(more)).to_be_bytes());
    bytes.extend(id.to_be_bytes());
    bytes
}

fn ethertype(packet: &[u8]) -> [u8; 2] {
    if packet.first().is_some_and(|first| first >> 4 == 6) { [0x86, 0xdd] } else { [0x08, 0x00] }
}

pub(crate) fn ethernet(tags: &[[u8; 2]], packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    for tag in tags {
        frame.extend(tag);
        frame.extend([0, 7]);
    }
    frame.extend(ethertype(packet));
    frame.extend(packet);
    // Short frames are padded.
    frame.resize(frame.len().max(60), 0xaa);
    frame
}

pub(crate) fn cooked(packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0];
    frame.extend(ethertype(packet));
    frame.extend(packet);
    frame
}

pub(crate) fn cooked2(tags: &[[u8; 2]], packet: &[u8]) -> Vec<u8> {
    let mut kinds: Vec<[u8; 2]> = tags.to_vec();
    kinds.push(ethertype(packet));
    let mut frame = kinds[0].to_vec();
    frame.resize(20, 0);
    for kind in &kinds[1..] {
        frame.extend([0, 7]);
        frame.extend(kind);
    }
    frame.extend(packet);
    frame
}

/// A frame at a moment, of which perhaps only the beginning was captured.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub(crate) nanos: u64,
    pub(crate) frame: Vec<u8>,
    pub(crate) snaplen: usize,
}

/// A frame at a moment in milliseconds.
pub(crate) fn at(millis: u64, frame: Vec<u8>) -> Captured {
    Captured { nanos: millis * 1_000_000, frame, snaplen: usize::MAX }
}

impl Captured {
    fn kept(&self) -> &[u8] {
        &self.frame[..self.snaplen.min(self.frame.len())]
    }
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    fn short(self, number: u16) -> [u8; 2] {
        if self == Self::Little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    fn long(self, number: u32) -> [u8; 4] {
        if self == Self::Little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    fn size(self, length: usize) -> [u8; 4] {
        self.long(u32::try_from(length).unwrap())
    }
}

/// A classic capture file; `nanos` says whether it counts nanoseconds.
pub(crate) fn classic(order: Order, nanos: bool, link_type: u32, captured: &[Captured]) -> Vec<u8> {
    let mut file = order.long(if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    file.extend(order.short(2));
    file.extend(order.short(4));
    file.extend([0; 8]);
    file.extend(order.long(262_144));
    file.extend(order.long(link_type));
    for one in captured {
        let fraction = one.nanos % 1_000_000_000;
        let fraction = if nanos { fraction } else { fraction / 1000 };
        file.extend(order.long(u32::try_from(one.nanos / 1_000_000_000).unwrap()));
        file.extend(order.long(u32::try_from(fraction).unwrap()));
        file.extend(order.size(one.kept().len()));
        file.extend(order.size(one.frame.len()));
        file.extend(one.kept());
    }
    file
}

fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = order.size(body.len() + 12);
    [&order.long(kind), &length, body.as_slice(), &length].concat()
}

fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let length = order.short(u16::try_from(value.len()).unwrap());
    let mut bytes = [&order.short(code), &length, value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A pcapng file; `resolution` as in its option, `dropped` as its statistics tell.
pub(crate) fn pcapng(
    order: Order,
    resolution: u8,
    link_type: u16,
    captured: &[Captured],
    dropped: u64,
) -> Vec<u8> {
    let section = [&order.long(0x1a2b_3c4d)[..], &order.short(1), &order.short(0), &[0xff; 8]].concat();
    let mut file = block(order, 0x0a0d_0d0a, &section);
    let interface = [
        &order.short(link_type)[..],
        &[0; 6],
        &option(order, 2, b"eth7"),
        &option(order, 9, &[resolution]),
        &[0; 4],
    ];
    file.extend(block(order, 1, &interface.concat()));
    file.extend(block(order, 0x0bad, b"a block that nobody knows"));
    let units: u128 =
        if resolution & 0x80 == 0 { 10_u128.pow(u32::from(resolution)) } else { 1 << (resolution & 0x7f) };
    for one in captured {
        let ticks = u64::try_from(u128::from(one.nanos) * units / 1_000_000_000).unwrap();
        let (high, low) = ((ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32);
        let head = [0, high, low].map(|word| order.long(word)).concat();
        let sizes = [order.size(one.kept().len()), order.size(one.frame.len())].concat();
        file.extend(block(order, 6, &[&head, &sizes, one.kept()].concat()));
    }
    if dropped > 0 {
        let count = if order == Order::Little { dropped.to_le_bytes() } else { dropped.to_be_bytes() };
        file.extend(block(order, 5, &[&[0; 12][..], &option(order, 5, &count)].concat()));
    }
    file
}
