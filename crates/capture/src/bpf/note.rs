//! What the kernel programs are told, and what an agent writes down beside them for the next one.
//!
//! Hides: the layout of `struct settings` and `struct note` in `bpf/natlens.bpf.c`.
//! Knows nothing of: how bytes get into the kernel and out of it.

use flow::{Counters, Timestamp};

use crate::bpf::layout::{Bytes, Totals};

/// Size of `struct settings`. Unit: bytes.
const SETTINGS_BYTES: usize = 32;
/// Size of `struct note`. Unit: bytes.
const NOTE_BYTES: usize = 208;

/// What the programs go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// From the monotonic clock to the Unix epoch. Unit: nanoseconds.
    pub(super) clock_offset: i64,
    /// Unit: nanoseconds.
    pub(super) window_length: u64,
    /// Tells namespaces apart that had the same inode one after the other.
    pub(super) netns_cookie: u64,
    pub(super) netns: u32,
}

/// How far an agent has come with what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// Number of the first window that is not delivered.
    pub(super) next: u64,
    /// From when on everything was watched.
    pub(super) since: Timestamp,
    /// The totals of even and odd windows as they were when their losses were last told.
    pub(super) known: [Totals; 2],
    /// What was taken out of the maps of even and odd windows, or is told to be missing.
    pub(super) delivered: [Counters; 2],
}

impl Settings {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let parts: [&[u8]; 5] = [
            &self.clock_offset.to_ne_bytes(),
            &self.window_length.to_ne_bytes(),
            &self.netns_cookie.to_ne_bytes(),
            &self.netns.to_ne_bytes(),
            &[0; 4],
        ];
        parts.concat()
    }

    /// `None` when the bytes are none, or nothing was set yet.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let has_size = bytes.len() == SETTINGS_BYTES;
        let mut bytes = Bytes(bytes);
        let settings = Self {
            clock_offset: bytes.i64()?,
            window_length: bytes.u64()?,
            netns_cookie: bytes.u64()?,
            netns: bytes.u32()?,
        };
        (has_size && settings.window_length > 0).then_some(settings)
    }
}

impl Note {
    /// That of a source that begins to count.
    pub(super) fn first(next: u64, since: Timestamp) -> Self {
        Self { next, since, known: Default::default(), delivered: Default::default() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.next.to_ne_bytes().to_vec();
        bytes.extend(self.since.millis().to_ne_bytes());
        let counters = self.known.iter().flat_map(|totals| totals.all()).chain(self.delivered);
        for Counters { packets, bytes: octets } in counters {
            bytes.extend(packets.to_ne_bytes());
            bytes.extend(octets.to_ne_bytes());
        }
        bytes
    }

    /// `None` when the bytes are none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let has_size = bytes.len() == NOTE_BYTES;
        let mut bytes = Bytes(bytes);
        let note = Self {
            next: bytes.u64()?,
            since: Timestamp::from_millis(bytes.i64()?),
            known: [bytes.totals()?, bytes.totals()?],
            delivered: [bytes.counters()?, bytes.counters()?],
        };
        has_size.then_some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_again() {
        let settings =
            Settings { clock_offset: -7, window_length: 60_000_000_000, netns_cookie: 1 << 40, netns: 3 };
        assert_eq!(Settings::read(&settings.bytes()), Some(settings));
        assert_eq!(Settings::read(&[0; SETTINGS_BYTES]), None, "a fresh map holds zeros");

        let counters = |packets| Counters { packets, bytes: packets * 60 };
        let totals = |first| Totals {
            forwarded: counters(first),
            refused: counters(first + 1),
            local: counters(first + 2),
            full: counters(first + 3),
            late: counters(first + 4),
        };
        let note = Note {
            next: 29_000_001,
            since: Timestamp::from_millis(1_740_000_000_123),
            known: [totals(1), totals(10)],
            delivered: [counters(20), counters(21)],
        };
        assert_eq!(Note::read(&note.bytes()), Some(note));
        assert_eq!(Note::read(&note.bytes()[1..]), None);
    }
}
