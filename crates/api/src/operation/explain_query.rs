//! `ExplainQuery`: what a query would read, and how it would be carried out.

use super::prelude::*;

/// Which query to explain.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ExplainQueryRequest {
    /// The topic.
    pub topic_id: String,
    /// Start of the time range, included. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// `search | SQL`, at most 12 KB; empty or `*` finds everything.
    pub query_string: Option<String>,
    /// 0 Lucene, 1 CQL (default).
    pub query_syntax: Option<u32>,
}

/// What would be read, and how.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ExplainQueryResponse {
    /// The search in canonical text.
    pub search: String,
    /// Segments of the topic.
    pub segments_total: u64,
    /// Of them, those outside the time range.
    pub segments_outside: u64,
    /// Segments of which anything would be read.
    pub segments_read: u64,
    /// Row groups of the segments in the time range, for each time that the statement reads them.
    pub row_groups_total: u64,
    /// Row groups that statistics of their columns rule out.
    pub row_groups_by_statistics: u64,
    /// Row groups that Bloom filters of addresses rule out.
    pub row_groups_by_bloom: u64,
    /// Row groups that would be read.
    pub row_groups_read: u64,
    /// The steps, the last first, as the engine names them.
    pub plan: String,
    /// All of this as text for people.
    pub text: String,
}

operation!(Natlens ExplainQuery(View): ExplainQueryRequest => ExplainQueryResponse, "Tells what a query would read and how it would be carried out, without carrying it out.");
