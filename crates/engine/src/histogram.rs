//! How many records a search finds, over time.
//!
//! Hides: how moments are cut into buckets.
//! Knows nothing of: charts, SQL.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::SessionContext;
use flow::{TimeRange, Timestamp};
use query::Search;
use store::TIMESTAMP_COLUMN;

use crate::HISTOGRAM_BUCKETS_MAX;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::predicate::{all_of, column, conditions};
use crate::run::watched_batches;
use crate::table::{SegmentTable, overlapping};

/// How many records start in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The first moment of the span: a multiple of the interval, counted from the Unix epoch.
    pub start: Timestamp,
    /// How many of the records that start in it, and in the range, were found.
    pub count: u64,
}

/// The buckets over a range.
#[derive(Clone, Copy, Debug)]
struct Grid {
    start_ms: i64,
    interval_ms: i64,
    buckets: usize,
}

impl Engine {
    /// Counts the records of `scope` that `search` finds, for every `interval` that `scope.range` touches.
    ///
    /// Fails with `TooLarge` when these are more than [`HISTOGRAM_BUCKETS_MAX`].
    #[tracing::instrument(name = "engine.histogram", skip_all, fields(segments = scope.snapshot.segments.len()))]
    pub async fn histogram(
        &self,
        scope: &Scope,
        search: &Search,
        interval: Duration,
    ) -> Result<Vec<Bucket>, EngineError> {
        let grid = Grid::over(scope.range, interval)?;
        let session = self.session();
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        let found = all_of(conditions(scope, search, &segments));
        let fault = self.fault();
        let run = Arc::clone(&scope.run);
        self.run(&scope.run, async move {
            run.expect(&segments);
            let table = SegmentTable::new(&segments).map_err(fault)?;
            let rows = counted(&session, table, found, grid).map_err(fault)?;
            let counted = watched_batches(&run, rows).await.map_err(fault)?;
            Ok(grid.filled(&counted))
        })
        .await
    }
}

/// The number and the count of each bucket that is not empty.
fn counted(
    session: &SessionContext,
    table: SegmentTable,
    found: Expr,
    grid: Grid,
) -> Result<DataFrame, DataFusionError> {
    let since_start = cast(column(TIMESTAMP_COLUMN), DataType::Int64) - lit(grid.start_ms);
    let bucket = (since_start / lit(grid.interval_ms)).alias("bucket");
    table.rows_in(session)?.filter(found)?.aggregate(vec![bucket], vec![count(lit(1)).alias("count")])
}

impl Grid {
    fn over(range: TimeRange, interval: Duration) -> Result<Self, EngineError> {
        let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
        let start_ms = range.from.millis().div_euclid(interval_ms).saturating_mul(interval_ms);
        let span_ms = (i128::from(range.to.millis()) - i128::from(start_ms)).max(0);
        let buckets = u64::try_from((span_ms + i128::from(interval_ms) - 1) / i128::from(interval_ms));
        match buckets {
            Ok(buckets) if buckets <= HISTOGRAM_BUCKETS_MAX => {
                Ok(Self { start_ms, interval_ms, buckets: usize::try_from(buckets).unwrap_or(usize::MAX) })
            }
            _ => Err(EngineError::TooLarge {
                what: "the histogram",
                asked: format!("{} buckets", buckets.unwrap_or(u64::MAX)),
                most: HISTOGRAM_BUCKETS_MAX,
                advice: "narrow the time range, or choose a longer interval",
            }),
        }
    }

    fn filled(self, counted: &[RecordBatch]) -> Vec<Bucket> {
        let start = |bucket: usize| {
            let since_start = i64::try_from(bucket).unwrap_or(i64::MAX).saturating_mul(self.interval_ms);
            Timestamp::from_millis(self.start_ms.saturating_add(since_start))
        };
        let mut buckets: Vec<Bucket> =
            (0..self.buckets).map(|bucket| Bucket { start: start(bucket), count: 0 }).collect();
        for batch in counted {
            let numbers = batch.columns().iter().filter_map(|column| column.as_primitive_opt::<Int64Type>());
            let [numbers, counts] = numbers.collect::<Vec<_>>()[..] else { continue };
            for (number, count) in numbers.values().iter().zip(counts.values()) {
                let bucket = usize::try_from(*number).ok().and_then(|number| buckets.get_mut(number));
                if let Some(bucket) = bucket {
                    bucket.count += u64::try_from(*count).unwrap_or(0);
                }
            }
        }
        buckets
    }
}
