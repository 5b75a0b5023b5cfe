//! The classic capture format: one header, then 16 bytes before each frame.
//!
//! Hides: both byte orders, microseconds and nanoseconds.
//! Knows nothing of: the file's name, what is in a frame.
//!
//! Source: the `pcap-savefile` manual page.

use std::io::Read;

use super::bytes::{Input, Order};
use super::{FRAME_BYTES_MAX, Fault, Frame, Link, Moment};

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

/// The bits of the header's last number that hold the link type; the rest speak of check sequences.
const LINK_TYPE: u32 = 0x0fff_ffff;

#[derive(Debug)]
pub(super) struct Classic<R> {
    input: Input<R>,
    order: Order,
    link: Link,
    nanos_per_unit: i128,
}

impl<R: Read> Classic<R> {
    /// Reads the header, of which `magic` is read already.
    pub(super) fn begin(magic: [u8; 4], mut input: Input<R>) -> Result<Self, Fault> {
        let known = [Order::Little, Order::Big].into_iter().find_map(|order| match order.u32(magic) {
            MICROSECONDS => Some((order, 1000)),
            NANOSECONDS => Some((order, 1)),
            _ => None,
        });
        let (order, nanos_per_unit) = known.ok_or(Fault::NoCapture)?;
        // Version, time zone (always zero), accuracy and snapshot length say nothing that each frame does not say.
        let _: [u8; 16] = input.array()?;
        let link_type = order.u32(input.array()?) & LINK_TYPE;
        let link = Link::of(link_type).ok_or(Fault::LinkType(link_type))?;
        Ok(Self { input, order, link, nanos_per_unit })
    }

    pub(super) fn next(&mut self) -> Result<Option<Frame>, Fault> {
        let offset = self.input.offset();
        let Some(seconds) = self.input.array_or_end()? else { return Ok(None) };
        let [fraction, captured, wire_bytes] =
            [self.input.array()?, self.input.array()?, self.input.array()?].map(|word| self.order.u32(word));
        if captured > FRAME_BYTES_MAX {
            return Err(Fault::Damaged { offset, reason: "a frame is longer than any that is captured" });
        }
        let nanos =
            i128::from(self.order.u32(seconds)) * 1_000_000_000 + i128::from(fraction) * self.nanos_per_unit;
        let bytes = self.input.run(captured)?;
        let at = Moment::from_nanos(nanos);
        Ok(Some(Frame { at, link: self.link, interface: None, wire_bytes, bytes }))
    }
}
