//! The rows of several segments in one order.
//!
//! Hides: that only a few thousand rows of each segment are in memory at a time, and that older segments have another
//! order.
//! Knows nothing of: which segments belong together, where the rows go.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, interleave_record_batch, take_record_batch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use crate::error::StoreError;
use crate::order::{Keys, RowKey};
use crate::schema::{LAST_VERSION_BY_TIME, fitted, stored_schema};
use crate::segment::{READ_ROWS, read_segment};
use crate::snapshot::Segment;

/// Reads segments as one, in the order of rows.
pub(crate) struct Merged {
    inputs: Vec<Input>,
    /// The next row of each input that has one; the first on top.
    next: BinaryHeap<Reverse<Next>>,
}

/// The place of a row, and which input it is the next of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    key: RowKey,
    input: usize,
}

struct Input {
    reader: Box<dyn Iterator<Item = Result<RecordBatch, StoreError>>>,
    rows: RecordBatch,
    keys: Keys,
    /// The next row in `rows`.
    at: usize,
}

impl Merged {
    pub(crate) fn open(segments: &[Arc<Segment>]) -> Result<Self, StoreError> {
        let mut inputs = Vec::with_capacity(segments.len());
        let mut next = BinaryHeap::with_capacity(segments.len());
        for segment in segments {
            let mut input = Input::open(segment)?;
            if input.advance()? {
                next.push(Reverse(input.next(inputs.len())));
            }
            inputs.push(input);
        }
        Ok(Self { inputs, next })
    }

    /// The next rows in order; `None` after the last.
    pub(crate) fn next_rows(&mut self) -> Result<Option<RecordBatch>, StoreError> {
        // `sources` holds what the inputs have in memory now, in their order, and whatever they read on the way.
        let mut sources: Vec<RecordBatch> = self.inputs.iter().map(|input| input.rows.clone()).collect();
        let mut source_of: Vec<usize> = (0..self.inputs.len()).collect();
        let mut picked = Vec::with_capacity(READ_ROWS);
        while picked.len() < READ_ROWS {
            let Some(Reverse(Next { input: place, .. })) = self.next.pop() else { break };
            let (Some(input), Some(source)) = (self.inputs.get_mut(place), source_of.get_mut(place)) else {
                unreachable!("a row comes from one of the inputs");
            };
            picked.push((*source, input.at));
            input.at += 1;
            if input.at == input.rows.num_rows() {
                if !input.advance()? {
                    continue;
                }
                *source = sources.len();
                sources.push(input.rows.clone());
            }
            self.next.push(Reverse(input.next(place)));
        }
        if picked.is_empty() {
            return Ok(None);
        }
        let sources: Vec<&RecordBatch> = sources.iter().collect();
        let rows = interleave_record_batch(&sources, &picked);
        Ok(Some(rows.expect("all sources have the columns of a segment, and picked rows lie in them")))
    }
}

impl Input {
    fn open(segment: &Segment) -> Result<Self, StoreError> {
        let path = segment.path().to_owned();
        let reader = Reader { reader: read_segment(&path)?, path };
        let by_time = segment.version() <= LAST_VERSION_BY_TIME;
        let reader: Box<dyn Iterator<Item = Result<RecordBatch, StoreError>>> =
            if by_time { Box::new(std::iter::once(in_order(reader))) } else { Box::new(reader) };
        let rows = RecordBatch::new_empty(stored_schema());
        Ok(Self { reader, keys: Keys::of(&rows), rows, at: 0 })
    }

    /// Reads further rows; `false` at the end of the segment.
    fn advance(&mut self) -> Result<bool, StoreError> {
        self.at = 0;
        let Some(rows) = self.reader.next() else { return Ok(false) };
        self.rows = rows?;
        self.keys = Keys::of(&self.rows);
        Ok(self.rows.num_rows() > 0)
    }

    /// The place of the next row.
    fn next(&mut self, input: usize) -> Next {
        Next { key: self.keys.key(self.at), input }
    }
}

/// The rows of a segment, a few thousand at a time, in the order of its file.
struct Reader {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.reader.next()?;
        Some(
            rows.map(|rows| fitted(&rows))
                .map_err(|error| StoreError::segment("read", &self.path)(error.into())),
        )
    }
}

/// All rows of a segment that stand in another order, in this one.
fn in_order(reader: Reader) -> Result<RecordBatch, StoreError> {
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>()?;
    let rows = concat_batches(&stored_schema(), &batches).expect("all have the columns of a segment");
    let mut keys = Keys::of(&rows);
    let mut places: Vec<(RowKey, u64)> = (0..rows.num_rows()).map(|at| (keys.key(at), at as u64)).collect();
    places.sort_unstable();
    let places: UInt64Array = places.into_iter().map(|(_, at)| at).collect();
    Ok(take_record_batch(&rows, &places).expect("every place lies in the rows"))
}
