//! Queries as they run, those that were slow, and what answers leave out.
//!
//! Hides: nothing.
//! Knows nothing of: how a query is carried out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One query while it runs, or after it was slow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct QueryRun {
    /// Names it as long as it runs.
    pub query_id: String,
    /// The operation that asks for it, for example `SearchLog`.
    pub operation: String,
    /// The query as it was written.
    pub statement: String,
    /// The topic that it searches.
    pub topic_id: String,
    /// Start of its time range. Unit: Unix milliseconds.
    pub from: i64,
    /// End of its time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// Who asks.
    pub user: String,
    /// `Waiting` for a place or `Running`; of a slow one how it ended: `Answered`, `Failed`, `Cancelled`, or `Left`
    /// when nobody waited for its answer any more.
    pub state: String,
    /// While it waits: how many came earlier and wait still.
    pub ahead: u64,
    /// When it was asked for. Unit: Unix milliseconds.
    pub started: i64,
    /// How long it takes so far, or took. Unit: milliseconds.
    pub took_ms: u64,
    /// How much it has read.
    pub scanned: ScannedAmount,
}

/// How much of what there is was read. What statistics skip is never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ScannedAmount {
    /// Rows that were read.
    pub rows: u64,
    /// Rows of the segments that could matter.
    pub rows_total: u64,
    /// Unit: bytes, as they stand in segments.
    pub bytes: u64,
    /// Unit: bytes, of the segments that could matter.
    pub bytes_total: u64,
    /// How many segments could matter.
    pub segments: u64,
}

/// Records that an answer leaves out, because the file that holds them is damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LeftOut {
    /// The segment that holds them.
    pub segment_id: i64,
    /// The earliest moment at which one of them starts. Unit: Unix milliseconds.
    pub from: i64,
    /// Just after the latest. Unit: Unix milliseconds.
    pub to: i64,
    /// How many they are, whether the query would have found them or not.
    pub records: u64,
    /// What is wrong with the file: `Missing`, `Altered` or `Unreadable`.
    pub reason: String,
}
