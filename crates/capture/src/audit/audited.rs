//! Holds what a source tells against what connection tracking tells: is every conversation that ended in an event?
//!
//! Hides: when it listens, which conversations both must have seen, how a million of them are remembered in little memory.
//! Knows nothing of: the source that it audits, records.
//!
//! It compares whether conversations are there, not their sums: connection tracking counts super-packets once and packets
//! before rules refuse them, so that its sums differ where nothing is wrong.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use flow::{Event, Timestamp, Tuple, Window, WindowLength};

use crate::audit::AuditNumbers;
use crate::conntrack::entry::Entry;
use crate::conntrack::local::Local;
use crate::conntrack::{SOCKET_BUFFER_BYTES_DEFAULT, Table, Word, sysctls};
use crate::namespace::Namespace;
use crate::source::{Progress, Rest, Source, SourceError};
use crate::variant::Variant;

/// How many windows an audit listens for. Conversations that are not done by then are left to a later one.
const WINDOWS_LISTENED: u32 = 3;

/// The most conversations of one audit: 40 MB for each of both sides.
const CONVERSATIONS_MAX: usize = 2_097_152;

/// What to audit, and how often.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// A namespace as `ip netns list` names it; `None` is that of the process.
    pub network_namespace: Option<String>,
    /// How long a window is.
    pub window: WindowLength,
    /// An audit begins with every so many-th window.
    pub every_windows: u32,
    /// Where the findings are counted.
    pub numbers: AuditNumbers,
}

/// A source that is audited. An audit that cannot be made never disturbs it.
pub struct Audited {
    source: Box<dyn Source + Send>,
    settings: AuditSettings,
    under_way: Option<Audit>,
    /// When the next audit begins.
    next: Option<Window>,
}

impl std::fmt::Debug for Audited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audited").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Audited {
    /// Audits `source`, which must see every interface of the namespace.
    pub fn new(source: Box<dyn Source + Send>, settings: AuditSettings) -> Self {
        Self { source, settings, under_way: None, next: None }
    }

    /// Begins or goes on with an audit; `told` are the events of this poll.
    fn audit(&mut self, now: Timestamp, told: &[Event], progress: &Progress) -> Result<(), SourceError> {
        let current = self.settings.window.window_of(now);
        if let Some(audit) = &mut self.under_way {
            // What ends later may have begun later, and its events are not awaited.
            if now < audit.until {
                audit.listen()?;
            }
            told.iter().for_each(|event| audit.told(event));
            audit.incomplete |= progress.losses.iter().any(|loss| audit.first <= loss.window);
            if audit.until <= progress.complete_until {
                let audit = self.under_way.take();
                audit.into_iter().for_each(|audit| audit.conclude(&self.settings.numbers));
            }
            return Ok(());
        }
        let next = *self.next.get_or_insert_with(|| current.next());
        if next <= current {
            self.next = Some(later(current, self.settings.every_windows.max(WINDOWS_LISTENED + 2)));
            self.under_way = Some(Audit::begin(&self.settings, now)?);
        }
        Ok(())
    }
}

impl Source for Audited {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        let known = events.len();
        let progress = self.source.poll(now, events)?;
        let told = events.get(known..).unwrap_or_default();
        if let Err(error) = self.audit(now, told, &progress) {
            self.under_way = None;
            tracing::warn!(error = &error as &dyn std::error::Error, "audit: not possible");
        }
        Ok(progress)
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        self.source.finish(events)
    }

    fn kept(&mut self) -> Result<(), SourceError> {
        self.source.kept()
    }

    fn variant(&self) -> Option<Variant> {
        self.source.variant()
    }

    fn watching_since(&self) -> Option<Timestamp> {
        self.source.watching_since()
    }
}

/// The window so many windows later.
fn later(window: Window, windows: u32) -> Window {
    window.length().window_of(window.start().plus(window.length().duration().saturating_mul(windows)))
}

/// An audit under way.
#[derive(Debug)]
struct Audit {
    table: Table,
    local: Local,
    began: Timestamp,
    first: Window,
    /// The end of the last window that is listened for; events of it are awaited.
    until: Timestamp,
    found: Found,
    unheard: u64,
    /// Whether the source says itself that something is missing.
    incomplete: bool,
}

impl Audit {
    /// Begins to listen to conversations that end.
    fn begin(settings: &AuditSettings, now: Timestamp) -> Result<Self, SourceError> {
        let namespace = Namespace::find(settings.network_namespace.as_deref())?;
        let window = settings.window.window_of(now);
        Ok(Self {
            local: Local::of(&namespace)?,
            table: Table::open(&namespace, SOCKET_BUFFER_BYTES_DEFAULT)?,
            began: now,
            first: window,
            until: later(window, WINDOWS_LISTENED).start(),
            found: Found::new(born_when_listened_to(&namespace)?),
            unheard: 0,
            incomplete: false,
        })
    }

    fn listen(&mut self) -> Result<(), SourceError> {
        let Self { table, local, began, found, .. } = self;
        table.listen(|word| {
            if let Word::Ended(body) = word
                && let Some(entry) = Entry::read(body)
                && !local.is_end_of(&entry)
                && !is_for_a_group(&entry)
            {
                found.ended(&entry, *began);
            }
        })?;
        self.unheard += u64::from(self.table.dropped()?);
        Ok(())
    }

    fn told(&mut self, event: &Event) {
        self.found.told(event.key.protocol, &event.key.original);
    }

    fn conclude(self, numbers: &AuditNumbers) {
        let Self { found, unheard, incomplete, .. } = self;
        let (ended, missing) = (found.ended.len(), found.missing());
        if incomplete || found.too_many {
            tracing::info!(
                ended,
                missing,
                "audit: no verdict, since a window was incomplete or had too many flows"
            );
            return;
        }
        numbers.add(ended as u64, missing as u64);
        if missing > 0 {
            tracing::warn!(ended, missing, unheard, "audit: conversations that ended are in no record");
        } else {
            tracing::info!(ended, missing, unheard, "audit: every conversation that ended is in a record");
        }
    }
}

/// Groups that the gateway itself listens to look like any other.
fn is_for_a_group(entry: &Entry) -> bool {
    entry.translated.dstaddr.is_multicast()
}

/// Whether the kernel tells of the end of those conversations alone that began while somebody listened.
fn born_when_listened_to(namespace: &Namespace) -> Result<bool, SourceError> {
    const ONLY_WHILE_SOMEBODY_LISTENS: u64 = 2;
    Ok(sysctls(namespace)?.events == Some(ONLY_WHILE_SOMEBODY_LISTENS))
}

/// Conversations, each as a number that stands for it: two of the same number are rarer than a failing memory.
#[derive(Debug)]
struct Found {
    state: RandomState,
    told: HashSet<u64>,
    ended: HashSet<u64>,
    /// Whether one without a start is known to have begun while the audit listened.
    all_are_new: bool,
    too_many: bool,
}

impl Found {
    fn new(all_are_new: bool) -> Self {
        let (told, ended) = (HashSet::new(), HashSet::new());
        Self { state: RandomState::new(), told, ended, all_are_new, too_many: false }
    }

    /// A conversation ended. One that began earlier may have sent its last packet before anybody compared.
    fn ended(&mut self, entry: &Entry, began: Timestamp) {
        let is_new = entry.start.map_or(self.all_are_new, |start| began <= start);
        if is_new {
            let number = self.state.hash_one((entry.name.protocol, entry.name.original));
            Self::note(&mut self.ended, number, &mut self.too_many);
        }
    }

    fn told(&mut self, protocol: u8, original: &Tuple) {
        let number = self.state.hash_one((protocol, *original));
        Self::note(&mut self.told, number, &mut self.too_many);
    }

    fn note(set: &mut HashSet<u64>, number: u64, too_many: &mut bool) {
        if set.len() < CONVERSATIONS_MAX {
            set.insert(number);
        } else {
            *too_many = true;
        }
    }

    fn missing(&self) -> usize {
        self.ended.difference(&self.told).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::entry::Name;

    fn entry(port: u16, start: Option<i64>) -> Entry {
        let original = Tuple {
            srcaddr: "10.0.0.1".parse().unwrap(),
            dstaddr: "192.0.2.1".parse().unwrap(),
            srcport: port,
            dstport: 53,
        };
        let name = Name { protocol: 17, original, zone: 0, id: 0 };
        let start = start.map(Timestamp::from_seconds);
        Entry { name, translated: original, counted: None, start, stop: None }
    }

    #[test]
    fn only_what_began_while_the_audit_listened_can_be_missing() {
        let began = Timestamp::from_seconds(100);
        for (all_are_new, start, expected) in [
            (false, Some(99), 0),
            (false, Some(100), 1),
            (false, None, 0),
            (true, None, 1),
            (true, Some(99), 0),
        ] {
            let mut found = Found::new(all_are_new);
            found.ended(&entry(1, start), began);
            assert_eq!(found.missing(), expected, "{all_are_new} {start:?}");
        }
    }

    #[test]
    fn what_an_event_tells_is_not_missing_whichever_comes_first() {
        let mut found = Found::new(true);
        let began = Timestamp::default();
        let (one, two, three) = (entry(1, None), entry(2, None), entry(3, None));
        found.told(17, &one.name.original);
        found.ended(&one, began);
        found.ended(&two, began);
        found.told(17, &two.name.original);
        found.ended(&three, began);
        assert_eq!((found.ended.len(), found.missing()), (3, 1));
    }
}
