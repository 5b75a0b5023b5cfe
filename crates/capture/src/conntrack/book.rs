//! Remembers what every entry had counted, and tells what it counted since.
//!
//! Hides: that an entry is told of many times – listed twice in one dump, listed and ended, ended while others are
//! listed – and must be counted once.
//! Knows nothing of: windows, events, sockets.

use std::collections::{HashMap, HashSet};

use flow::Counters;

use crate::conntrack::entry::{Both, Entry, Name};

/// What all entries had counted when they were last told of.
#[derive(Debug)]
pub(super) struct Book {
    known: HashMap<Name, Known>,
    entries_max: usize,
    /// Which dump is under way, or was the last.
    dump: u64,
    /// Entries that ended while a dump is under way: what it still tells of them is old.
    ended: Option<HashSet<Name>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    counted: Both,
    /// The last dump that told of it; 0 for none.
    listed: u64,
}

/// What a word about an entry says that was not known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// It counted so much since the last word.
    Counted { since: Both, age: Age },
    /// Somebody set its counters back: it counted at least so much.
    SetBack { since: Both, age: Age },
    /// The kernel does not count it.
    Uncounted,
    /// It is one too many to be remembered.
    NoRoom,
    /// The word is older than one that is known.
    Old,
}

/// When the packets passed that an entry newly counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// Since the entry was made.
    SinceItsStart,
    /// Since the dump before the last, or the current, one.
    BeforeDump,
    /// Since the last dump listed it.
    SinceDump,
}

impl Book {
    pub(super) fn new(entries_max: usize) -> Self {
        Self { known: HashMap::new(), entries_max, dump: 0, ended: None }
    }

    /// A dump begins: every living entry will be listed.
    pub(super) fn begin_dump(&mut self) {
        self.dump += 1;
        self.ended = Some(HashSet::new());
    }

    /// A dump is done and everything that ended meanwhile was told: returns how many entries are gone without a word.
    pub(super) fn end_dump(&mut self) -> usize {
        self.ended = None;
        let before = self.known.len();
        let dump = self.dump;
        self.known.retain(|_, known| known.listed == dump);
        // A flood that has passed must not hold its memory for ever.
        if self.known.capacity() > self.known.len().saturating_mul(4) {
            self.known.shrink_to_fit();
        }
        before - self.known.len()
    }

    /// A dump lists an entry.
    pub(super) fn listed(&mut self, entry: &Entry) -> Noted {
        if self.ended.as_ref().is_some_and(|ended| ended.contains(&entry.name)) {
            return Noted::Old;
        }
        let Some(counted) = entry.counted else { return Noted::Uncounted };
        let dump = self.dump;
        if let Some(known) = self.known.get_mut(&entry.name) {
            let noted = difference(counted, known.counted, known.age(dump));
            *known = Known { counted, listed: dump };
            return noted;
        }
        if self.known.len() >= self.entries_max {
            return Noted::NoRoom;
        }
        self.known.insert(entry.name, Known { counted, listed: dump });
        Noted::Counted { since: counted, age: Age::SinceItsStart }
    }

    /// An entry ended.
    pub(super) fn ended(&mut self, entry: &Entry) -> Noted {
        if let Some(ended) = &mut self.ended {
            ended.insert(entry.name);
        }
        let known = self.known.remove(&entry.name);
        let Some(counted) = entry.counted else { return Noted::Uncounted };
        match known {
            Some(known) => difference(counted, known.counted, known.age(self.dump)),
            None => Noted::Counted { since: counted, age: Age::SinceItsStart },
        }
    }
}

impl Known {
    fn age(&self, dump: u64) -> Age {
        if self.listed == dump { Age::SinceDump } else { Age::BeforeDump }
    }
}

fn difference(now: Both, before: Both, age: Age) -> Noted {
    let since = |now: Counters, before: Counters| {
        let packets = now.packets.checked_sub(before.packets)?;
        Some(Counters { packets, bytes: now.bytes.checked_sub(before.bytes)? })
    };
    match since(now.forward, before.forward).zip(since(now.reply, before.reply)) {
        Some((forward, reply)) => Noted::Counted { since: Both { forward, reply }, age },
        None => Noted::SetBack { since: now, age },
    }
}

#[cfg(test)]
mod tests {
    use flow::Tuple;

    use super::*;

    fn entry(id: u32, packets: u64) -> Entry {
        let original = Tuple {
            srcaddr: "10.10.0.2".parse().unwrap(),
            dstaddr: "203.0.113.2".parse().unwrap(),
            srcport: 4000,
            dstport: 443,
        };
        Entry {
            name: Name { protocol: 6, original, zone: 0, id },
            translated: original,
            counted: Some(counted(packets)),
            start: None,
            stop: None,
        }
    }

    fn counted(packets: u64) -> Both {
        let counters = |packets| Counters { packets, bytes: packets * 100 };
        Both { forward: counters(packets), reply: counters(packets * 2) }
    }

    fn is(packets: u64, age: Age) -> Noted {
        Noted::Counted { since: counted(packets), age }
    }

    #[test]
    fn what_is_told_twice_is_counted_once() {
        let mut book = Book::new(10);
        book.begin_dump();
        assert_eq!(book.listed(&entry(1, 5)), is(5, Age::SinceItsStart));
        assert_eq!(book.listed(&entry(1, 5)), is(0, Age::SinceDump), "a table that grows is listed twice");
        assert_eq!(book.end_dump(), 0);
        book.begin_dump();
        assert_eq!(book.listed(&entry(1, 7)), is(2, Age::BeforeDump));
        assert_eq!(book.ended(&entry(1, 8)), is(1, Age::SinceDump));
        assert_eq!(book.listed(&entry(1, 7)), Noted::Old, "the kernel had written this before the end");
        assert_eq!(book.listed(&entry(2, 1)), is(1, Age::SinceItsStart), "a later one of the same addresses");
        assert_eq!(book.end_dump(), 0);
    }

    #[test]
    fn what_is_not_known_is_told() {
        let mut book = Book::new(1);
        book.begin_dump();
        assert_eq!(book.listed(&Entry { counted: None, ..entry(1, 5) }), Noted::Uncounted);
        assert_eq!(book.listed(&entry(2, 5)), is(5, Age::SinceItsStart));
        assert_eq!(book.listed(&entry(3, 5)), Noted::NoRoom);
        let set_back = Noted::SetBack { since: counted(3), age: Age::SinceDump };
        assert_eq!(book.listed(&entry(2, 3)), set_back);
        book.end_dump();
        book.begin_dump();
        assert_eq!(book.end_dump(), 1, "one is gone without a word");
    }
}
