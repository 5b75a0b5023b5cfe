//! Compaction: merges small segments into larger ones.
//!
//! Hides: which merges are worth it, and how segments are swapped while searches and appends go on.
//! Knows nothing of: when it is called.
//!
//! A merged segment is written like any other, then one transaction of the catalog names it and forgets those that
//! it replaces. Snapshots taken before keep reading the old files, snapshots taken after see the new one.

pub(crate) mod merged;
mod plan;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flow::Timestamp;
use rusqlite::Transaction;

use crate::catalog::chain::{Deed, Happening, link};
use crate::catalog::segment::{Level, SegmentRow, all_segments, are_named, forget, name};
use crate::compact::merged::Merged;
use crate::compact::plan::{Merge, plan};
use crate::damage::fault_of;
use crate::error::StoreError;
use crate::segment::{Life, SegmentWriter};
use crate::snapshot::Segment;
use crate::store::Store;

/// How long after its end an hour's segments become one: late batches have mostly arrived by then.
const HOUR_SEGMENT_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long after its end a day's segments become one. Searches for the last two days meet hours, which time
/// prunes well; older data has few and large files.
pub const DAY_SEGMENT_AFTER: Duration = Duration::from_secs(24 * 3600);

/// The most segments that one merge reads: bounds open files, and memory (about 2 MB for each).
const SEGMENTS_PER_MERGE_MAX: usize = 64;

/// The most merges of one call: a caller gets to look at its stop signal in between.
const MERGES_PER_CALL_MAX: usize = 8;

/// What one call of `compact` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Segments that were made.
    pub merges: u64,
    /// Segments that they replace.
    pub segments_merged: u64,
    /// Rows in them.
    pub rows: u64,
    /// Whether more is worth merging now: call again.
    pub more: bool,
}

impl Compaction {
    fn count(&mut self, merge: &Merge, made: Option<&SegmentRow>) {
        let Some(made) = made else { return };
        self.merges += 1;
        self.segments_merged += merge.segments.len() as u64;
        self.rows += made.rows;
    }
}

impl Store {
    /// Merges segments that are worth it, a bounded amount of work; searches and appends go on meanwhile.
    ///
    /// # Errors
    /// The disk's and the catalog's; then the segments of that merge stay as they were. The other merges are carried
    /// out all the same: the first error is told after them.
    #[tracing::instrument(name = "store.compact", skip_all)]
    pub fn compact(&self, now: Timestamp) -> Result<Compaction, StoreError> {
        let _merging = self.merging();
        let mut segments = self.catalog().read(all_segments)?;
        // What they hold stays where it is, and the others are merged without it.
        segments.retain(|segment| !self.live().damages().is_damaged(segment.id));
        let merges = plan(&segments, now);
        let mut done = Compaction { more: merges.len() > MERGES_PER_CALL_MAX, ..Compaction::default() };
        let (mut tried, mut first_error) = (0, None);
        for merge in merges {
            if self.merging_is_stopped() {
                return Ok(Compaction { more: false, ..done });
            }
            if tried == MERGES_PER_CALL_MAX {
                break;
            }
            match self.merge(&merge, now) {
                Ok(made) => {
                    tried += 1;
                    done.count(&merge, made.as_ref());
                }
                // One damaged segment shall not hold up the others, which are searched slowly until they are merged.
                Err(error) => {
                    let segments = merge.segments.len();
                    tracing::error!(%error, cause = ?error.source(), segments, "segments cannot be merged");
                    first_error.get_or_insert(error);
                }
            }
        }
        first_error.map_or(Ok(done), Err)
    }

    /// Carries out one merge; `None` when its segments were taken away meanwhile, or merging is to stop.
    fn merge(&self, merge: &Merge, now: Timestamp) -> Result<Option<SegmentRow>, StoreError> {
        let Some(segments) = self.hold(&merge.segments)? else { return Ok(None) };
        self.check(&segments)?;
        let bytes = merge.segments.iter().map(|segment| segment.bytes).sum();
        self.files().check_room(self.live().folder(), bytes)?;
        let first = merge.segments.first().expect("a merge has at least two segments");
        let id = self.next_segment();
        let path = self.live().path(&first.owner, &first.topic, id);
        self.create_folder_of(&path)?;
        let Some(writer) = self.write_merged(&segments, &path, life_of(merge.level))? else {
            return Ok(None);
        };
        let rows: u64 = merge.segments.iter().map(|segment| segment.rows).sum();
        if writer.rows() != rows {
            // Nothing is replaced by what holds less, or more, than it.
            return Err(StoreError::Rows { path, found: writer.rows(), expected: rows });
        }
        let written = self.settle(writer, &path)?;
        let made = written.row(id, (&first.owner, &first.topic), merge.level, now);
        let merged = Happening::new(Deed::Merge, now, self.signer());
        let swapped =
            self.catalog().transact(|transaction| swap(transaction, &merge.segments, (Some(&made), &merged)));
        match swapped {
            Ok(true) => {}
            Ok(false) => {
                self.files().remove(&path);
                return Ok(None);
            }
            Err(error) => {
                self.writer().doubt(path);
                return Err(error);
            }
        }
        self.live().count(&made);
        self.live().condemn(&merge.segments);
        self.counters().segments_merged.add(merge.segments.len() as u64);
        Ok(Some(made))
    }

    /// Fails with `Damaged` when a file is not what was stored: a merge would hide that for ever.
    pub(crate) fn check(&self, segments: &[Arc<Segment>]) -> Result<(), StoreError> {
        for segment in segments {
            if let Some(fault) = fault_of(segment) {
                self.live().damages().note(segment, fault.clone());
                return Err(StoreError::Damaged(fault));
            }
            if self.merging_is_stopped() {
                break;
            }
        }
        Ok(())
    }

    /// Writes the rows of `segments` in one order; `None` when merging is to stop.
    fn write_merged(
        &self,
        segments: &[Arc<Segment>],
        path: &Path,
        life: Life,
    ) -> Result<Option<SegmentWriter>, StoreError> {
        let mut writer = SegmentWriter::create(self.files(), path, life)?;
        let mut merged = Merged::open(segments)?;
        while let Some(rows) = merged.next_rows()? {
            if self.merging_is_stopped() {
                return Ok(None);
            }
            writer.write(&rows)?;
        }
        Ok(Some(writer))
    }
}

pub(crate) fn life_of(level: Level) -> Life {
    match level {
        Level::Commit | Level::Part => Life::Short,
        Level::Hour | Level::Day => Life::Long,
    }
}

/// Names `made`, if there is one, in place of `segments`, which are of one topic; does nothing and says `false` when one of
/// them is not named any more.
pub(crate) fn swap(
    transaction: &Transaction<'_>,
    segments: &[SegmentRow],
    (made, happening): (Option<&SegmentRow>, &Happening<'_>),
) -> Result<bool, StoreError> {
    if !are_named(transaction, segments)? {
        return Ok(false);
    }
    for segment in segments {
        forget(transaction, segment.id)?;
    }
    if let Some(made) = made {
        name(transaction, made)?;
    }
    let ids: Vec<i64> = segments.iter().map(|segment| segment.id).collect();
    let SegmentRow { owner, topic, .. } = segments.first().expect("something is replaced");
    link(transaction, (owner, topic), happening, made.as_slice(), &ids)?;
    Ok(true)
}
