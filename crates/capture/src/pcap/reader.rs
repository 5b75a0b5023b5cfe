//! Reads the packets of one capture file.
//!
//! Hides: frames, link headers, fragments.
//! Knows nothing of: flows, the other side of a gateway.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::file::{CaptureFile, CaptureFileError, Frame, Moment};
use super::fragments::{self, Fragments, Placed};
use super::link::{Carried, carried};
use super::packet::{Packet, Unreadable};

/// The longest packet that networks without jumbo frames carry. Unit: bytes.
const ETHERNET_PACKET_BYTES: u64 = 1500;

/// A packet, or what is left of one, in a capture file.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) at: Moment,
    /// Where it was captured; only some files tell.
    pub(super) interface: Option<Arc<str>>,
    pub(super) packet: Result<Packet, Unreadable>,
}

/// What was read so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) frames: u64,
    pub(super) other_frames: u64,
    pub(super) long_packets: u64,
}

/// The packets of one capture file.
#[derive(Debug)]
pub(super) struct Reader<R> {
    file: CaptureFile<R>,
    fragments: Fragments,
    /// Read, but not asked for yet.
    ready: VecDeque<Seen>,
    tally: Tally,
    /// When the first and the last frame was captured, so far.
    range: Option<(Moment, Moment)>,
    ended: bool,
}

impl Reader<BufReader<File>> {
    pub(super) fn open(path: &Path) -> Result<Self, CaptureFileError> {
        CaptureFile::open(path).map(Self::new)
    }
}

impl<R: Read> Reader<R> {
    pub(super) fn new(file: CaptureFile<R>) -> Self {
        let (fragments, ready, tally) = (Fragments::default(), VecDeque::new(), Tally::default());
        Self { file, fragments, ready, tally, range: None, ended: false }
    }

    /// When the next packet was captured; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<Moment>, CaptureFileError> {
        while self.ready.is_empty() && !self.ended {
            match self.file.next()? {
                Some(frame) => self.take(&frame),
                None => self.end(),
            }
        }
        Ok(self.ready.front().map(|seen| seen.at))
    }

    /// The next packet; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Seen>, CaptureFileError> {
        self.peek()?;
        Ok(self.ready.pop_front())
    }

    /// When the first and the last frame was captured; `None` before the first.
    pub(super) fn range(&self) -> Option<(Moment, Moment)> {
        self.range
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// How many packets the host that captured says to have dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.file.dropped()
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.file.is_cut_off()
    }

    fn take(&mut self, frame: &Frame) {
        let at = frame.at;
        self.range = Some(self.range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        self.tally.frames += 1;
        let read = match carried(frame) {
            Carried::Ip { bytes, wire_bytes } => Packet::read(bytes, wire_bytes),
            Carried::Other => {
                self.tally.other_frames += 1;
                return;
            }
            Carried::CutOff => Err(Unreadable { bytes: u64::from(frame.wire_bytes) }),
        };
        let seen = |(at, packet)| Seen { at, interface: frame.interface.clone(), packet };
        match read {
            Ok(packet) => {
                let bytes = packet.bytes;
                self.tally.long_packets += u64::from(bytes > ETHERNET_PACKET_BYTES);
                match self.fragments.place(at, packet) {
                    Placed::Ready(packets) => {
                        self.ready.extend(packets.into_iter().map(|(at, packet)| seen((at, Ok(packet)))));
                    }
                    Placed::Waits => {}
                    Placed::Refused => self.ready.push_back(seen((at, Err(Unreadable { bytes })))),
                }
            }
            Err(unreadable) => self.ready.push_back(seen((at, Err(unreadable)))),
        }
        let in_vain = self.fragments.forget(at.minus(fragments::PATIENCE));
        self.give_up(in_vain);
    }

    fn end(&mut self) {
        self.ended = true;
        let in_vain = self.fragments.forget_all();
        self.give_up(in_vain);
    }

    /// Without the first part of its datagram nobody knows the flow of a part.
    fn give_up(&mut self, parts: Vec<(Moment, Packet)>) {
        self.ready.extend(parts.into_iter().map(|(at, part)| Seen {
            at,
            interface: None,
            packet: Err(Unreadable { bytes: part.bytes }),
        }));
    }
}
