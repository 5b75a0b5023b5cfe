//! What a run counts.
//!
//! Hides: how threads share the numbers.
//! Knows nothing of: who reads them, in which format.

mod page;
mod text;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::{Degradation, GatewayHealth};
use capture::AuditNumbers;
use flow::{Counters as PacketCounters, LossCause, Timestamp};
use prometheus_client::metrics::histogram::Histogram;
use window::ClosedWindow;

use crate::batching::EncodedBatch;
use crate::spool::Fill;
use crate::status::degradation_cut;

pub use page::metrics_reference;
pub(crate) use text::text;

/// Bounds of the time from the end of a window until its records are spooled. Unit: seconds. The kernel's maps are drained
/// a second after the end at the earliest; a million flows take some seconds more.
const SPOOL_DELAY_BOUNDS: [f64; 7] = [1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0];

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The numbers of one run at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct AgentNumbers { $($(#[$doc])* pub $name: u64),+ }

        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: Counter),+ }

        impl AgentMetrics {
            /// The numbers now.
            pub fn read(&self) -> AgentNumbers {
                AgentNumbers { $($name: self.counters.$name.read()),+ }
            }
        }
    };
}

numbers!(
    /// Windows closed since the start.
    closed_windows_total,
    /// Records made of those windows.
    made_records_total,
    /// Of these, records that found room in the spool.
    spooled_records_total,
    /// Records that the server acknowledged since the start.
    sent_records_total,
    /// Batches that wait in the spool.
    spooled_batches,
    /// What they take on the disk. Unit: bytes.
    spooled_bytes,
    /// When the first record of the oldest of them begins; 0 when none waits. Unit: Unix milliseconds.
    oldest_spooled_ms,
    /// The limit of the spool. Unit: bytes.
    spool_bytes_max,
    /// Batches set aside, of this run and earlier ones.
    aside_batches,
    /// What they take on the disk. Unit: bytes.
    aside_bytes,
    /// When the first record of the newest batch begins that the server acknowledged; 0 for none. Unit: Unix milliseconds.
    acknowledged_ms,
    /// Batches that the server acknowledged since the start.
    sent_batches_total,
    /// Of these, batches that it had stored before.
    sent_again_batches_total,
    /// Batches set aside because the server will never store them.
    refused_batches_total,
    /// Batches set aside because their file was damaged.
    torn_batches_total,
    /// Windows whose records found no room in the spool; SKIPDATA stands for them.
    withheld_windows_total,
    /// Packets of closed windows known to be in no record, for whatever reason. Unit: packets.
    lost_packets_total,
    /// 1 while records find no room in the spool.
    spool_refuses,
    /// How many flow logs are carried out.
    flow_logs,
    /// 1 once somebody has told which flow logs to carry out, in this run or an earlier one.
    flow_logs_known,
    /// Flows in windows that are not closed.
    open_flows,
    /// The most flows of one address family that the source told of in the last complete window.
    window_flows,
    /// The most that the kernel counts of one address family in a window; 0 when there is no such limit.
    window_flows_max,
    /// When the source was last polled with success; 0 for never. Unit: Unix milliseconds.
    polled_ms,
    /// How often somebody set the clock.
    clock_steps_total,
    /// Changes of the inventory file that could not be used.
    inventory_failures_total,
);

/// Counts what a run does; clones count together.
#[derive(Clone, Debug, Default)]
pub struct AgentMetrics {
    pub(crate) counters: Arc<Counters>,
    told: Arc<Mutex<Told>>,
    spool_delay: SpoolDelay,
}

/// What is no single number.
#[derive(Debug, Default)]
struct Told {
    source: &'static str,
    variant: &'static str,
    audit: Option<AuditNumbers>,
    health: Option<GatewayHealth>,
    losses: BTreeMap<LossCause, Lost>,
    degraded: BTreeMap<String, Degradation>,
}

/// What was lost for one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    windows: u64,
    counters: PacketCounters,
}

#[derive(Clone, Debug)]
struct SpoolDelay(Histogram);

impl Default for SpoolDelay {
    fn default() -> Self {
        Self(Histogram::new(SPOOL_DELAY_BOUNDS))
    }
}

impl AgentMetrics {
    /// How the gateway itself fared at the last look; `None` when nobody can look.
    pub fn health(&self) -> Option<GatewayHealth> {
        self.told().health.clone()
    }

    /// What the agent goes without, although it was asked for.
    pub fn degraded(&self) -> Vec<Degradation> {
        self.told().degraded.values().cloned().collect()
    }

    /// All numbers as OpenMetrics text.
    ///
    /// # Errors
    /// When the library that writes it refuses.
    pub fn text(&self, now: Timestamp) -> Result<String, std::fmt::Error> {
        text(self, now)
    }

    /// Why the agent does not do its work now; `None` while it does.
    pub fn unready(&self, now: Timestamp) -> Option<&'static str> {
        let AgentNumbers { polled_ms, flow_logs_known, spool_refuses, .. } = self.read();
        if polled_ms == 0 {
            Some("the source was not read yet")
        } else if now.since(moment(polled_ms)) > POLL_AGE_MAX {
            Some("the source cannot be read: see the log")
        } else if flow_logs_known == 0 {
            Some("nobody has told which flow logs to carry out: is the server reachable?")
        } else if spool_refuses != 0 {
            Some("records find no room in the spool: is the server reachable, the disk full?")
        } else {
            None
        }
    }

    /// What this run watches with; what an earlier one went without is forgotten.
    pub(crate) fn begin(
        &self,
        (source, variant): (&'static str, &'static str),
        audit: Option<AuditNumbers>,
        degraded: &[Degradation],
    ) {
        let mut told = self.told();
        (told.source, told.variant, told.audit) = (source, variant, audit);
        told.degraded = degraded.iter().map(|one| (one.what.clone(), degradation_cut(one))).collect();
    }

    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has a health to look at"))]
    pub(crate) fn note_health(&self, health: GatewayHealth) {
        self.told().health = Some(health);
    }

    /// Goes without something from now on.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has a health to look at"))]
    pub(crate) fn degrade(&self, degradation: &Degradation) {
        self.told().degraded.insert(degradation.what.clone(), degradation_cut(degradation));
    }

    /// Has it again.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has a health to look at"))]
    pub(crate) fn mend(&self, what: &str) {
        self.told().degraded.remove(what);
    }

    /// Counts losses of closed windows.
    pub(crate) fn lose(&self, losses: impl IntoIterator<Item = (LossCause, PacketCounters)>) {
        let mut told = self.told();
        for (cause, counters) in losses {
            let lost = told.losses.entry(cause).or_default();
            lost.windows += 1;
            lost.counters = lost.counters.plus(counters);
            self.counters.lost_packets_total.add(counters.packets);
        }
    }

    /// The source was read.
    pub(crate) fn note_polled(&self, now: Timestamp) {
        self.counters.polled_ms.set(millis(now));
    }

    /// Counts windows that closed, and what they lost.
    pub(crate) fn note_closed(&self, closed: &[ClosedWindow], open_flows: usize) {
        self.counters.closed_windows_total.add(closed.len() as u64);
        self.lose(closed.iter().flat_map(|window| window.balance.losses()));
        self.counters.open_flows.set(open_flows as u64);
    }

    /// Counts windows whose records found no room, and what these told of.
    pub(crate) fn note_withheld(&self, windows: u64, told_of: PacketCounters) {
        self.counters.withheld_windows_total.add(windows);
        let mut told = self.told();
        let lost = told.losses.entry(LossCause::SpoolFull).or_default();
        lost.windows += windows;
        lost.counters = lost.counters.plus(told_of);
        self.counters.lost_packets_total.add(told_of.packets);
    }

    /// Counts records that windows closed with, and whether they found room.
    pub(crate) fn note_made(&self, batches: &[EncodedBatch], found_room: bool) {
        let records = batches.iter().map(|batch| batch.records).sum();
        self.counters.made_records_total.add(records);
        if found_room {
            self.counters.spooled_records_total.add(records);
        }
        self.counters.spool_refuses.set((!found_room).into());
    }

    /// Tells how much waits.
    pub(crate) fn note_spool(&self, fill: &Fill) {
        let Counters {
            spooled_batches, spooled_bytes, aside_batches, aside_bytes, oldest_spooled_ms, ..
        } = &*self.counters;
        spooled_batches.set(fill.batches);
        spooled_bytes.set(fill.bytes);
        aside_batches.set(fill.aside_batches);
        aside_bytes.set(fill.aside_bytes);
        oldest_spooled_ms.set(fill.oldest.map_or(0, millis));
    }

    /// Counts a batch that the server acknowledged.
    pub(crate) fn note_sent(&self, first: Timestamp, records: u64) {
        self.counters.sent_batches_total.add(1);
        self.counters.sent_records_total.add(records);
        let newest = self.counters.acknowledged_ms.read().max(millis(first));
        self.counters.acknowledged_ms.set(newest);
    }

    /// A window's records were spooled so long after its end.
    pub(crate) fn note_spool_delay(&self, delay: Duration) {
        self.spool_delay.0.observe(delay.as_secs_f64());
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the last successful poll may lie back. Polls follow each other within a second; draining a full map takes some.
const POLL_AGE_MAX: Duration = Duration::from_secs(30);

/// A moment as a number; those before 1970 are 0.
pub(crate) fn millis(moment: Timestamp) -> u64 {
    u64::try_from(moment.millis()).unwrap_or(0)
}

fn moment(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// One number, written by one or two threads and read by any.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        // Nothing is ordered by these numbers.
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_ready_while_it_reads_its_source_and_can_keep_records() {
        let metrics = AgentMetrics::default();
        let at = Timestamp::from_seconds;
        let unready = |seconds| metrics.unready(at(seconds)).unwrap_or("ready").to_owned();
        assert!(unready(100).contains("not read yet"));
        metrics.counters.polled_ms.set(100_000);
        assert!(unready(100).contains("flow logs"));
        metrics.counters.flow_logs_known.set(1);
        assert_eq!(unready(130), "ready");
        assert!(unready(131).contains("cannot be read"));
        metrics.note_made(&[], false);
        assert!(unready(130).contains("no room"));
        metrics.note_made(&[], true);
        assert_eq!(unready(130), "ready");
    }
}
