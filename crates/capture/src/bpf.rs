//! Counts in the kernel what a gateway forwards and refuses.
//!
//! Hides: that the kernel sums even and odd windows in separate maps, when a map may be emptied, and how what was not
//! counted is found out.
//! Knows nothing of: what becomes of events; single kernel structures (`layout`) and how programs are loaded (`program`).

mod clock;
mod judge;
mod layout;
mod map;
mod program;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flow::{Counters, Event, Timestamp, Window, WindowLength};

use crate::gateway::{self, Interface};
use crate::namespace::Namespace;
use crate::source::{Loss, LossCause, Progress, Source, SourceError};
use clock::{Followed, KernelClock};
use judge::Judge;
use layout::Totals;
use program::Programs;

/// How long after its end a window is left alone: packets that were counted at its last moment are written by then.
pub const DRAIN_GRACE: Duration = Duration::from_millis(250);

/// The most flows of one address family in one window, unless the operator says otherwise.
///
/// At about 200 bytes a flow and four maps this bounds the kernel's memory to 200 MB; it is taken as flows come.
pub const FLOWS_MAX_DEFAULT: u32 = 262_144;

/// The most windows that one late call reports losses for, the newest: a day of minutes.
const LATE_WINDOWS_MAX: usize = 1440;

/// What to watch.
#[derive(Clone, Debug)]
pub struct BpfSettings {
    /// A namespace as `ip netns list` names it; `None` watches that of the process.
    pub network_namespace: Option<String>,
    /// The interfaces to watch; empty means every one that has an address, also those that come later.
    pub interfaces: Vec<String>,
    /// How long a window is.
    pub window: WindowLength,
    /// The most flows of one address family in one window.
    pub flows_max: u32,
}

impl Default for BpfSettings {
    fn default() -> Self {
        Self {
            network_namespace: None,
            interfaces: Vec::new(),
            window: WindowLength::default(),
            flows_max: FLOWS_MAX_DEFAULT,
        }
    }
}

/// What the kernel counted since the source was opened, whether or not it has been delivered.
///
/// Once all windows are delivered, `forwarded` and `refused` together are the sum of all events plus `lost`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Left by a watched interface after coming in by another.
    pub forwarded: Counters,
    /// Came in by a watched interface and was refused.
    pub refused: Counters,
    /// Sent by the gateway itself; in no event.
    pub local: Counters,
    /// Forwarded or refused, and in no event.
    pub lost: Counters,
}

/// Events from programs in the kernel. What is watched ends with this value.
#[derive(Debug)]
pub struct Bpf {
    settings: BpfSettings,
    namespace: Namespace,
    programs: Programs,
    clock: KernelClock,
    names: HashMap<u32, Arc<str>>,
    /// The first window that is not delivered.
    next: Window,
    /// The totals of even and odd windows as they were when last looked at.
    known: [Totals; 2],
    /// Taken from the kernel and not yet given to the caller, because a later step failed.
    taken: Vec<Event>,
    /// Losses that are known before their window is complete, or before a step that failed.
    not_yet_told: Vec<Loss>,
}

impl Bpf {
    /// Begins to count. Needs the privileges that [`SourceError::NotPermitted`] names.
    pub fn open(settings: BpfSettings, now: Timestamp) -> Result<Self, SourceError> {
        let namespace = Namespace::find(settings.network_namespace.as_deref())?;
        let clock = KernelClock::start(now, clock::monotonic()?);
        let programs = Programs::load(settings.flows_max)?;
        let opened_in = settings.window.window_of(now);
        let unseen = Loss { window: opened_in, packets: 0, bytes: 0, cause: LossCause::NotWatching };
        let mut source = Self {
            settings,
            namespace,
            programs,
            clock,
            names: HashMap::new(),
            next: opened_in,
            known: [Totals::default(); 2],
            taken: Vec::new(),
            not_yet_told: vec![unseen],
        };
        source.set_clock()?;
        if source.watch_interfaces()? == 0 {
            return Err(SourceError::NothingToWatch);
        }
        source.programs.start()?;
        Ok(source)
    }

    /// What the kernel counted so far.
    pub fn traffic(&self) -> Result<Traffic, SourceError> {
        let all = self.programs.totals(0)?.plus(self.programs.totals(1)?);
        Ok(Traffic {
            forwarded: all.forwarded,
            refused: all.refused,
            local: all.local,
            lost: all.full.plus(all.late),
        })
    }

    fn set_clock(&self) -> Result<(), SourceError> {
        self.programs.set(self.clock.offset_nanos(), self.settings.window, self.namespace.inode())
    }

    /// Follows interfaces that come and go; returns how many are watched.
    fn watch_interfaces(&mut self) -> Result<usize, SourceError> {
        let all = gateway::interfaces(&self.namespace)?;
        let wanted = chosen(&all, &self.settings.interfaces)?;
        let count = wanted.len();
        self.programs.watch(&self.namespace, &wanted)?;
        // Names of interfaces that are gone stay: the window that is being delivered may speak of them.
        self.names.extend(all.into_iter().map(|interface| (interface.index, interface.name.into())));
        Ok(count)
    }

    /// Takes what the kernel counted out of the maps of these parities.
    fn take(&mut self, parities: &[usize]) -> Result<(), SourceError> {
        let mut judge = Judge::new(&self.namespace, &self.names);
        let taken = &mut self.taken;
        parities
            .iter()
            .try_for_each(|parity| self.programs.drain(*parity, |entry| taken.push(judge.event(entry))))
    }

    /// Completes every window before `current`; returns what they lost.
    fn complete(&mut self, current: Window) -> Result<Vec<Loss>, SourceError> {
        let in_time = self.next.next() == current;
        let parities = if in_time { vec![parity(self.next)] } else { vec![0, 1] };
        // When late, the current window fills the same map; its flows so far become events of their own.
        self.take(&parities)?;
        for parity in parities {
            let lost = self.losses(parity, current)?;
            self.not_yet_told.extend(lost);
        }
        self.next = current;
        Ok(self.not_yet_told.extract_if(.., |loss| loss.window < current).collect())
    }

    /// What windows of one parity lost since the last look.
    ///
    /// The kernel cannot say which of several windows lost something: every one that can have is told of, and the
    /// newest tells how much.
    fn losses(&mut self, of: usize, current: Window) -> Result<Vec<Loss>, SourceError> {
        let totals = self.programs.totals(of)?;
        let Some(known) = self.known.get_mut(of) else { return Ok(Vec::new()) };
        let before = std::mem::replace(known, totals);
        let in_time = self.next.next() == current;
        let mut windows = windows_between(self.next, current, of);
        if !in_time && parity(current) == of {
            windows.push(current);
        }
        let mut losses = told(LossCause::TooManyFlows, difference(totals.full, before.full), &windows);
        // The first window found its map empty, so nothing was late in it.
        let late_in = windows.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&windows);
        losses.extend(told(LossCause::PolledLate, difference(totals.late, before.late), late_in));
        Ok(losses)
    }
}

impl Source for Bpf {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        match self.clock.follow(now, clock::monotonic()?) {
            Followed::AsBefore => {}
            Followed::Nearer => self.set_clock()?,
            Followed::Set { millis } => return Err(SourceError::ClockSet { millis }),
        }
        let current = self.settings.window.window_of(now.minus(DRAIN_GRACE));
        let mut losses = Vec::new();
        if self.next < current {
            self.watch_interfaces()?;
            losses = self.complete(current)?;
            events.append(&mut self.taken);
        }
        Ok(Progress {
            complete_until: self.next.start(),
            losses,
            poll_again: self.next.end().plus(DRAIN_GRACE),
        })
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), SourceError> {
        self.take(&[0, 1])?;
        events.append(&mut self.taken);
        Ok(())
    }
}

/// The interfaces to watch among those that exist.
fn chosen<'a>(all: &'a [Interface], named: &[String]) -> Result<Vec<&'a Interface>, SourceError> {
    if named.is_empty() {
        return Ok(all.iter().filter(|interface| !interface.addresses.is_empty()).collect());
    }
    named
        .iter()
        .map(|name| {
            all.iter()
                .find(|interface| interface.name == *name)
                .ok_or_else(|| SourceError::NoInterface { name: name.clone() })
        })
        .collect()
}

/// Which of the two maps a window is summed in.
fn parity(window: Window) -> usize {
    let number = window.start().seconds() / i64::from(window.length().seconds());
    usize::from(number % 2 != 0)
}

/// The windows of one parity from `first` to before `until`, at most the newest [`LATE_WINDOWS_MAX`], oldest first.
fn windows_between(first: Window, until: Window, of: usize) -> Vec<Window> {
    let told_at_most =
        until.length().duration().saturating_mul(u32::try_from(LATE_WINDOWS_MAX).unwrap_or(u32::MAX));
    let oldest_told = until.length().window_of(until.start().minus(told_at_most));
    let mut windows = Vec::new();
    let mut window = first.max(oldest_told);
    while window < until {
        if parity(window) == of {
            windows.push(window);
        }
        window = window.next();
    }
    windows
}

/// The losses of `windows`, oldest first, of which the newest carries the number.
fn told(cause: LossCause, lost: Counters, windows: &[Window]) -> Vec<Loss> {
    if lost.packets == 0 {
        return Vec::new();
    }
    let newest = windows.last();
    let of = |window: &Window| if Some(window) == newest { lost } else { Counters::default() };
    let loss = |window: &Window| {
        let Counters { packets, bytes } = of(window);
        Loss { window: *window, packets, bytes, cause }
    };
    windows.iter().map(loss).collect()
}

fn difference(now: Counters, before: Counters) -> Counters {
    Counters {
        packets: now.packets.saturating_sub(before.packets),
        bytes: now.bytes.saturating_sub(before.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: i64) -> Window {
        WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
    }

    #[test]
    fn neighbouring_windows_never_share_a_map() {
        for number in [-3, -1, 0, 1, 2, 29_000_001] {
            assert_ne!(parity(minute(number)), parity(minute(number + 1)), "window {number}");
        }
    }

    #[test]
    fn a_late_call_reports_at_most_a_day_of_windows() {
        assert_eq!(windows_between(minute(10), minute(13), 0), [minute(10), minute(12)]);
        assert_eq!(windows_between(minute(0), minute(1_000_000), 0).len(), LATE_WINDOWS_MAX / 2);
    }

    #[test]
    fn an_interface_that_is_not_there_is_quoted() {
        let all = [Interface { name: "eth0".to_owned(), index: 2, addresses: Vec::new() }];
        let error = chosen(&all, &["eht0".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("`eht0`"), "{error}");
        assert!(chosen(&all, &[]).unwrap().is_empty(), "an interface without an address forwards nothing");
        assert_eq!(chosen(&all, &["eth0".to_owned()]).unwrap().len(), 1);
    }
}
