//! The newer capture format: blocks, of which some hold frames.
//!
//! Hides: sections and their byte order, interfaces with units of time of their own, options.
//! Knows nothing of: the file's name, what is in a frame.
//!
//! Source: "PCAP Now Generic (pcapng) Capture File Format", draft-ietf-opsawg-pcapng. Blocks that hold no frame and
//! tell nothing about frames are left out. Simple packet blocks are refused: they have no time.

use std::io::Read;
use std::sync::Arc;

use super::bytes::{Input, Order, at};
use super::{FRAME_BYTES_MAX, Fault, Frame, Link, Moment};

/// How a file begins: the type of its first block, the same in both byte orders.
pub(super) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const PACKET: u32 = 6;

/// Type, length before and length behind a block.
const BLOCK_FRAME_BYTES: u32 = 12;

/// The longest block that is read, with room for the options of a frame. Unit: bytes.
const BLOCK_BYTES_MAX: u32 = FRAME_BYTES_MAX + 65_536;

/// The most interfaces of one section; each takes about 50 bytes.
const INTERFACES_MAX: usize = 65_536;

#[derive(Debug)]
pub(super) struct PcapNg<R> {
    input: Input<R>,
    order: Order,
    interfaces: Vec<Interface>,
    dropped_before: u64,
}

#[derive(Debug)]
struct Interface {
    link: Result<Link, u32>,
    name: Option<Arc<str>>,
    units_per_second: i128,
    offset_seconds: i64,
    dropped: u64,
}

impl<R: Read> PcapNg<R> {
    /// Reads the header of the first section, of which the type is read already.
    pub(super) fn begin(mut input: Input<R>) -> Result<Self, Fault> {
        let order = section(&mut input, 0)?;
        Ok(Self { input, order, interfaces: Vec::new(), dropped_before: 0 })
    }

    pub(super) fn next(&mut self) -> Result<Option<Frame>, Fault> {
        loop {
            let offset = self.input.offset();
            let Some(kind) = self.input.array_or_end()? else { return Ok(None) };
            if kind == MAGIC {
                self.dropped_before = self.dropped();
                self.order = section(&mut self.input, offset)?;
                self.interfaces.clear();
                continue;
            }
            let kind = self.order.u32(kind);
            let length = self.order.u32(self.input.array()?);
            let damaged = |reason| Fault::Damaged { offset, reason };
            if length < BLOCK_FRAME_BYTES || !length.is_multiple_of(4) {
                return Err(damaged("a block has an impossible length"));
            }
            let body = length - BLOCK_FRAME_BYTES;
            if !matches!(kind, INTERFACE | OLD_PACKET | STATISTICS | PACKET | SIMPLE_PACKET) {
                self.input.skip(body)?;
                let _: [u8; 4] = self.input.array()?;
                continue;
            }
            if body > BLOCK_BYTES_MAX {
                return Err(damaged("a block is longer than any that is captured"));
            }
            let block = self.input.run(body)?;
            let _: [u8; 4] = self.input.array()?;
            match kind {
                INTERFACE => self.interface(&block).ok_or(damaged("an interface is described wrongly"))?,
                // Statistics that cannot be read tell nothing.
                STATISTICS => self.statistics(&block).unwrap_or_default(),
                SIMPLE_PACKET => return Err(damaged("a simple packet block has no time")),
                _ => return self.packet(kind, block, offset).map(Some),
            }
        }
    }

    /// How many packets the interfaces say to have dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.interfaces.iter().fold(self.dropped_before, |sum, one| sum.saturating_add(one.dropped))
    }

    fn interface(&mut self, block: &[u8]) -> Option<()> {
        const NAME: u16 = 2;
        const RESOLUTION: u16 = 9;
        const OFFSET: u16 = 14;

        if self.interfaces.len() == INTERFACES_MAX {
            return None;
        }
        let link_type = u32::from(self.order.u16(at(block, 0)?));
        let mut interface = Interface {
            link: Link::of(link_type).ok_or(link_type),
            name: None,
            units_per_second: 1_000_000,
            offset_seconds: 0,
            dropped: 0,
        };
        for (code, value) in options(self.order, block.get(8..)?) {
            match code {
                NAME => interface.name = std::str::from_utf8(value).ok().map(Into::into),
                RESOLUTION => interface.units_per_second = units_per_second(*value.first()?)?,
                OFFSET => interface.offset_seconds = self.order.u64(at(value, 0)?).cast_signed(),
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Some(())
    }

    fn statistics(&mut self, block: &[u8]) -> Option<()> {
        const DROPPED_BY_INTERFACE: u16 = 5;
        const DROPPED_BY_SYSTEM: u16 = 7;

        let number = usize::try_from(self.order.u32(at(block, 0)?)).ok()?;
        let counts = options(self.order, block.get(12..)?)
            .filter(|(code, _)| matches!(*code, DROPPED_BY_INTERFACE | DROPPED_BY_SYSTEM))
            .filter_map(|(_, value)| at(value, 0).map(|count| self.order.u64(count)));
        // Both count from the beginning of the capture, and some tools give the same number in both.
        let dropped = counts.max()?;
        let interface = self.interfaces.get_mut(number)?;
        interface.dropped = interface.dropped.max(dropped);
        Some(())
    }

    fn packet(&self, kind: u32, mut block: Vec<u8>, offset: u64) -> Result<Frame, Fault> {
        let damaged = |reason| Fault::Damaged { offset, reason };
        let order = self.order;
        let word = |place| at(&block, place).map(|word| order.u32(word)).ok_or(damaged("a packet is cut"));
        // The old block counts its interface with 16 bits, beside a count of drops.
        let number = match kind {
            OLD_PACKET => at(&block, 0).map(|half| u32::from(order.u16(half))).unwrap_or(u32::MAX),
            _ => word(0)?,
        };
        let (high, low, captured, wire_bytes) = (word(4)?, word(8)?, word(12)?, word(16)?);
        let interface = usize::try_from(number)
            .ok()
            .and_then(|number| self.interfaces.get(number))
            .ok_or(damaged("a packet is of an interface that is not described"))?;
        let link = interface.link.map_err(Fault::LinkType)?;
        let end = usize::try_from(captured).ok().and_then(|captured| captured.checked_add(PACKET_HEADER));
        let end = end.filter(|end| *end <= block.len() && captured <= FRAME_BYTES_MAX);
        block.truncate(end.ok_or(damaged("a packet is longer than its block"))?);
        block.drain(..PACKET_HEADER);

        let units = i128::from(u64::from(high) << 32 | u64::from(low));
        let nanos = units * 1_000_000_000 / interface.units_per_second
            + i128::from(interface.offset_seconds) * 1_000_000_000;
        let name = interface.name.clone();
        Ok(Frame { at: Moment::from_nanos(nanos), link, interface: name, wire_bytes, bytes: block })
    }
}

/// What stands before the frame in a packet's block.
const PACKET_HEADER: usize = 20;

/// Reads the header of a section behind its type; returns its byte order.
fn section<R: Read>(input: &mut Input<R>, offset: u64) -> Result<Order, Fault> {
    const BYTE_ORDER: u32 = 0x1a2b_3c4d;

    let length: [u8; 4] = input.array()?;
    let mark = input.array()?;
    let damaged = |reason| Fault::Damaged { offset, reason };
    let order = [Order::Little, Order::Big]
        .into_iter()
        .find(|order| order.u32(mark) == BYTE_ORDER)
        .ok_or(damaged("a section has no byte order"))?;
    let length = order.u32(length);
    if length < 28 || !length.is_multiple_of(4) {
        return Err(damaged("a section's header has an impossible length"));
    }
    // Version, length of the section and options are not needed: blocks are read until the file ends.
    input.skip(length - 12)?;
    Ok(order)
}

/// Codes and values up to the end of options, or to what is none.
fn options(order: Order, mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let code = order.u16(at(rest, 0)?);
        let length = usize::from(order.u16(at(rest, 2)?));
        let value = rest.get(4..)?.get(..length)?;
        rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        (code != 0).then_some((code, value))
    })
}

/// The highest bit says whether the rest is a power of two or of ten.
fn units_per_second(resolution: u8) -> Option<i128> {
    let power = u32::from(resolution & 0x7f);
    let base: i128 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(power)
}
