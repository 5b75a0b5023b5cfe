//! What a window knows of its own completeness: what was recorded, what the kernel counted, what was lost and why.
//!
//! Hides: how the three are summed, and which rows of the ledger they become.
//! Knows nothing of: flows, flow logs, when a window closes.
//!
//! Where the kernel counts, `kernel = recorded + lost` in packets and in bytes of both directions.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::{Counters, FlowLogId, KernelTotal, LogStatus, LossCause, Record, TimeRange, Verdict};

use crate::row::Stamp;

/// What a window, or several together, knows of its completeness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    recorded: ByVerdict,
    /// `None` when the kernel's count is unknown.
    kernel: Option<ByVerdict>,
    /// Zero packets when nobody knows how many.
    lost: BTreeMap<LossCause, Counters>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ByVerdict {
    accepted: Counters,
    refused: Counters,
}

impl Balance {
    /// How many packets are lost for whatever cause; zero when nobody knows, `None` when nothing is.
    pub fn lost(&self) -> Option<u64> {
        let packets = self.lost.values().map(|lost| lost.packets);
        (!self.lost.is_empty()).then(|| packets.fold(0, u64::saturating_add))
    }

    /// What is lost, by cause; zero packets when nobody knows how many.
    pub fn losses(&self) -> impl Iterator<Item = (LossCause, Counters)> + '_ {
        self.lost.iter().map(|(cause, lost)| (*cause, *lost))
    }

    /// Notes a loss; zero packets when nobody knows how many.
    pub fn lose(&mut self, cause: LossCause, lost: Counters) {
        let known = self.lost.entry(cause).or_default();
        *known = known.plus(lost);
    }

    /// Notes that all that was recorded, if anything was, is lost after all.
    pub fn lose_all(&mut self, cause: LossCause) {
        let ByVerdict { accepted, refused } = std::mem::take(&mut self.recorded);
        let lost = accepted.plus(refused);
        if lost.packets > 0 {
            self.lose(cause, lost);
        }
    }

    /// Adds what another window knows.
    pub fn add(&mut self, other: &Self) {
        self.recorded = self.recorded.plus(other.recorded);
        if let Some(kernel) = other.kernel {
            self.kernel = Some(self.kernel.unwrap_or_default().plus(kernel));
        }
        for (cause, lost) in &other.lost {
            self.lose(*cause, *lost);
        }
    }

    pub(crate) fn record(&mut self, verdict: &Verdict, packets: Counters) {
        let sum = match verdict {
            Verdict::Accept => &mut self.recorded.accepted,
            Verdict::Reject(_) => &mut self.recorded.refused,
        };
        *sum = sum.plus(packets);
    }

    pub(crate) fn count(&mut self, total: &KernelTotal) {
        let counted = ByVerdict { accepted: total.accepted, refused: total.refused };
        self.kernel = Some(self.kernel.unwrap_or_default().plus(counted));
    }

    pub(crate) fn has_lost(&self, cause: LossCause) -> bool {
        self.lost.contains_key(&cause)
    }

    /// The rows of the ledger: one for each verdict, and one SKIPDATA for each cause of a loss.
    pub(crate) fn rows(&self, stamp: &Stamp, range: TimeRange) -> Vec<Record> {
        let kernel = self.kernel.map_or([None, None], |kernel| [Some(kernel.accepted), Some(kernel.refused)]);
        let told = [self.recorded.accepted, self.recorded.refused].into_iter().zip(kernel);
        let verdicts = stamp.actions().into_iter().zip(told);
        let mut rows: Vec<Record> = verdicts
            .filter_map(|(action, (recorded, kernel))| self.verdict(stamp, range, (action, recorded, kernel)))
            .collect();
        rows.extend(self.lost.iter().map(|(cause, lost)| lost_row(stamp, range, *cause, *lost)));
        rows
    }

    fn verdict(
        &self,
        stamp: &Stamp,
        range: TimeRange,
        (action, recorded, kernel): (&Arc<str>, Counters, Option<Counters>),
    ) -> Option<Record> {
        let nothing = recorded.packets == 0 && kernel.unwrap_or_default().packets == 0;
        if nothing && !self.lost.is_empty() {
            // NODATA claims that nothing happened, which nobody can claim of a window with a loss.
            return None;
        }
        let status = if nothing { LogStatus::NoData } else { LogStatus::Ok };
        let mut row = stamp.bare(range.from, range.to, status);
        row.action = Some(Arc::clone(action));
        row.packets = Some(recorded.packets);
        row.bytes = Some(recorded.bytes);
        row.kernel_packets = kernel.map(|kernel| kernel.packets);
        row.kernel_bytes = kernel.map(|kernel| kernel.bytes);
        Some(row)
    }
}

impl ByVerdict {
    fn plus(self, other: Self) -> Self {
        Self { accepted: self.accepted.plus(other.accepted), refused: self.refused.plus(other.refused) }
    }
}

/// The row of the ledger about one cause of a loss.
fn lost_row(stamp: &Stamp, range: TimeRange, cause: LossCause, lost: Counters) -> Record {
    let mut row = stamp.skip_data(range.from, range.to, lost.packets);
    row.lost_bytes = (lost.bytes > 0).then_some(lost.bytes);
    row.lost_cause = Some(cause);
    row
}

/// The row of the ledger that takes back records of `flow_log`, which were lost on their way to the server.
pub(crate) fn taken_back(
    stamp: &Stamp,
    range: TimeRange,
    (cause, lost): (LossCause, Counters),
    flow_log: &FlowLogId,
) -> Record {
    let mut row = lost_row(stamp, range, cause, lost);
    row.flow_log_id = Some(flow_log.as_str().into());
    row
}
