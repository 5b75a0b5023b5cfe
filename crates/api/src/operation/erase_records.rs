//! `EraseRecords`: takes the records that a search finds out of a topic, for good.

use super::prelude::*;

/// What to erase.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EraseRecordsRequest {
    /// The topic.
    pub topic_id: String,
    /// Start of the time range, included. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// What to find, without SQL; `*` finds everything.
    pub query_string: String,
    /// 0 Lucene, 1 CQL (default).
    pub query_syntax: Option<u32>,
    /// Erases; when absent or false, what would go is counted and nothing is erased.
    pub confirm: Option<bool>,
}

/// What goes, or would go.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EraseRecordsResponse {
    /// The search in canonical text.
    pub search: String,
    /// Records that it finds now.
    pub rows: u64,
    /// Segments that hold them.
    pub segments: u64,
    /// Names the erasure that was ordered; `DescribeErasures` tells how far it is.
    pub erasure_id: Option<String>,
}

operation!(Natlens EraseRecords(Administer): EraseRecordsRequest => EraseRecordsResponse, "Counts the records that a search finds or, when confirmed, takes them out of the topic for good.");
