//! All records that a search finds, in the order of time, however many they are.
//!
//! Hides: that time is cut into spans of few records, and each is sorted in memory by itself.
//! Knows nothing of: who reads the records, in which form they are written.

use std::sync::Arc;

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, cast, ident, lit};
use datafusion::prelude::SessionContext;
use flow::{FIELDS, Field, FieldKind, TimeRange, Timestamp};
use store::{Segment, TIMESTAMP_COLUMN};

use crate::address;
use crate::derived;
use crate::find::FindOrder;
use crate::predicate::{column, within};
use crate::run::{Run, watched_batches};
use crate::table::{SegmentTable, overlapping};

/// The name of the column with the moment of a record.
const TIME: &str = "time";

/// The most records that are sorted at once, unless more begin at one millisecond: about 50 MB.
const SPAN_RECORDS_MAX: u64 = 131_072;

/// Into how many parts a span of too many records is cut.
const PARTS: i64 = 256;

/// Records that are listed span by span.
pub(crate) struct Listing {
    session: SessionContext,
    run: Arc<Run>,
    segments: Vec<Arc<Segment>>,
    /// What is true of the records that are wanted, beside their time.
    found: Expr,
    order: FindOrder,
    /// In this order; every field when there is none.
    pub(crate) fields: Vec<&'static Field>,
    /// What is not listed yet, the next one last.
    spans: Vec<Span>,
}

/// A part of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    range: TimeRange,
    /// How many records are found in it, if they are counted.
    records: Option<u64>,
}

impl Listing {
    /// The records of `segments` in `range`, with every field.
    pub(crate) fn new(
        session: SessionContext,
        run: Arc<Run>,
        segments: Vec<Arc<Segment>>,
        (range, found): (TimeRange, Expr),
        order: FindOrder,
    ) -> Self {
        let from = segments.iter().map(|segment| segment.range().from).min();
        let to = segments.iter().map(|segment| segment.range().to).max();
        let held =
            from.zip(to).map(|(from, to)| TimeRange { from: from.max(range.from), to: to.min(range.to) });
        let spans = held.filter(|held| held.from < held.to).map(|range| Span { range, records: None });
        Self { session, run, segments, found, order, fields: Vec::new(), spans: spans.into_iter().collect() }
    }

    /// The next records, not read yet; `None` when all are listed.
    pub(crate) async fn next(&mut self) -> Result<Option<DataFrame>, DataFusionError> {
        while let Some(span) = self.spans.pop() {
            let few = span.records.is_some_and(|records| records <= SPAN_RECORDS_MAX);
            if few || span.is_a_moment() {
                return self.sorted(span.range).map(Some);
            }
            let parts = self.parts(span.range).await?;
            match self.order {
                FindOrder::Newest => self.spans.extend(parts),
                FindOrder::Oldest => self.spans.extend(parts.into_iter().rev()),
            }
        }
        Ok(None)
    }

    /// The columns of every record, with none in them.
    pub(crate) fn none(&self) -> Result<DataFrame, DataFusionError> {
        SegmentTable::new(&[])?.rows_in(&self.session)?.select(self.columns())
    }

    /// Cuts a range into spans that are not empty, the oldest first.
    async fn parts(&self, range: TimeRange) -> Result<Vec<Span>, DataFusionError> {
        let (from, length) = (range.from.millis(), range.to.millis().saturating_sub(range.from.millis()));
        let width = length / PARTS + 1;
        let part = ((cast(column(TIMESTAMP_COLUMN), DataType::Int64) - lit(from)) / lit(width)).alias("part");
        let rows = self.stored(range)?.aggregate(vec![part], vec![count(lit(1)).alias("records")])?;
        let mut counts: Vec<(i64, i64)> = Vec::new();
        for batch in watched_batches(&self.run, rows).await? {
            let numbers = batch.columns().iter().filter_map(|column| column.as_primitive_opt::<Int64Type>());
            let [parts, records] = numbers.collect::<Vec<_>>()[..] else { continue };
            counts.extend(parts.values().iter().copied().zip(records.values().iter().copied()));
        }
        self.run.settle();
        counts.sort_unstable();
        let start = |part: i64| from.saturating_add(part.saturating_mul(width));
        let span = |(part, records): (i64, i64)| {
            let to = start(part + 1).min(range.to.millis());
            let range =
                TimeRange { from: Timestamp::from_millis(start(part)), to: Timestamp::from_millis(to) };
            Span { range, records: u64::try_from(records).ok() }
        };
        Ok(joined(counts.into_iter().map(span)))
    }

    /// The records of a range, in order.
    fn sorted(&self, range: TimeRange) -> Result<DataFrame, DataFusionError> {
        // Only after they are sorted they get what is not stored.
        self.stored(range)?.sort(self.order.sorting())?.select(derived::columns())?.select(self.columns())
    }

    /// What segments hold of the records of a range.
    fn stored(&self, range: TimeRange) -> Result<DataFrame, DataFusionError> {
        let segments = overlapping(&self.segments, range);
        self.run.expect(&segments);
        let rows = SegmentTable::new(&segments)?.stored_in(&self.session)?;
        let conditions = [within(range, &segments), self.found.clone()];
        conditions.into_iter().try_fold(rows, |rows, condition| rows.filter(derived::on_stored(condition)?))
    }

    fn columns(&self) -> Vec<Expr> {
        let every = || FIELDS.iter().collect();
        let fields: Vec<&Field> = if self.fields.is_empty() { every() } else { self.fields.clone() };
        let value = |field: &Field| match field.kind {
            FieldKind::Text | FieldKind::Long => ident(field.name),
            FieldKind::Address => address::as_text(column(field.name)).alias(field.name),
        };
        let time = column(TIMESTAMP_COLUMN).alias(TIME);
        [time].into_iter().chain(fields.into_iter().map(value)).collect()
    }
}

impl Span {
    /// Whether it cannot be cut.
    fn is_a_moment(self) -> bool {
        self.range.to.millis().saturating_sub(self.range.from.millis()) <= 1
    }
}

/// Neighbours that have few records together are one span; what lies between them is empty.
fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        let last = joined.last_mut();
        let together = last.as_ref().and_then(|last| last.records?.checked_add(span.records?));
        match (last, together) {
            (Some(last), Some(records)) if records <= SPAN_RECORDS_MAX => {
                *last = Span { range: TimeRange { to: span.range.to, ..last.range }, records: Some(records) };
            }
            _ => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64, records: u64) -> Span {
        let range = TimeRange { from: Timestamp::from_millis(from), to: Timestamp::from_millis(to) };
        Span { range, records: Some(records) }
    }

    #[test]
    fn neighbours_are_sorted_together_as_long_as_they_are_few() {
        let half = SPAN_RECORDS_MAX / 2;
        let spans = [span(0, 1, half), span(5, 6, half), span(6, 7, 1), span(7, 8, SPAN_RECORDS_MAX)];
        let expected = [span(0, 6, SPAN_RECORDS_MAX), span(6, 7, 1), span(7, 8, SPAN_RECORDS_MAX)];
        assert_eq!(joined(spans.into_iter()), expected);
    }
}
