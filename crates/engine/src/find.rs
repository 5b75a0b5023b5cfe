//! The records themselves, by time, page by page.
//!
//! Hides: that segments are read in waves, from the wanted end of time, until no other can hold a wanted record.
//! Knows nothing of: SQL.

use std::cmp::Reverse;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, SortExpr, lit};
use datafusion::prelude::SessionContext;
use flow::{Record, TimeRange, Timestamp};
use query::Search;
use store::{ROW_COLUMN, Segment, TIMESTAMP_COLUMN};

use crate::FIND_RECORDS_MAX;
use crate::derived;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::predicate::{column, conditions, moment};
use crate::record;
use crate::run::{Run, watched_batches};
use crate::table::{SegmentTable, overlapping};

/// From which end of time records are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FindOrder {
    /// The last record first.
    #[default]
    Newest,
    /// The first record first.
    Oldest,
}

/// Where a record stands among those of its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// When it starts.
    pub at: Timestamp,
    /// Which arrived first, among those that start at the same moment.
    pub row: i64,
}

/// Which of the records that a search finds are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only what follows this one; `None` starts at the beginning.
    pub after: Option<Position>,
    /// How many are passed over.
    pub offset: u64,
    /// How many are wanted, at most. With `offset`, at most [`FIND_RECORDS_MAX`].
    pub limit: u64,
}

/// A page of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In the order that was asked for.
    pub records: Vec<FoundRecord>,
    /// Whether others follow.
    pub more: bool,
}

/// A record, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRecord {
    /// Where the next page can continue.
    pub position: Position,
    /// The segment that holds it at the moment.
    pub segment: i64,
    /// The record.
    pub record: Record,
}

/// How many segments are read first; each further wave has twice as many.
///
/// Enough for the latest minutes that are not merged yet, so that the newest records are usually found at once.
const FIRST_WAVE_SEGMENTS: usize = 8;

impl Engine {
    /// Lists the records of `scope` that `search` finds, in `order`.
    ///
    /// Fails with `TooLarge` for a page beyond [`FIND_RECORDS_MAX`], and when a limit of the engine is reached.
    #[tracing::instrument(name = "engine.find", skip_all, fields(segments = scope.snapshot.segments.len()))]
    pub async fn find(
        &self,
        scope: &Scope,
        search: &Search,
        order: FindOrder,
        page: Page,
    ) -> Result<Found, EngineError> {
        let wanted = page.offset.saturating_add(page.limit);
        if wanted > FIND_RECORDS_MAX {
            return Err(EngineError::TooLarge {
                what: "the page",
                asked: format!("{wanted} records, those passed over included"),
                most: FIND_RECORDS_MAX,
                advice: "narrow the time range, or continue after the last record of a page",
            });
        }
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        let mut conditions = conditions(scope, search, &segments);
        conditions.extend(page.after.map(|after| order.follows(after)));
        let walk = Walk {
            session: self.session(),
            run: Arc::clone(&scope.run),
            waves: waves(order, segments),
            conditions,
            order,
            // One more than wanted tells whether others follow.
            limit: usize::try_from(wanted + 1).unwrap_or(usize::MAX),
        };
        let fault = self.fault();
        self.run(&scope.run, async move {
            let mut records = walk.records(fault).await?;
            let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
            let more = records.len() > wanted;
            records.truncate(wanted);
            let passed_over = usize::try_from(page.offset).unwrap_or(usize::MAX).min(records.len());
            Ok(Found { records: records.split_off(passed_over), more })
        })
        .await
    }
}

/// One way through the segments.
struct Walk {
    session: SessionContext,
    run: Arc<Run>,
    waves: Vec<Wave>,
    conditions: Vec<Expr>,
    order: FindOrder,
    limit: usize,
}

/// Segments that are read together.
struct Wave {
    segments: Vec<Arc<Segment>>,
    /// Where the records of all later waves lie; `None` for the last.
    rest: Option<TimeRange>,
}

impl Walk {
    async fn records(
        self,
        fault: impl Fn(DataFusionError) -> EngineError + Copy,
    ) -> Result<Vec<FoundRecord>, EngineError> {
        let mut records: Vec<FoundRecord> = Vec::new();
        for wave in &self.waves {
            self.run.expect(&wave.segments);
            let table = SegmentTable::new(&wave.segments).map_err(fault)?;
            for batch in self.batches(table).await.map_err(fault)? {
                records.extend(record::records(&batch)?);
            }
            self.order.sort(&mut records);
            records.truncate(self.limit);
            let full = records.len() == self.limit;
            let last = records.last().map(|record| record.position.at);
            let rest_is_farther = match (wave.rest, last) {
                (Some(rest), Some(last)) => self.order.is_beyond(rest, last),
                _ => false,
            };
            if full && rest_is_farther {
                break;
            }
        }
        Ok(records)
    }

    async fn batches(&self, table: SegmentTable) -> Result<Vec<RecordBatch>, DataFusionError> {
        let mut rows = table.stored_in(&self.session)?;
        for condition in &self.conditions {
            rows = rows.filter(derived::on_stored(condition.clone())?)?;
        }
        // Only the rows that are wanted get what is not stored.
        let rows = rows
            .sort(self.order.sorting())?
            .limit(0, Some(self.limit))?
            .select(derived::columns())?
            .select(record::columns().map(column))?;
        watched_batches(&self.run, rows).await
    }
}

impl FindOrder {
    /// What is true for records that follow `after`.
    fn follows(self, after: Position) -> Expr {
        let (at, row) = (column(TIMESTAMP_COLUMN), column(ROW_COLUMN));
        let same_moment = at.clone().eq(moment(after.at));
        // The first part says nothing new, but it skips segments.
        match self {
            Self::Newest => at
                .clone()
                .lt_eq(moment(after.at))
                .and(at.lt(moment(after.at)).or(same_moment.and(row.lt(lit(after.row))))),
            Self::Oldest => at
                .clone()
                .gt_eq(moment(after.at))
                .and(at.gt(moment(after.at)).or(same_moment.and(row.gt(lit(after.row))))),
        }
    }

    pub(crate) fn sorting(self) -> Vec<SortExpr> {
        let ascending = self == Self::Oldest;
        [TIMESTAMP_COLUMN, ROW_COLUMN].map(|name| column(name).sort(ascending, false)).to_vec()
    }

    fn sort(self, records: &mut [FoundRecord]) {
        match self {
            Self::Newest => records.sort_unstable_by_key(|record| Reverse(record.position)),
            Self::Oldest => records.sort_unstable_by_key(|record| record.position),
        }
    }

    /// Whether every moment of `rest` comes after `at` in this order.
    fn is_beyond(self, rest: TimeRange, at: Timestamp) -> bool {
        match self {
            Self::Newest => rest.to <= at,
            Self::Oldest => rest.from > at,
        }
    }
}

/// Cuts the segments into waves, from the wanted end of time.
fn waves(order: FindOrder, mut segments: Vec<Arc<Segment>>) -> Vec<Wave> {
    match order {
        FindOrder::Newest => segments.sort_by_key(|segment| Reverse(segment.range().to)),
        FindOrder::Oldest => segments.sort_by_key(|segment| segment.range().from),
    }
    let mut waves = Vec::new();
    let mut size = FIRST_WAVE_SEGMENTS;
    while !segments.is_empty() {
        let later = segments.split_off(size.min(segments.len()));
        waves.push(Wave { rest: hull(&later), segments });
        segments = later;
        size *= 2;
    }
    waves
}

/// The smallest range that contains those of all segments.
fn hull(segments: &[Arc<Segment>]) -> Option<TimeRange> {
    let from = segments.iter().map(|segment| segment.range().from).min()?;
    let to = segments.iter().map(|segment| segment.range().to).max()?;
    Some(TimeRange { from, to })
}
