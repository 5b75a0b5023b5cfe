//! Holds what a source tells against what connection tracking tells: is every conversation that ended in an event?
//!
//! Hides: when it listens, which conversations both must have seen.
//! Knows nothing of: the source that it audits, records.
//!
//! It compares whether conversations are there, not their sums: connection tracking counts super-packets once and packets
//! before rules refuse them, so that its sums differ where nothing is wrong.

use flow::{Event, Timestamp, Window, WindowLength};

use crate::audit::AuditNumbers;
use crate::audit::followed::Followed;
use crate::conntrack::entry::Entry;
use crate::conntrack::local::Local;
use crate::conntrack::{Births, SOCKET_BUFFER_BYTES_DEFAULT, Table, Word};
use crate::namespace::Namespace;
use crate::source::{Progress, Rest, Source, SourceError};
use crate::variant::Variant;

/// How many windows an audit listens for. Conversations that are not done by then are left to a later one.
const WINDOWS_LISTENED: u32 = 3;

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
            // What ends later may have its last events later, and those are not awaited.
            if now < audit.until {
                audit.listen(now)?;
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
    /// Only in the first window, and until enough conversations are followed: it costs the kernel for each new one.
    births: Option<Births>,
    local: Local,
    first: Window,
    /// The end of the last window that is listened for; events of it are awaited.
    until: Timestamp,
    followed: Followed,
    unheard: u64,
    /// Whether the source says itself that something is missing.
    incomplete: bool,
}

impl Audit {
    /// Begins to listen to conversations that begin and end.
    fn begin(settings: &AuditSettings, now: Timestamp) -> Result<Self, SourceError> {
        let namespace = Namespace::find(settings.network_namespace.as_deref())?;
        let window = settings.window.window_of(now);
        Ok(Self {
            local: Local::of(&namespace)?,
            table: Table::open(&namespace, SOCKET_BUFFER_BYTES_DEFAULT)?,
            births: Some(Births::open(&namespace)?),
            first: window,
            until: later(window, WINDOWS_LISTENED).start(),
            followed: Followed::default(),
            unheard: 0,
            incomplete: false,
        })
    }

    fn listen(&mut self, now: Timestamp) -> Result<(), SourceError> {
        let Self { table, births, local, followed, .. } = self;
        if let Some(births) = births {
            births.listen(|body| {
                if let Some(entry) = Entry::read(body)
                    && !local.is_end_of(&entry)
                    && !is_for_a_group(&entry)
                {
                    followed.began(&entry.name);
                }
            })?;
        }
        if self.first.end() <= now || followed.are_enough() {
            self.births = None;
        }
        table.listen(|word| {
            if let Word::Ended(body) = word
                && let Some(entry) = Entry::read(body)
            {
                followed.ended(&entry.name);
            }
        })?;
        self.unheard += u64::from(self.table.dropped()?);
        Ok(())
    }

    fn told(&mut self, event: &Event) {
        self.followed.told(event.key.protocol, &event.key.original);
    }

    fn conclude(self, numbers: &AuditNumbers) {
        let Self { followed, unheard, incomplete, .. } = self;
        let (ended, missing) = followed.ended_and_missing();
        if incomplete {
            tracing::info!(ended, missing, "audit: no verdict, since a window was incomplete");
            return;
        }
        numbers.add(ended, missing);
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
