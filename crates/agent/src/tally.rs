//! How many flows a source tells of in a window: how near it is to the kernel's limit.
//!
//! Hides: that IPv4 and IPv6 have maps of their own.
//! Knows nothing of: the maps.

use flow::{Event, Timestamp};

use crate::metrics::AgentMetrics;

/// Counts the events of one window.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    complete_until: Timestamp,
    v4: u64,
    v6: u64,
}

impl Tally {
    /// Adds events, and tells how many there were whenever windows are complete with them.
    pub(crate) fn note(&mut self, events: &[Event], complete_until: Timestamp, metrics: &AgentMetrics) {
        let v4 = events.iter().filter(|event| event.key.original.srcaddr.is_ipv4()).count() as u64;
        self.v4 += v4;
        self.v6 += events.len() as u64 - v4;
        if self.complete_until < complete_until {
            metrics.counters.window_flows.set(self.v4.max(self.v6));
            *self = Self { complete_until, ..Self::default() };
        }
    }
}
