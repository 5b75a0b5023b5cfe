//! Sums events per window and closes windows into records.
//!
//! Hides: which windows are open, how counters fold, what becomes of late events and of gaps.
//! Knows nothing of: where events come from, where records go, what time it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::{
    Counters, Event, FlowLog, FlowLogId, KernelTotal, Loss, LossCause, Record, TimeRange, Timestamp, TopicId,
    Window,
};

use crate::balance::{Balance, taken_back};
use crate::conversation::{CONVERSATIONS_MAX, Conversations, Seen};
use crate::ends::Ends;
use crate::flows::{Added, Flows};
use crate::inventory::Inventory;
use crate::matching::{self, collects, speaks_for};
use crate::row::{Stamp, collected_by, direction, place};
use crate::settings::WindowSettings;

/// The most flows summed at once, over all open windows.
///
/// At about 100 bytes a flow this bounds open windows to 100 MB. Past it, packets of flows not yet in the window are
/// lost: counted, and reported as SKIPDATA when the window closes.
pub const OPEN_FLOWS_MAX: usize = 1_000_000;

/// The most records that are made at once of what one flow log collects: about 10 MB, and a batch.
pub const PART_RECORDS_MAX: usize = 20_000;

/// The most windows in a row that are closed with one NODATA record each.
///
/// A day of one-minute windows. A longer silence means that the host slept or its clock jumped: what is older than
/// these windows becomes one SKIPDATA record.
pub const QUIET_WINDOWS_MAX: u32 = 1440;

/// Sums the events of each flow per window.
///
/// Not lost silently, and counted in packets of both directions: events and losses of a window that is closed
/// already, which are reported with the next window that closes, and flows past [`OPEN_FLOWS_MAX`].
#[derive(Debug)]
pub struct Windows {
    settings: WindowSettings,
    stamp: Stamp,
    inventory: Arc<Inventory>,
    open: BTreeMap<Window, Open>,
    open_flows: usize,
    open_flows_max: usize,
    conversations: Conversations,
    /// The first window that is not closed; `None` before the first `close`.
    next: Option<Window>,
    /// What came too late since the last close.
    late: Balance,
    unwatched: Unwatched,
}

/// The windows that were not watched in full.
#[derive(Debug)]
struct Unwatched {
    /// Those that begin before it.
    until: Timestamp,
    cause: LossCause,
}

/// A window that will not change any more, with what each flow log collected in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedWindow {
    /// The window; of a long gap the first.
    pub window: Window,
    /// The first moment after it; of a long gap the first moment after the gap, of a window closed early that moment.
    pub until: Timestamp,
    /// Whether it is complete.
    pub balance: Balance,
    /// One entry for each flow log, in the order given to `close`.
    pub collected: Vec<Collected>,
}

/// The records of one flow log in one window: empty only when the gateway does not know the flow log's resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// Which flow log.
    pub flow_log: FlowLogId,
    /// Where its records go.
    pub topic: TopicId,
    /// Its records, ordered by flow key and verdict; SKIPDATA last.
    pub records: Vec<Record>,
}

impl Windows {
    /// No window is open, none is closed.
    pub fn new(settings: WindowSettings) -> Self {
        Self {
            stamp: Stamp::new(&settings),
            inventory: Arc::default(),
            open: BTreeMap::new(),
            open_flows: 0,
            open_flows_max: OPEN_FLOWS_MAX,
            conversations: Conversations::new(&settings.gateway, CONVERSATIONS_MAX),
            next: None,
            late: Balance::default(),
            unwatched: Unwatched { until: TimeRange::ALWAYS.from, cause: LossCause::AgentDown },
            settings,
        }
    }

    /// The same, with another limit than [`OPEN_FLOWS_MAX`].
    #[must_use]
    pub fn with_open_flows_max(mut self, flows: usize) -> Self {
        self.open_flows_max = flows;
        self
    }

    /// Uses the names and prefixes of `inventory` for every window that closes from now on.
    pub fn use_inventory(&mut self, inventory: Arc<Inventory>) {
        self.inventory = inventory;
    }

    /// Continues after an earlier run: windows that end at or before `closed_until` count as closed.
    ///
    /// Windows between it and the first `close` are then quiet windows, unless something is observed or lost in them.
    pub fn resume(&mut self, closed_until: Timestamp) {
        let window = self.settings.length.window_of(closed_until);
        self.next = Some(self.next.map_or(window, |next| next.max(window)));
    }

    /// Notes that nobody watched before `moment`, and why: windows that begin before it and are not closed yet miss
    /// an unknown number of packets.
    pub fn watched_since(&mut self, moment: Timestamp, cause: LossCause) {
        self.unwatched = Unwatched { until: moment, cause };
    }

    /// The first moment that is in no closed window; `None` before the first `close` or `resume`.
    pub fn closed_until(&self) -> Option<Timestamp> {
        self.next.map(Window::start)
    }

    /// How many flows the open windows hold.
    pub fn open_flows(&self) -> usize {
        self.open_flows
    }

    /// What stands for records of `flow_log` that could not be kept: that `packets` of `range` are missing.
    pub fn skipped(&self, flow_log: &FlowLog, range: TimeRange, packets: u64) -> Collected {
        // Whatever the inventory says by now: the records that are missing were of this flow log.
        let record = collected_by(flow_log, self.stamp.skip_data(range.from, range.to, packets));
        Collected { flow_log: flow_log.id.clone(), topic: flow_log.topic.clone(), records: vec![record] }
    }

    /// The rows of the ledger about a range of time.
    pub fn ledger(&self, range: TimeRange, balance: &Balance) -> Vec<Record> {
        balance.rows(&self.stamp, range)
    }

    /// The row of the ledger that takes back records of `flow_log`, which were lost on their way to the server.
    pub fn taken_back(&self, flow_log: &FlowLogId, loss: &Loss) -> Record {
        let range = TimeRange { from: loss.window.start(), to: loss.window.end() };
        taken_back(&self.stamp, range, (loss.cause, loss.counters()), flow_log)
    }

    /// Adds an event to its window.
    ///
    /// The window is that of the event's first packet; a last packet beyond it is taken as its last millisecond.
    pub fn observe(&mut self, event: Event) {
        let packets = event.forward.plus(event.reply);
        let window = self.settings.length.window_of(event.first);
        if self.next.is_some_and(|next| window < next) {
            self.late.lose(LossCause::Late, packets);
            return;
        }
        let event = Event {
            last: event.last.clamp(event.first, Timestamp::from_millis(window.end().millis() - 1)),
            ..event
        };
        let open = self.open.entry(window).or_default();
        // What the other open windows hold is not free.
        let room = open.flows.len() + self.open_flows_max.saturating_sub(self.open_flows);
        match open.flows.add(&event, window.start(), room) {
            Added::Known => open.balance.record(&event.verdict, packets),
            Added::New => {
                self.open_flows += 1;
                open.balance.record(&event.verdict, packets);
            }
            Added::NoRoom => open.balance.lose(LossCause::WindowsFull, packets),
        }
    }

    /// Notes that packets of a window are missing.
    pub fn lose(&mut self, loss: &Loss) {
        self.balance_of(loss.window).lose(loss.cause, loss.counters());
    }

    /// Notes what the kernel counted in a window.
    pub fn count(&mut self, total: &KernelTotal) {
        self.balance_of(total.window).count(total);
    }

    /// What is told of a closed window counts in the next that closes.
    fn balance_of(&mut self, window: Window) -> &mut Balance {
        if self.next.is_some_and(|next| window < next) {
            &mut self.late
        } else {
            &mut self.open.entry(window).or_default().balance
        }
    }

    /// Closes every window that ends at or before `complete_until`, oldest first.
    ///
    /// `flow_logs` are those enabled now: each collects every window that closes. The first call decides where the
    /// record begins: at the oldest event, or at `complete_until` when there was none.
    pub fn close(&mut self, complete_until: Timestamp, flow_logs: &[FlowLog]) -> Vec<ClosedWindow> {
        let mut whole = Parts { records_max: usize::MAX, each: &mut |_| {} };
        self.close_until(complete_until, flow_logs, &mut whole)
    }

    /// The same, in little memory: of what a flow log collects in one window, every full [`PART_RECORDS_MAX`] records
    /// go to `each` as soon as they are made. What is returned holds the rest, which is never nothing.
    pub fn close_in_parts(
        &mut self,
        complete_until: Timestamp,
        flow_logs: &[FlowLog],
        each: &mut dyn FnMut(Collected),
    ) -> Vec<ClosedWindow> {
        self.close_until(complete_until, flow_logs, &mut Parts { records_max: PART_RECORDS_MAX, each })
    }

    fn close_until(
        &mut self,
        complete_until: Timestamp,
        flow_logs: &[FlowLog],
        parts: &mut Parts<'_>,
    ) -> Vec<ClosedWindow> {
        let current = self.settings.length.window_of(complete_until);
        let oldest = self.open.keys().next().map_or(current, |window| current.min(*window));
        let mut cursor = self.next.unwrap_or(oldest);
        if cursor < current && self.late != Balance::default() {
            let late = std::mem::take(&mut self.late);
            self.open.entry(cursor).or_default().balance.add(&late);
        }
        let mut closed = Vec::new();
        while cursor < current {
            let busy = self.open.keys().next().copied().filter(|window| *window < current);
            if busy == Some(cursor) {
                closed.push(self.close_one((cursor, cursor.end()), flow_logs, parts));
                cursor = cursor.next();
            } else {
                let quiet_until = busy.unwrap_or(current);
                closed.extend(self.close_quiet(cursor, quiet_until, flow_logs));
                cursor = quiet_until;
            }
        }
        self.next = Some(cursor);
        closed
    }

    /// Closes all windows that hold something, complete or not, oldest first: the end of a run, at `now`.
    ///
    /// What a later run observes in the last of them becomes further records of the same window.
    /// Full parts of them go to `each`: see [`Windows::close_in_parts`].
    pub fn close_early(
        &mut self,
        now: Timestamp,
        flow_logs: &[FlowLog],
        each: &mut dyn FnMut(Collected),
    ) -> Vec<ClosedWindow> {
        self.close_open(now, flow_logs, &mut Parts { records_max: PART_RECORDS_MAX, each })
    }

    fn close_open(
        &mut self,
        now: Timestamp,
        flow_logs: &[FlowLog],
        parts: &mut Parts<'_>,
    ) -> Vec<ClosedWindow> {
        let windows: Vec<Window> = self.open.keys().copied().collect();
        let until = |window: Window| now.clamp(window.start(), window.end());
        windows.into_iter().map(|window| self.close_one((window, until(window)), flow_logs, parts)).collect()
    }

    fn close_one(
        &mut self,
        (window, until): (Window, Timestamp),
        flow_logs: &[FlowLog],
        parts: &mut Parts<'_>,
    ) -> ClosedWindow {
        let Open { flows, mut balance } = self.open.remove(&window).unwrap_or_default();
        self.note_unwatched(window, &mut balance);
        let lost = balance.lost();
        self.open_flows -= flows.len();
        let mut records: Vec<Vec<Record>> = vec![Vec::new(); flow_logs.len()];
        for (key, of_one_key) in flows.into_groups(window.start()) {
            let Some(seen) = of_one_key.iter().map(|(_, sum)| sum.seen()).reduce(join) else { continue };
            let conversation = self.conversations.advance(&key, seen, window.end());
            let ends = Ends::of(&key, &self.inventory, self.stamp.vpc());
            for (verdict, sum) in &of_one_key {
                let mut record = self.stamp.flow(&key, sum, conversation);
                record.direction = Some(direction(&self.settings, &key.original));
                self.stamp.judge(&mut record, verdict);
                place(&mut record, &ends);
                let seen = matching::Seen { verdict, interfaces: sum.interfaces(), ends };
                let collecting = flow_logs
                    .iter()
                    .zip(&mut records)
                    .filter(|(flow_log, _)| collects(flow_log, &self.settings, seen));
                for (flow_log, rows) in collecting {
                    parts.make_room(flow_log, rows);
                    rows.push(collected_by(flow_log, record.clone()));
                }
            }
        }
        self.conversations.forget(window.end());

        let collected = flow_logs
            .iter()
            .zip(records)
            .map(|(flow_log, rows)| self.collected(flow_log, rows, (window.start(), window.end()), lost));
        ClosedWindow { window, until, collected: collected.collect(), balance }
    }

    /// Closes the windows from `first` to before `until`, in which nothing happened.
    fn close_quiet(&self, first: Window, until: Window, flow_logs: &[FlowLog]) -> Vec<ClosedWindow> {
        let empty = |window: Window, until: Timestamp, balance: Balance| {
            let lost = balance.lost();
            let collected = flow_logs
                .iter()
                .map(|flow_log| self.collected(flow_log, Vec::new(), (window.start(), until), lost))
                .collect();
            ClosedWindow { window, until, balance, collected }
        };
        let oldest_told = until.start().minus(self.settings.length.duration() * QUIET_WINDOWS_MAX);
        let mut window = first.max(self.settings.length.window_of(oldest_told));
        let mut closed = Vec::new();
        if first < window {
            let watched = first.start() >= self.unwatched.until;
            let cause = if watched { LossCause::ClockSet } else { self.unwatched.cause };
            let mut gap = Balance::default();
            gap.lose(cause, Counters::default());
            closed.push(empty(first, window.start(), gap));
        }
        while window < until {
            let mut balance = Balance::default();
            self.note_unwatched(window, &mut balance);
            closed.push(empty(window, window.end(), balance));
            window = window.next();
        }
        closed
    }

    /// An unknown number of packets is lost when the window was not watched in full, unless the source said so.
    fn note_unwatched(&self, window: Window, balance: &mut Balance) {
        if window.start() < self.unwatched.until && !balance.has_lost(LossCause::NotWatching) {
            balance.lose(self.unwatched.cause, Counters::default());
        }
    }

    /// The records of `flow_log`, with the one that speaks of silence or loss.
    fn collected(
        &self,
        flow_log: &FlowLog,
        mut records: Vec<Record>,
        (start, end): (Timestamp, Timestamp),
        lost: Option<u64>,
    ) -> Collected {
        // NODATA claims that nothing happened, which nobody can claim of a window with a loss.
        match lost {
            _ if !speaks_for(flow_log, &self.settings, &self.inventory) => {}
            Some(lost) => records.push(collected_by(flow_log, self.stamp.skip_data(start, end, lost))),
            None if records.is_empty() => {
                records.push(collected_by(flow_log, self.stamp.no_data(start, end)))
            }
            None => {}
        }
        Collected { flow_log: flow_log.id.clone(), topic: flow_log.topic.clone(), records }
    }
}

/// Where full parts of what is collected go.
struct Parts<'a> {
    records_max: usize,
    each: &'a mut dyn FnMut(Collected),
}

impl Parts<'_> {
    /// Gives the records away when no more belong in one part.
    fn make_room(&mut self, flow_log: &FlowLog, records: &mut Vec<Record>) {
        if records.len() >= self.records_max {
            let (id, topic) = (flow_log.id.clone(), flow_log.topic.clone());
            (self.each)(Collected { flow_log: id, topic, records: std::mem::take(records) });
        }
    }
}

/// A window that still takes events.
#[derive(Debug, Default)]
struct Open {
    flows: Flows,
    balance: Balance,
}

fn join(left: Seen, right: Seen) -> Seen {
    Seen {
        first: left.first.min(right.first),
        last: left.last.max(right.last),
        tcp_flags: left.tcp_flags | right.tcp_flags,
        answered: left.answered || right.answered,
    }
}

#[cfg(test)]
mod tests;
