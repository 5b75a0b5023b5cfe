//! Holds what a source tells against what connection tracking tells.
//!
//! Hides: how findings are shared between threads.
//! Knows nothing of: how a source is audited.

#[cfg(target_os = "linux")]
mod audited;
#[cfg(target_os = "linux")]
mod followed;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(target_os = "linux")]
pub use audited::{AuditSettings, Audited};

/// What audits found since the start; clones count together.
#[derive(Clone, Debug, Default)]
pub struct AuditNumbers {
    numbers: Arc<Numbers>,
}

#[derive(Debug, Default)]
struct Numbers {
    audits: AtomicU64,
    ended: AtomicU64,
    missing: AtomicU64,
}

/// What audits found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditTotals {
    /// Audits that came to an end.
    pub audits_total: u64,
    /// Conversations that began and ended while an audit listened.
    pub ended_total: u64,
    /// Of these, conversations that are in no event.
    pub missing_total: u64,
}

impl AuditNumbers {
    /// The numbers now.
    pub fn read(&self) -> AuditTotals {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let Numbers { audits, ended, missing } = &*self.numbers;
        AuditTotals { audits_total: read(audits), ended_total: read(ended), missing_total: read(missing) }
    }

    #[cfg(target_os = "linux")]
    fn add(&self, ended: u64, missing: u64) {
        let Numbers { audits, ended: all_ended, missing: all_missing } = &*self.numbers;
        audits.fetch_add(1, Ordering::Relaxed);
        all_ended.fetch_add(ended, Ordering::Relaxed);
        all_missing.fetch_add(missing, Ordering::Relaxed);
    }
}
