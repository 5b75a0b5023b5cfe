//! The records of some time before, for statements that compare.
//!
//! Hides: how their moments are moved to now.
//! Knows nothing of: SQL; `sql` says how far a statement looks back.

use std::sync::Arc;
use std::time::Duration;

use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::SessionContext;
use flow::TimeRange;
use query::{IndexedFields, Query, Search};
use store::Segment;

use crate::predicate::{predicate, within};
use crate::sql;
use crate::table::{SegmentTable, overlapping};

/// The time range that the snapshot of a query over `range` must have: it is longer when SQL looks back.
pub fn range_with_before(query: &Query, range: TimeRange) -> TimeRange {
    let seconds = query.sql.as_ref().and_then(sql::looks_back).unwrap_or(0);
    TimeRange { from: range.from.minus(Duration::from_secs(seconds)), to: range.to }
}

/// Where earlier records are, and which of them are found.
#[derive(Debug)]
pub(crate) struct Before {
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) range: TimeRange,
    pub(crate) search: Search,
}

/// The records of one time before.
#[derive(Debug)]
pub(crate) struct Earlier<'a> {
    /// Where they are.
    pub(crate) segments: Vec<Arc<Segment>>,
    range: TimeRange,
    by: Duration,
    search: &'a Search,
}

impl Before {
    /// The records that the search finds so many seconds before its range.
    pub(crate) fn records(&self, seconds: u64) -> Earlier<'_> {
        let by = Duration::from_secs(seconds);
        let earlier = |at: flow::Timestamp, end| if at == end { at } else { at.minus(by) };
        let range = TimeRange {
            from: earlier(self.range.from, TimeRange::ALWAYS.from),
            to: earlier(self.range.to, TimeRange::ALWAYS.to),
        };
        Earlier { segments: overlapping(&self.segments, range), range, by, search: &self.search }
    }
}

impl Earlier<'_> {
    /// The rows, with all their moments so much later.
    pub(crate) fn rows(
        &self,
        session: &SessionContext,
        index: &IndexedFields,
    ) -> Result<DataFrame, DataFusionError> {
        let kept = within(self.range, &self.segments);
        let rows = SegmentTable::new(&self.segments)?.rows_later_in(session, kept, self.by)?;
        rows.filter(predicate(self.search, index))
    }
}
