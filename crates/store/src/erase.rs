//! Erasing: records that a search finds are taken out of their segments.
//!
//! Hides: how a segment is written anew without some of its rows while searches and appends go on.
//! Knows nothing of: how a search finds rows; it is told row by row.
//!
//! One transaction of the catalog names the new segment in place of the old one, adds a link that says who took how many
//! rows by which search, and counts them. So whatever dies in between, an erasure that is carried out again takes what
//! is left, and counts nothing twice. Snapshots taken before keep reading the old file until they are dropped.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, not, prep_null_mask_filter};
use flow::{TimeRange, Timestamp};

use crate::catalog::chain::{Deed, Happening, Note};
use crate::catalog::erasure::{ErasureRow, note_erased};
use crate::catalog::owner::Owner;
use crate::catalog::segment::{SegmentRow, segments_of};
use crate::compact::merged::Merged;
use crate::compact::{life_of, swap};
use crate::error::StoreError;
use crate::segment::{SegmentWriter, Written};
use crate::snapshot::Segment;
use crate::store::Store;

/// Says of rows, which have the columns that this program writes to segments, which of them a search finds.
pub type Found<'a> = dyn FnMut(&RecordBatch) -> Result<BooleanArray, Box<dyn Error + Send + Sync>> + 'a;

/// What became of a segment from which rows were to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Erased {
    /// So many rows went, perhaps none.
    Rows(u64),
    /// It was merged, expired or deleted meanwhile; its rows, if they are still there, are in another segment.
    Gone,
    /// The store is about to close; the segment stays as it was.
    Stopped,
}

/// The rows that stay.
struct Kept {
    /// `None` when none stays.
    written: Option<Written>,
    erased: u64,
}

impl Store {
    /// Takes the rows that `found` finds out of one segment of a topic, for an erasure that was ordered.
    ///
    /// # Errors
    /// `Damaged` when the file is not what was stored, `NoRoom` for another, `Search` passes on what `found` says, and the disk's and the
    /// catalog's; then the segment stays as it was.
    #[tracing::instrument(name = "store.erase", skip_all, fields(segment))]
    pub fn erase(
        &self,
        (owner, order): (&Owner, &ErasureRow),
        segment: i64,
        found: &mut Found<'_>,
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        // No merge takes the segment away while it is read.
        let _merging = self.merging();
        let named = self
            .catalog()
            .read(|connection| segments_of(connection, (owner, &order.topic), TimeRange::ALWAYS))?;
        let Some(row) = named.into_iter().find(|row| row.id == segment) else { return Ok(Erased::Gone) };
        let rows = [row];
        let Some(held) = self.hold(&rows)? else { return Ok(Erased::Gone) };
        let [row] = rows;
        self.check(&held)?;
        self.files().check_room(self.live().folder(), row.bytes)?;
        let id = self.next_segment();
        let path = self.live().path(owner, &order.topic, id);
        let Some(kept) = self.write_kept((&row, &held), &path, found)? else { return Ok(Erased::Stopped) };
        if kept.erased == 0 {
            return Ok(Erased::Rows(0));
        }
        let made = kept.written.map(|written| written.row(id, (owner, &order.topic), row.level, now));
        self.replace((owner, order), &row, (made, kept.erased), now)
    }

    /// Writes the rows that stay; nothing is written when all stay, or none. `None` when the store is about to close.
    fn write_kept(
        &self,
        (row, held): (&SegmentRow, &[Arc<Segment>]),
        path: &Path,
        found: &mut Found<'_>,
    ) -> Result<Option<Kept>, StoreError> {
        let mut writer = None;
        let (mut erased, mut read) = (0, 0);
        let mut merged = Merged::open(held)?;
        while let Some(rows) = merged.next_rows()? {
            if self.merging_is_stopped() {
                return Ok(None);
            }
            read += rows.num_rows() as u64;
            let kept = without(&rows, found).map_err(|source| {
                let path = held.first().map_or(path, |segment| segment.path()).to_owned();
                StoreError::Search { path, source }
            })?;
            erased += (rows.num_rows() - kept.num_rows()) as u64;
            if kept.num_rows() > 0 {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    None => writer.insert(SegmentWriter::create(self.files(), path, life_of(row.level))?),
                };
                writer.write(&kept)?;
            }
        }
        if read != row.rows {
            // What is replaced must be known whole.
            return Err(StoreError::Rows { path: path.to_owned(), found: read, expected: row.rows });
        }
        // A file that is not finished goes with its writer.
        let worth_it = writer.filter(|_| erased > 0);
        let written = worth_it.map(|writer| self.settle(writer, path)).transpose()?;
        Ok(Some(Kept { written, erased }))
    }

    /// Names `made`, if rows stay, in place of `row`.
    fn replace(
        &self,
        (owner, order): (&Owner, &ErasureRow),
        row: &SegmentRow,
        (made, erased): (Option<SegmentRow>, u64),
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let note = Note {
            erasure: order.id.clone(),
            by: order.ordered_by.clone(),
            search: order.search.clone(),
            from_ms: order.range.from.millis(),
            to_ms: order.range.to.millis(),
            rows: erased,
        };
        let happening = Happening { note: Some(note), ..Happening::new(Deed::Erase, now, self.signer()) };
        let replaced = self.catalog().transact(|transaction| {
            let swapped = swap(transaction, std::slice::from_ref(row), (made.as_ref(), &happening))?;
            if swapped {
                note_erased(transaction, owner, &order.id, erased)?;
            }
            Ok(swapped)
        });
        let path = made.as_ref().map(|made| self.live().path(owner, &made.topic, made.id));
        match (replaced, path) {
            (Ok(true), _) => {}
            (Ok(false), path) => {
                path.iter().for_each(|path| self.files().remove(path));
                return Ok(Erased::Gone);
            }
            (Err(error), path) => {
                path.into_iter().for_each(|path| self.writer().doubt(path));
                return Err(error);
            }
        }
        made.iter().for_each(|made| self.live().count(made));
        self.live().condemn(std::slice::from_ref(row));
        self.counters().rows_erased.add(erased);
        Ok(Erased::Rows(erased))
    }
}

/// The rows that are not found. What cannot be told of a row, null, is not found.
fn without(rows: &RecordBatch, found: &mut Found<'_>) -> Result<RecordBatch, Box<dyn Error + Send + Sync>> {
    let found = found(rows)?;
    let found = if found.null_count() > 0 { prep_null_mask_filter(&found) } else { found };
    Ok(filter_record_batch(rows, &not(&found)?)?)
}
