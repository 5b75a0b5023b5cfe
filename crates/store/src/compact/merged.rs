//! The rows of several segments in one order.
//!
//! Hides: that only a few thousand rows of each segment are in memory at a time.
//! Knows nothing of: which segments belong together, where the rows go.

use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use crate::error::StoreError;
use crate::schema::fitted;
use crate::segment::{READ_ROWS, read_segment};
use crate::snapshot::Segment;

/// Reads segments, each newest first, as one.
pub(crate) struct Merged {
    inputs: Vec<Input>,
    /// The next row of each input that has one; the newest on top.
    next: BinaryHeap<Next>,
}

/// The place of a row: its moment and its number, both ascending, and which input it is the next of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    moment: i64,
    number: i64,
    input: usize,
}

struct Input {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    rows: RecordBatch,
    /// The next row in `rows`.
    at: usize,
}

impl Merged {
    pub(crate) fn open(segments: &[Arc<Segment>]) -> Result<Self, StoreError> {
        let mut inputs = Vec::with_capacity(segments.len());
        let mut next = BinaryHeap::with_capacity(segments.len());
        for segment in segments {
            let reader = read_segment(segment.path())?;
            let empty = RecordBatch::new_empty(crate::schema::segment_schema());
            let mut input = Input { path: segment.path().to_owned(), reader, rows: empty, at: 0 };
            if input.advance()? {
                next.push(input.next(inputs.len()));
            }
            inputs.push(input);
        }
        Ok(Self { inputs, next })
    }

    /// The next rows, newest first; `None` after the last.
    pub(crate) fn next_rows(&mut self) -> Result<Option<RecordBatch>, StoreError> {
        // `sources` holds what the inputs have in memory now, in their order, and whatever they read on the way.
        let mut sources: Vec<RecordBatch> = self.inputs.iter().map(|input| input.rows.clone()).collect();
        let mut source_of: Vec<usize> = (0..self.inputs.len()).collect();
        let mut picked = Vec::with_capacity(READ_ROWS);
        while picked.len() < READ_ROWS {
            let Some(Next { input: place, .. }) = self.next.pop() else { break };
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
            self.next.push(input.next(place));
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
    /// Reads further rows; `false` at the end of the segment.
    fn advance(&mut self) -> Result<bool, StoreError> {
        self.at = 0;
        let Some(rows) = self.reader.next() else { return Ok(false) };
        let rows = rows.map_err(|error| StoreError::segment("read", &self.path)(error.into()))?;
        self.rows = fitted(&rows);
        Ok(self.rows.num_rows() > 0)
    }

    /// The place of the next row.
    fn next(&self, input: usize) -> Next {
        let moments = self.rows.column(0).as_primitive::<TimestampMillisecondType>();
        let numbers = self.rows.column(1).as_primitive::<Int64Type>();
        Next { moment: moments.value(self.at), number: numbers.value(self.at), input }
    }
}
