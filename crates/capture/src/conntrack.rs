//! Events from the kernel's connection tracking, where its programs cannot be loaded.
//!
//! Hides: that entries end with a message and live in a table, that both tell of the same packets, and that the kernel
//! drops messages when nobody reads in time.
//! Knows nothing of: refusals, which leave no entry; single attributes (`entry`).
//!
//! What it knows less well than [`Bpf`](crate::Bpf): packets are counted as they pass the gateway, where network cards
//! have joined several of the wire into one; the last packet of an event is an upper bound; interfaces and TCP flags
//! are unknown; packets that pass between the end of a window and the listing of the table, some milliseconds, are
//! counted in the window before. It needs the sysctls `nf_conntrack_acct`, `nf_conntrack_timestamp` and
//! `nf_conntrack_events` at 1, and changes none of them.

mod book;
pub(crate) mod entry;
pub(crate) mod local;
mod table;

use std::io;
use std::time::Duration;

use flow::{Event, LossCause, Timestamp, Verdict, Window, WindowLength};

use crate::losses::Losses;
use crate::namespace::Namespace;
use crate::source::{Progress, Rest, Source, SourceError};
use book::{Age, Book, Noted};
use entry::{Both, Entry};
use local::Local;

pub use table::SOCKET_BUFFER_BYTES_DEFAULT;
pub(crate) use table::{Births, Sysctls, Table, Word, sysctls};

/// How often ended entries are read. At this pace the default buffer survives half a million ends a second.
const LISTEN_EVERY: Duration = Duration::from_millis(100);

/// The most living entries that are remembered, about 1 GB; a gateway's table is far smaller.
const ENTRIES_MAX: usize = 4_194_304;

/// A clock that goes back by more than this was set.
const STEP_BACK: Duration = Duration::from_millis(200);

/// What to watch.
#[derive(Clone, Debug)]
pub struct ConntrackSettings {
    /// A namespace as `ip netns list` names it; `None` watches that of the process.
    pub network_namespace: Option<String>,
    /// How long a window is.
    pub window: WindowLength,
    /// Room for messages about ended entries that wait to be read; each takes 1280 bytes of it.
    pub socket_buffer_bytes: usize,
}

impl Default for ConntrackSettings {
    fn default() -> Self {
        Self {
            network_namespace: None,
            window: WindowLength::default(),
            socket_buffer_bytes: SOCKET_BUFFER_BYTES_DEFAULT,
        }
    }
}

/// What became of the kernel's messages about ended entries since the source was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Read.
    pub ended: u64,
    /// Dropped by the kernel because nobody read in time.
    pub dropped: u64,
}

/// Events from connection tracking. What is watched ends with this value.
#[derive(Debug)]
pub struct Conntrack {
    length: WindowLength,
    namespace: Namespace,
    table: Table,
    tally: Tally,
    last_poll: Timestamp,
}

impl Conntrack {
    /// Begins to listen. Needs CAP_NET_ADMIN, and CAP_SYS_ADMIN to enter another namespace.
    pub fn open(settings: &ConntrackSettings, now: Timestamp) -> Result<Self, SourceError> {
        let namespace = Namespace::find(settings.network_namespace.as_deref())?;
        warn_of(&sysctls(&namespace)?);
        let table = Table::open(&namespace, settings.socket_buffer_bytes)?;
        let opened_in = settings.window.window_of(now);
        let local = Local::of(&namespace)?;
        let mut source = Self {
            length: settings.window,
            namespace,
            table,
            tally: Tally::new(opened_in, local),
            last_poll: now,
        };
        // What was counted before is in no window.
        source.survey(opened_in, now)?;
        source.tally.taken.clear();
        source.tally.losses = Losses::default();
        source.tally.losses.add(opened_in, LossCause::NotWatching, 0);
        Ok(source)
    }

    /// What became of the kernel's messages so far.
    pub fn heard(&self) -> Heard {
        self.tally.heard
    }

    /// Lists every living entry and reads which have ended.
    fn survey(&mut self, current: Window, now: Timestamp) -> Result<(), SourceError> {
        let Self { table, tally, .. } = self;
        tally.begin(current, now);
        tally.book.begin_dump();
        table.survey(|word| tally.note(&word))?;
        let gone = tally.book.end_dump();
        tally.drop_messages(table.dropped()?);
        let explained = std::mem::take(&mut tally.dropped_since_survey);
        if gone > 0 && !explained {
            // Their last packets are unknown: the kernel sends no end for entries that nobody listened to at birth.
            tally.losses.add(tally.next, LossCause::NotCounted, 0);
        }
        Ok(())
    }

    /// Reads which entries have ended.
    fn listen(&mut self, now: Timestamp) -> Result<(), SourceError> {
        let Self { table, tally, .. } = self;
        tally.begin(tally.next, now);
        table.listen(|word| tally.note(&word))?;
        tally.drop_messages(table.dropped()?);
        Ok(())
    }
}

impl Source for Conntrack {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        if now < self.last_poll.minus(STEP_BACK) {
            return Err(SourceError::ClockSet { millis: now.millis() - self.last_poll.millis() });
        }
        let current = self.length.window_of(now);
        if self.tally.next < current {
            self.tally.local = Local::of(&self.namespace)?;
            self.survey(current, now)?;
            self.tally.complete(current);
        } else {
            self.listen(now)?;
        }
        self.last_poll = now;
        events.append(&mut self.tally.taken);
        let next = self.tally.next;
        Ok(Progress {
            complete_until: next.start(),
            losses: self.tally.losses.take_before(next),
            totals: Vec::new(),
            poll_again: next.end().min(now.plus(LISTEN_EVERY)),
        })
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        self.survey(self.tally.next, self.last_poll)?;
        events.append(&mut self.tally.taken);
        Ok(Rest::Nothing)
    }
}

/// Turns words about entries into events and losses of windows.
#[derive(Debug)]
struct Tally {
    book: Book,
    local: Local,
    /// The first window that is not delivered.
    next: Window,
    /// The window of the poll under way, and its moment.
    current: Window,
    now: Timestamp,
    /// Not yet given to the caller, because a later step failed.
    taken: Vec<Event>,
    losses: Losses,
    heard: Heard,
    dropped_since_survey: bool,
}

impl Tally {
    fn new(next: Window, local: Local) -> Self {
        Self {
            book: Book::new(ENTRIES_MAX),
            local,
            next,
            current: next,
            now: next.start(),
            taken: Vec::new(),
            losses: Losses::default(),
            heard: Heard::default(),
            dropped_since_survey: false,
        }
    }

    fn begin(&mut self, current: Window, now: Timestamp) {
        (self.current, self.now) = (current, now);
    }

    fn note(&mut self, word: &Word<'_>) {
        let (entry, noted) = match word {
            Word::Listed(body) => {
                let Some(entry) = self.foreign(body) else { return };
                let noted = self.book.listed(&entry);
                (entry, noted)
            }
            Word::Ended(body) => {
                self.heard.ended += 1;
                let Some(entry) = self.foreign(body) else { return };
                let noted = self.book.ended(&entry);
                (entry, noted)
            }
        };
        match noted {
            Noted::Counted { since, age } => self.take(&entry, since, age),
            Noted::SetBack { since, age } => {
                self.take(&entry, since, age);
                self.losses.add(self.next, LossCause::NotCounted, 0);
            }
            Noted::Uncounted => self.losses.add(self.next, LossCause::NotCounted, 0),
            Noted::NoRoom => self.losses.add(self.next, LossCause::TooManyFlows, 0),
            Noted::Old => {}
        }
    }

    /// The entry of a message, unless its packets are the gateway's own.
    fn foreign(&self, body: &[u8]) -> Option<Entry> {
        Entry::read(body).filter(|entry| !self.local.is_end_of(entry))
    }

    fn take(&mut self, entry: &Entry, since: Both, age: Age) {
        let Both { forward, reply } = since;
        if forward.packets == 0 && reply.packets == 0 {
            return;
        }
        let start = entry.start.filter(|_| age == Age::SinceItsStart);
        let window = match age {
            Age::SinceDump => self.current,
            Age::BeforeDump => self.next,
            Age::SinceItsStart => start.map_or(self.next, |start| {
                self.next.length().window_of(start).clamp(self.next, self.current)
            }),
        };
        let (from, until) = (window.start(), Timestamp::from_millis(window.end().millis() - 1));
        let first = start.unwrap_or(from).clamp(from, until);
        self.taken.push(Event {
            key: entry.key(),
            first,
            last: entry.stop.unwrap_or(self.now).clamp(first, until),
            forward,
            reply,
            verdict: Verdict::Accept,
            tcp_flags: 0,
            interface_in: None,
            interface_out: None,
        });
    }

    fn drop_messages(&mut self, dropped: u32) {
        if dropped > 0 {
            self.heard.dropped += u64::from(dropped);
            self.dropped_since_survey = true;
            tracing::warn!(
                dropped,
                "the kernel dropped messages about ended conversations: nobody read in time"
            );
            self.losses.add(self.next, LossCause::EventsDropped, 0);
        }
    }

    /// Every window before `current` is complete.
    fn complete(&mut self, current: Window) {
        self.losses.polled_late(self.next, current);
        self.next = current;
    }
}

/// Says which settings of the kernel make the source blind.
fn warn_of(sysctls: &Sysctls) {
    for (name, why) in sysctls.wanting() {
        tracing::warn!("{why}: set `{name} = 1` before traffic begins");
    }
}

pub(crate) fn no(deed: &'static str) -> impl Fn(io::Error) -> SourceError {
    move |source| match source.raw_os_error() {
        Some(libc::EPERM) => SourceError::MissingCapability { deed, capability: "CAP_NET_ADMIN", source },
        _ => SourceError::Netfilter { deed, source },
    }
}

#[cfg(test)]
mod tests;
