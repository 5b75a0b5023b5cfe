//! Queries as the API shows them.
//!
//! Hides: nothing.
//! Knows nothing of: how queries run.

use api::{QueryRun, ScannedAmount};
use engine::Progress;

use crate::queries::Told;

/// A query that runs or was slow.
pub(crate) fn query_shown(told: &Told) -> QueryRun {
    let Told { id, statement, state, started, took, progress } = told;
    QueryRun {
        query_id: id.clone(),
        operation: statement.operation.to_owned(),
        statement: statement.text.clone(),
        topic_id: statement.topic.to_string(),
        from: statement.range.from.millis(),
        to: statement.range.to.millis(),
        user: statement.user.clone(),
        state: (*state).to_owned(),
        ahead: progress.ahead as u64,
        started: started.millis(),
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        scanned: scanned_shown(progress),
    }
}

/// How much was read of what there is.
pub(crate) fn scanned_shown(progress: &Progress) -> ScannedAmount {
    let Progress { scanned, total, segments, .. } = progress;
    ScannedAmount {
        rows: scanned.rows,
        rows_total: total.rows,
        bytes: scanned.bytes,
        bytes_total: total.bytes,
        segments: *segments,
    }
}
