//! Remembers what is missing on the server and has not been told: windows whose records found no room in the spool,
//! and batches that will not arrive.
//!
//! Hides: that many of them become one SKIPDATA record for each flow log, and few rows of the ledger.
//! Knows nothing of: why there was no room, files.

use std::collections::BTreeMap;

use flow::{Counters, FlowLog, FlowLogId, Loss, LossCause, Record, TimeRange, Window};
use window::{Balance, ClosedWindow, Collected, Windows};

use crate::batching::{Early, told_of_all};

/// What is missing since something last found room: windows need a fixed room here, however long that lasts, and
/// batches no more than the spool has windows.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    by_flow_log: BTreeMap<FlowLogId, Gap>,
    /// What the ledger does not know of the windows.
    windows: Option<(TimeRange, Balance)>,
    batches: BTreeMap<(Window, LossCause, FlowLogId), Counters>,
}

#[derive(Debug)]
struct Gap {
    flow_log: FlowLog,
    range: TimeRange,
    packets: u64,
}

impl Withheld {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_flow_log.is_empty() && self.windows.is_none() && self.batches.is_empty()
    }

    /// Forgets the gaps, because what stands for them is spooled.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds the windows to the gaps; returns what of both directions is now in no record.
    ///
    /// `early` is what their records were before the rest. That is the most of any flow log, because several collect the same packets; those lost before are not in it.
    pub(crate) fn add(&mut self, closed: &[ClosedWindow], early: &Early, flow_logs: &[FlowLog]) -> Counters {
        let mut most = Counters::default();
        for (place, flow_log) in flow_logs.iter().enumerate() {
            let mut of_flow_log = early.told(&flow_log.id);
            if let Some(first) = closed.first().filter(|_| of_flow_log.packets > 0) {
                self.miss(flow_log, range(first), of_flow_log.packets);
            }
            for window in closed {
                let records = window.collected.get(place).map_or(&[][..], |collected| &collected.records);
                if records.is_empty() {
                    // The gateway does not know what the flow log watches, so nothing of it is missing.
                    continue;
                }
                let told = told_of_all(records);
                let lost = records.iter().filter_map(|record| record.lost).fold(0, u64::saturating_add);
                of_flow_log = of_flow_log.plus(told);
                self.miss(flow_log, range(window), told.packets.saturating_add(lost));
            }
            most = std::cmp::max_by_key(most, of_flow_log, |counters| counters.packets);
        }
        closed.iter().for_each(|window| self.add_to_ledger(window));
        most
    }

    /// Adds records of `flow_log` that were spooled and will not arrive; `flow_logs` are those that can be told so.
    pub(crate) fn add_batch(&mut self, flow_log: FlowLogId, loss: &Loss, flow_logs: &[FlowLog]) {
        if let Some(known) = flow_logs.iter().find(|known| known.id == flow_log) {
            let range = TimeRange { from: loss.window.start(), to: loss.window.end() };
            self.miss(known, range, loss.packets);
        }
        let lost = self.batches.entry((loss.window, loss.cause, flow_log)).or_default();
        *lost = lost.plus(loss.counters());
    }

    /// One SKIPDATA record for each flow log that misses records.
    pub(crate) fn collected(&self, windows: &Windows) -> Vec<Collected> {
        self.by_flow_log.values().map(|gap| windows.skipped(&gap.flow_log, gap.range, gap.packets)).collect()
    }

    /// The rows of the ledger about what is missing.
    pub(crate) fn ledger(&self, windows: &Windows) -> Vec<Record> {
        let withheld = self.windows.iter().flat_map(|(range, balance)| windows.ledger(*range, balance));
        let batches = self.batches.iter().map(|((window, cause, flow_log), lost)| {
            let Counters { packets, bytes } = *lost;
            windows.taken_back(flow_log, &Loss { window: *window, packets, bytes, cause: *cause })
        });
        withheld.chain(batches).collect()
    }

    fn miss(&mut self, flow_log: &FlowLog, range: TimeRange, packets: u64) {
        let new = || Gap { flow_log: flow_log.clone(), range, packets: 0 };
        let gap = self.by_flow_log.entry(flow_log.id.clone()).or_insert_with(new);
        gap.range = joined(gap.range, range);
        gap.packets = gap.packets.saturating_add(packets);
    }

    fn add_to_ledger(&mut self, window: &ClosedWindow) {
        let mut balance = window.balance.clone();
        balance.lose_all(LossCause::SpoolFull);
        let (before, sum) = self.windows.get_or_insert_with(|| (range(window), Balance::default()));
        *before = joined(*before, range(window));
        sum.add(&balance);
    }
}

/// From the beginning of a closed window to its end.
pub(crate) fn range(closed: &ClosedWindow) -> TimeRange {
    TimeRange { from: closed.window.start(), to: closed.until }
}

fn joined(left: TimeRange, right: TimeRange) -> TimeRange {
    TimeRange { from: left.from.min(right.from), to: left.to.max(right.to) }
}
