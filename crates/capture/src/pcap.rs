//! Gives the packets of capture files as events.
//!
//! Hides: the formats of capture files and of packets, who opened a conversation, how the two sides of a translation are
//! found to be one.
//! Knows nothing of: records, the kernel; it asks for no privileges.
//!
//! One capture shows one side of a gateway: its flows have no translated tuple, and count as accepted. Two captures, of
//! the inside and of the outside, show what the gateway did with each packet.

mod conversations;
mod file;
mod fragments;
mod link;
pub(crate) mod packet;
mod pair;
mod pairing;
mod reader;
mod remembered;
mod single;
mod sums;

use std::io::Read;
use std::path::Path;

use flow::{Counters, Event, LossCause, Timestamp, WindowLength};

use crate::source::{Progress, Source, SourceError};

pub use file::CaptureFileError;

use file::Moment;
use pair::Pair;
use reader::{Reader, Tally};
use single::Single;
use sums::Sums;

/// How many packets one call of [`Source::poll`] reads at most: some tenths of a second, so that a caller can show how far
/// it came.
const PACKETS_PER_POLL: usize = 500_000;

/// The packets of one capture file, or of two that show both sides of a gateway.
#[derive(Debug)]
pub struct Pcap {
    input: Input,
    sums: Sums,
    begun: bool,
    ended: bool,
}

#[derive(Debug)]
enum Input {
    Single(Box<Single>),
    Pair(Box<Pair>),
}

/// What was in the capture files, and what is to know about it. Unit: packets, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureNumbers {
    /// Frames of all files, whatever they carry.
    pub frames: u64,
    /// Frames without an IP packet, such as ARP. They are in no record.
    pub other_frames: u64,
    /// Longer than 1500 bytes: without jumbo frames, super-packets of network cards that cut and join, and each counts as
    /// one packet though it was several on the wire. Capture with these offloads off to count exactly.
    pub long_packets: u64,
    /// Dropped by the hosts that captured, as they say themselves in pcapng.
    pub dropped: u64,
    /// Seen on one side of the gateway and neither forwarded nor refused: of the gateway itself, of one link only, or
    /// refused on the way in. They are in no record.
    pub own_packets: u64,
    /// Files that end in the middle of a frame.
    pub cut_off_files: u64,
}

impl Pcap {
    /// Opens one capture file. Windows are of that length.
    pub fn open(path: &Path, length: WindowLength) -> Result<Self, CaptureFileError> {
        let single = Single::new(Reader::open(path)?);
        Ok(Self::new(Input::Single(Box::new(single)), length))
    }

    /// Opens the captures of a gateway's inside and outside.
    pub fn open_pair(inside: &Path, outside: &Path, length: WindowLength) -> Result<Self, CaptureFileError> {
        let pair = Pair::new(Reader::open(inside)?, Reader::open(outside)?);
        Ok(Self::new(Input::Pair(Box::new(pair)), length))
    }

    fn new(input: Input, length: WindowLength) -> Self {
        Self { input, sums: Sums::new(length), begun: false, ended: false }
    }

    /// Whether everything has been given back.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// What was read so far.
    pub fn numbers(&self) -> CaptureNumbers {
        let mut numbers = CaptureNumbers::default();
        for tale in self.input.tales() {
            numbers.frames += tale.tally.frames;
            numbers.other_frames += tale.tally.other_frames;
            numbers.long_packets += tale.tally.long_packets;
            numbers.dropped = numbers.dropped.saturating_add(tale.dropped);
            numbers.cut_off_files += u64::from(tale.cut_off);
        }
        if let Input::Pair(pair) = &self.input {
            numbers.own_packets = pair.own_packets;
        }
        numbers
    }

    /// Reads a part of the files; `false` at their end.
    fn read(&mut self) -> Result<bool, CaptureFileError> {
        if !self.begun {
            self.input.peek()?;
            self.begun = true;
            let edges: Vec<Moment> = self.input.tales().iter().filter_map(|tale| tale.first).collect();
            edges.into_iter().for_each(|edge| self.lose_around(edge));
        }
        for _ in 0..PACKETS_PER_POLL {
            let more = match &mut self.input {
                Input::Single(single) => single.step(&mut self.sums)?,
                Input::Pair(pair) => pair.step(&mut self.sums)?,
            };
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes that a capture began or ended in the middle of a window.
    fn lose_around(&mut self, edge: Moment) {
        self.sums.lose(edge, Counters::default(), LossCause::NotWatching);
    }

    fn end(&mut self) {
        self.ended = true;
        for Tale { last, dropped, .. } in self.input.tales() {
            let Some(last) = last else { continue };
            self.lose_around(last);
            if dropped > 0 {
                self.sums.lose(last, Counters { packets: dropped, bytes: 0 }, LossCause::NotCaptured);
            }
        }
        self.warn_of_long_packets();
    }

    fn warn_of_long_packets(&self) {
        let long_packets = self.numbers().long_packets;
        if long_packets > 0 {
            tracing::warn!(
                long_packets,
                "packets of more than 1500 bytes were captured: without jumbo frames they are super-packets, each of \
                 which was several on the wire; capture with offloads off (`ethtool -K IF tso off gso off gro off`)"
            );
        }
    }
}

impl Source for Pcap {
    /// Reads on, whatever the time is; see [`Pcap::has_ended`].
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        let mut losses = Vec::new();
        if !self.ended && !self.read()? {
            self.end();
        }
        let complete_until = if self.ended {
            self.sums.close_all(events, &mut losses)
        } else {
            self.sums.close(events, &mut losses)
        };
        Ok(Progress { complete_until, losses, totals: Vec::new(), poll_again: now })
    }
}

/// What one file has told so far.
struct Tale {
    tally: Tally,
    first: Option<Moment>,
    last: Option<Moment>,
    dropped: u64,
    cut_off: bool,
}

impl Input {
    fn peek(&mut self) -> Result<(), CaptureFileError> {
        match self {
            Self::Single(single) => single.reader.peek()?,
            Self::Pair(pair) => pair.inside.peek()?.and(pair.outside.peek()?),
        };
        Ok(())
    }

    fn tales(&self) -> Vec<Tale> {
        match self {
            Self::Single(single) => vec![Tale::of(&single.reader)],
            Self::Pair(pair) => vec![Tale::of(&pair.inside), Tale::of(&pair.outside)],
        }
    }
}

impl Tale {
    fn of<R: Read>(reader: &Reader<R>) -> Self {
        let (first, last) = reader.range().unzip();
        let (tally, dropped, cut_off) = (reader.tally(), reader.dropped(), reader.is_cut_off());
        Self { tally, first, last, dropped, cut_off }
    }
}
