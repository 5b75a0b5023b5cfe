//! Remembers windows whose records found no room in the spool.
//!
//! Hides: that many of them become one SKIPDATA record for each flow log.
//! Knows nothing of: why there was no room, files.

use std::collections::BTreeMap;

use flow::{FlowLog, FlowLogId, Record, TimeRange};
use window::{ClosedWindow, Collected, Windows};

/// What found no room since something last did: needs a fixed room itself, however long that lasts.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    by_flow_log: BTreeMap<FlowLogId, Gap>,
}

#[derive(Debug)]
struct Gap {
    flow_log: FlowLog,
    range: TimeRange,
    packets: u64,
}

impl Withheld {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_flow_log.is_empty()
    }

    /// Forgets the gaps, because what stands for them is spooled.
    pub(crate) fn clear(&mut self) {
        self.by_flow_log.clear();
    }

    /// Adds the windows to the gaps; returns how many packets of both directions are now in no record.
    ///
    /// That is the most of any flow log, because several collect the same packets; those lost before are not in it.
    pub(crate) fn add(&mut self, closed: &[ClosedWindow], flow_logs: &[FlowLog]) -> u64 {
        let mut most = 0;
        for (place, flow_log) in flow_logs.iter().enumerate() {
            let mut of_flow_log = 0_u64;
            for window in closed {
                let records = window.collected.get(place).map_or(&[][..], |collected| &collected.records);
                if records.is_empty() {
                    // The gateway does not know what the flow log watches, so nothing of it is missing.
                    continue;
                }
                let told = records.iter().map(told_packets).fold(0, u64::saturating_add);
                let lost = records.iter().filter_map(|record| record.lost).fold(0, u64::saturating_add);
                of_flow_log = of_flow_log.saturating_add(told);
                let gap = self.by_flow_log.entry(flow_log.id.clone()).or_insert_with(|| Gap {
                    flow_log: flow_log.clone(),
                    range: TimeRange { from: window.window.start(), to: window.until },
                    packets: 0,
                });
                gap.range.from = gap.range.from.min(window.window.start());
                gap.range.to = gap.range.to.max(window.until);
                gap.packets = gap.packets.saturating_add(told).saturating_add(lost);
            }
            most = most.max(of_flow_log);
        }
        most
    }

    /// One SKIPDATA record for each flow log that misses records.
    pub(crate) fn collected(&self, windows: &Windows) -> Vec<Collected> {
        self.by_flow_log.values().map(|gap| windows.skipped(&gap.flow_log, gap.range, gap.packets)).collect()
    }
}

/// How many packets of both directions a record tells of.
fn told_packets(record: &Record) -> u64 {
    record.packets.unwrap_or(0).saturating_add(record.reply_packets.unwrap_or(0))
}
