//! What the store counts while it works.
//!
//! Hides: that the numbers are kept in atomics.
//! Knows nothing of: how metrics are named and served.

use std::sync::atomic::{AtomicU64, Ordering};

/// The store's numbers at one moment. All but the last three only grow while the program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Batches that were stored.
    pub batches_stored: u64,
    /// Batches that came once more.
    pub batches_already_stored: u64,
    /// Batches that were refused.
    pub batches_refused: u64,
    /// Records that were stored.
    pub records_stored: u64,
    /// Transactions that changed the catalog.
    pub commits: u64,
    /// Files and folders that were flushed to the disk, the catalog's own not counted.
    pub syncs: u64,
    /// Segment files that were written, by appending and by compaction.
    pub segments_written: u64,
    /// Unit: bytes of those files.
    pub segment_bytes_written: u64,
    /// Segments that compaction replaced.
    pub segments_merged: u64,
    /// Segments that passed the retention of their topic.
    pub segments_expired: u64,
    /// Rows that erasures took.
    pub rows_erased: u64,
    /// Left-over files of a crash that opening the folder removed.
    pub files_swept: u64,
    /// Segments that the catalog has never heard of, which opening the folder moved aside.
    pub files_moved_aside: u64,
    /// Segments that were looked at for damage.
    pub segments_examined: u64,
    /// Segments that the catalog names now.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Unit: bytes of their files.
    pub bytes: u64,
}

macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// The same numbers, counted by any thread.
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: Counter),+ }

        impl Counters {
            pub(crate) fn metrics(&self) -> Metrics {
                Metrics { $($name: self.$name.0.load(Ordering::Relaxed)),+ }
            }
        }
    };
}

counters!(
    batches_stored,
    batches_already_stored,
    batches_refused,
    records_stored,
    commits,
    syncs,
    segments_written,
    segment_bytes_written,
    segments_merged,
    segments_expired,
    rows_erased,
    files_swept,
    files_moved_aside,
    segments_examined,
    segments,
    rows,
    bytes,
);

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn take(&self, amount: u64) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }
}
