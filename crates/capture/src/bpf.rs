//! Counts in the kernel what a gateway forwards and refuses.
//!
//! Hides: that the kernel sums even and odd windows in separate maps, when a map may be emptied, and how what was not
//! counted is found out.
//! Knows nothing of: what becomes of events; single kernel structures (`layout`) and how programs are loaded (`program`).

mod clock;
mod delivery;
mod early;
mod judge;
pub(crate) mod layout;
mod map;
mod note;
mod opening;
mod pins;
mod program;
mod told;
mod totals;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flow::{Counters, Event, KernelTotal, Loss, LossCause, Timestamp, Window, WindowLength};

use crate::gateway::{self, Interface};
use crate::namespace::Namespace;
use crate::source::{Progress, Rest, Source, SourceError};
use crate::variant::Variant;
use clock::{Followed, KernelClock};
use delivery::Delivery;
use early::Early;
use judge::Judge;
use layout::{Totals, less};
use note::{Note, Settings};
use opening::{Opening, Prepared, window_nanos};
pub use pins::PinError;
use pins::Pins;
pub use pins::check_filesystem as check_pin_folder;
pub(crate) use pins::sweep as sweep_pins;
use program::Programs;
use told::{number, numbered, told, unwatched, windows_between};
use totals::{KernelTotals, shares};

/// How long after its end a window is left alone: packets that were counted at its last moment are written by then.
pub const DRAIN_GRACE: Duration = Duration::from_millis(250);

/// How often the source looks for interfaces that are new: what passes them until then is in no event. A look takes a
/// tenth of a millisecond.
const LOOK_FOR_INTERFACES_EVERY: Duration = Duration::from_secs(1);

/// The most flows of one address family in one window, unless the operator says otherwise.
///
/// At about 200 bytes a flow and four maps this bounds the kernel's memory to 200 MB; it is taken as flows come.
pub const FLOWS_MAX_DEFAULT: u32 = 262_144;

/// Where pins are kept unless the operator says otherwise.
pub const PIN_FOLDER_DEFAULT: &str = "/sys/fs/bpf/natlens";

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
    /// How what leaves is counted; `None` takes the first that the kernel offers.
    pub variant: Option<Variant>,
    /// A folder of the bpf file system that keeps the programs counting while no agent runs. With `None`, or where
    /// there is no such file system, what is watched ends with the source.
    pub pin_folder: Option<PathBuf>,
}

impl Default for BpfSettings {
    fn default() -> Self {
        Self {
            network_namespace: None,
            interfaces: Vec::new(),
            window: WindowLength::default(),
            flows_max: FLOWS_MAX_DEFAULT,
            variant: None,
            pin_folder: None,
        }
    }
}

/// What the kernel counted since the source was opened, or, when pinned, since the first of those that took over from
/// each other; whether or not it has been delivered.
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

/// Events from programs in the kernel. What is watched ends with this value, unless it is pinned.
#[derive(Debug)]
pub struct Bpf {
    settings: BpfSettings,
    namespace: Namespace,
    netns_cookie: u64,
    pins: Option<Pins>,
    programs: Programs,
    clock: KernelClock,
    names: HashMap<u32, Arc<str>>,
    /// The first window that is not delivered.
    next: Window,
    /// From when on everything was watched.
    since: Timestamp,
    /// When the source last looked for new interfaces.
    looked: Timestamp,
    /// The totals of even and odd windows as they were when last looked at.
    known: [Totals; 2],
    /// What was taken out of the maps of even and odd windows, or is told to be missing from them.
    delivered: [Counters; 2],
    /// What an earlier agent took and did not keep.
    missing: Counters,
    /// The windows that are being delivered, in several calls when their flows are many.
    delivery: Option<Delivery>,
    early: Early,
    noted: Note,
    /// Taken from the kernel and not yet given to the caller, because a later step failed.
    taken: Vec<Event>,
    /// Losses that are known before their window is complete, or before a step that failed.
    not_yet_told: Vec<Loss>,
    /// What the kernel counted in windows that are complete.
    totals: KernelTotals,
}

impl Bpf {
    /// Begins to count, or goes on where an earlier source left its pins. Needs the privileges that
    /// [`SourceError::NotPermitted`] names.
    pub fn open(settings: BpfSettings, now: Timestamp) -> Result<Self, SourceError> {
        let namespace = Namespace::find(settings.network_namespace.as_deref())?;
        let opening = Opening::new(settings, namespace, now)?;
        let prepared = match opening.settings.variant {
            Some(variant) => opening.prepare(variant),
            None => match opening.prepare(Variant::Tcx) {
                Err(error @ SourceError::Kernel { .. }) => {
                    tracing::info!(%error, "the kernel lacks what the variant `tcx` needs; taking `tracing`");
                    opening.prepare(Variant::Tracing)
                }
                prepared => prepared,
            },
        };
        Self::begin(opening, prepared?)
    }

    fn begin(opening: Opening, (programs, before): Prepared) -> Result<Self, SourceError> {
        let Opening { settings, namespace, netns_cookie, clock, pins, now } = opening;
        let opened_in = settings.window.window_of(now);
        let (clock, note) = match before {
            Some((settings, note)) => (clock.or_earlier(settings.clock_offset), note),
            None => (clock, Note::first(number(opened_in), now)),
        };
        let mut source = Self {
            next: numbered(note.next, settings.window),
            since: note.since,
            looked: now,
            known: note.known,
            totals: KernelTotals::told_until(note.known),
            delivered: note.delivered,
            noted: note,
            missing: Counters::default(),
            delivery: None,
            early: Early::default(),
            taken: Vec::new(),
            not_yet_told: Vec::new(),
            names: HashMap::new(),
            settings,
            namespace,
            netns_cookie,
            pins,
            programs,
            clock,
        };
        source.programs.write_down(&note)?;
        source.set_clock()?;
        let (watched, new_interfaces) = source.watch_interfaces()?;
        if watched == 0 {
            return Err(SourceError::NothingToWatch);
        }
        let new_programs = source.programs.start()?;
        if new_interfaces + new_programs > 0 {
            source.since = source.clock.moment(clock::monotonic()?);
            source.noted = Note { since: source.since, ..note };
            source.programs.write_down(&source.noted)?;
        }
        source.not_yet_told = unwatched(source.next, source.since);
        tracing::info!(
            variant = source.programs.variant().as_str(),
            pinned = source.pins.is_some(),
            since = %source.since,
            "counting in the kernel"
        );
        Ok(source)
    }

    /// What the kernel counted so far.
    pub fn traffic(&self) -> Result<Traffic, SourceError> {
        let all = self.programs.totals(0)?.plus(self.programs.totals(1)?);
        Ok(Traffic {
            forwarded: all.forwarded,
            refused: all.refused,
            local: all.local,
            lost: all.full.plus(all.late).plus(self.missing),
        })
    }

    fn set_clock(&self) -> Result<(), SourceError> {
        self.programs.set(&Settings {
            clock_offset: self.clock.offset_nanos(),
            window_length: window_nanos(self.settings.window),
            netns_cookie: self.netns_cookie,
            netns: self.namespace.inode(),
        })
    }

    /// Follows interfaces that come and go; returns how many are watched, and how many of them are new.
    fn watch_interfaces(&mut self) -> Result<(usize, usize), SourceError> {
        let all = gateway::interfaces(&self.namespace)?;
        let wanted = chosen(&all, &self.settings.interfaces)?;
        let count = wanted.len();
        let new = self.programs.watch(&self.namespace, &wanted)?;
        // Names of interfaces that are gone stay: the window that is being delivered may speak of them.
        self.names.extend(all.into_iter().map(|interface| (interface.index, interface.name.into())));
        Ok((count, new))
    }

    /// Follows interfaces; windows in which one may have been there unwatched are marked.
    fn look_for_interfaces(&mut self, now: Timestamp) -> Result<(), SourceError> {
        let (_, new) = self.watch_interfaces()?;
        if new > 0 {
            let first = self.next.max(self.settings.window.window_of(self.looked));
            for loss in unwatched(first, now) {
                let known = self.not_yet_told.contains(&loss);
                if !known {
                    self.not_yet_told.push(loss);
                }
            }
            self.since = now;
        }
        self.looked = now;
        Ok(())
    }

    /// Gives the next part of what is being delivered; with the last part, returns what the windows lost.
    fn deliver(&mut self) -> Result<Vec<Loss>, SourceError> {
        let Some(delivery) = &mut self.delivery else { return Ok(Vec::new()) };
        let judge = Judge::new(&self.namespace, &self.names);
        let is_through = delivery.take(&self.programs, judge, &mut self.delivered, &mut self.taken)?;
        let Some(delivery) = self.delivery.take_if(|_| is_through) else { return Ok(Vec::new()) };
        if let Err(error) = self.complete(&delivery) {
            self.delivery = Some(delivery);
            return Err(error);
        }
        Ok(self.not_yet_told.extract_if(.., |loss| loss.window < delivery.until()).collect())
    }

    /// Completes the windows of a delivery whose maps are empty.
    fn complete(&mut self, delivery: &Delivery) -> Result<(), SourceError> {
        for &parity in delivery.parities() {
            self.account(parity, delivery)?;
        }
        self.early.completed(delivery.parities(), delivery.until(), delivery.sums());
        self.next = delivery.until();
        Ok(())
    }

    /// Holds what was taken from the maps of one parity against what the kernel counted.
    fn account(&mut self, of: usize, delivery: &Delivery) -> Result<(), SourceError> {
        let totals = self.programs.totals(of)?;
        // Of this moment, not of when the delivery began: the totals have what was counted since.
        let live = self.settings.window.window_of(self.clock.moment(clock::monotonic()?));
        let windows = windows_between(self.next, delivery.until(), of);
        let incomplete = delivery.not_complete(of, live);
        let losses = self.losses(of, totals, (&windows, incomplete));
        match (&windows[..], incomplete) {
            ([only], None) => self.totals.tell(of, totals, vec![KernelTotal::nothing(*only)]),
            (several, None) => self.totals.tell(of, totals, shares(several, delivery.sums(), &losses)),
            (before, Some(_)) => self.totals.tell_shares(of, shares(before, delivery.sums(), &losses)),
        }
        self.not_yet_told.extend(losses);
        Ok(())
    }

    /// What windows of one parity lost since the last look.
    ///
    /// The kernel cannot say which of several windows lost something: every one that can have is told of, and the
    /// newest tells how much.
    fn losses(
        &mut self,
        of: usize,
        totals: Totals,
        (complete, incomplete): (&[Window], Option<Window>),
    ) -> Vec<Loss> {
        let Some(known) = self.known.get_mut(of) else { return Vec::new() };
        let before = std::mem::replace(known, totals);
        let mut losses = Vec::new();
        if incomplete.is_none() {
            // While packets are being counted, totals and maps cannot be compared; the next completion will.
            // An earlier agent took from its last window only, so from the first of these.
            losses.extend(self.not_kept(of, complete.first().copied(), totals));
        }
        let windows: Vec<Window> = complete.iter().copied().chain(incomplete).collect();
        losses.extend(told(LossCause::TooManyFlows, less(totals.full, before.full), &windows));
        // The first window found its map empty, so nothing was late in it.
        let late_in = windows.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&windows);
        losses.extend(told(LossCause::PolledLate, less(totals.late, before.late), late_in));
        losses
    }

    /// What was counted, and neither is in the maps nor was delivered: somebody took it and ended before it was kept.
    fn not_kept(&mut self, of: usize, first: Option<Window>, totals: Totals) -> Option<Loss> {
        let delivered = self.delivered.get_mut(of)?;
        let missing = less(totals.in_maps(), *delivered);
        *delivered = totals.in_maps();
        self.missing = self.missing.plus(missing);
        told(LossCause::NotKept, missing, &[first?]).pop()
    }
}

/// Lets go of the programs that earlier sources left counting in the namespace, and of those whose namespace is gone;
/// returns whether there were any in this one.
pub fn unpin(network_namespace: Option<&str>, pin_folder: &Path) -> Result<bool, SourceError> {
    let inode = Namespace::find(network_namespace)?.inode();
    pins::sweep(pin_folder);
    let there_are = pins::exist(pin_folder, inode);
    if there_are {
        Pins::take(pin_folder, inode)?.remove()?;
    }
    Ok(there_are)
}

impl Source for Bpf {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        match self.clock.follow(now, clock::monotonic()?) {
            Followed::AsBefore => {}
            Followed::Nearer => self.set_clock()?,
            Followed::Set { millis } => {
                // What is counted under the old time cannot be placed in the new one, not by the next source either.
                self.pins.as_ref().map(Pins::clear).transpose()?;
                return Err(SourceError::ClockSet { millis });
            }
        }
        let current = self.settings.window.window_of(now.minus(DRAIN_GRACE));
        let begins = self.next < current && self.delivery.is_none();
        if begins || self.looked.plus(LOOK_FOR_INTERFACES_EVERY) <= now {
            self.look_for_interfaces(now)?;
        }
        if begins {
            self.delivery = Some(Delivery::begin(self.next, current));
        }
        let losses = self.deliver()?;
        give(&mut self.taken, events);
        let next_look = self.looked.plus(LOOK_FOR_INTERFACES_EVERY);
        let goes_on = self.delivery.is_some();
        Ok(Progress {
            complete_until: self.next.start(),
            losses,
            totals: if goes_on { Vec::new() } else { self.totals.take() },
            poll_again: if goes_on { now } else { self.next.end().plus(DRAIN_GRACE).min(next_look) },
        })
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        // What was being delivered ends with it, too: no window is complete, so all maps hold the same.
        let begun = self.delivery.take_if(|delivery| delivery.until() == self.next);
        let mut rest = begun.unwrap_or_else(|| Delivery::begin(self.next, self.next));
        let judge = Judge::new(&self.namespace, &self.names);
        let is_through = rest.take(&self.programs, judge, &mut self.delivered, &mut self.taken)?;
        give(&mut self.taken, events);
        self.early = Early::default();
        self.delivery = (!is_through).then_some(rest);
        Ok(if is_through { Rest::Nothing } else { Rest::More })
    }

    fn kept(&mut self) -> Result<(), SourceError> {
        let note = Note {
            next: number(self.next),
            since: self.since,
            known: early::told_of(self.known, self.totals.told(), &self.not_yet_told),
            delivered: self.early.without_taken(self.delivered),
        };
        let given_in_part = self.delivery.is_some() || !self.taken.is_empty();
        if given_in_part || note == self.noted {
            return Ok(());
        }
        self.programs.write_down(&note)?;
        self.noted = note;
        Ok(())
    }

    fn variant(&self) -> Option<Variant> {
        Some(self.programs.variant())
    }

    fn watching_since(&self) -> Option<Timestamp> {
        Some(self.since.max(numbered(self.noted.next, self.settings.window).start()))
    }
}

/// Moves events without a second copy of a million of them.
fn give(taken: &mut Vec<Event>, events: &mut Vec<Event>) {
    if events.is_empty() {
        std::mem::swap(taken, events);
    } else {
        events.append(taken);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_that_is_not_there_is_quoted() {
        let all = [Interface { name: "eth0".to_owned(), index: 2, addresses: Vec::new() }];
        let error = chosen(&all, &["eht0".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("`eht0`"), "{error}");
        assert!(chosen(&all, &[]).unwrap().is_empty(), "an interface without an address forwards nothing");
        assert_eq!(chosen(&all, &["eth0".to_owned()]).unwrap().len(), 1);
    }
}
