//! What a run counts.
//!
//! Hides: how threads share the numbers.
//! Knows nothing of: who reads them, in which format.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use capture::Health;

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
    /// Batches that wait in the spool.
    spooled_batches,
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
    /// How many flow logs are carried out.
    flow_logs,
    /// Changes of the inventory file that could not be used.
    inventory_failures_total,
);

/// Counts what a run does; clones count together.
#[derive(Clone, Debug, Default)]
pub struct AgentMetrics {
    pub(crate) counters: Arc<Counters>,
    health: Arc<Mutex<Option<Health>>>,
}

impl AgentMetrics {
    /// How the gateway itself fared at the last look; `None` when nobody can look.
    pub fn health(&self) -> Option<Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has a health to look at"))]
    pub(crate) fn note_health(&self, health: Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = Some(health);
    }
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
