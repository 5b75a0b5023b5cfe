//! `CompleteQuery`: what can be written at a place of a query that is being typed.

use super::prelude::*;
use crate::object::Candidate;

/// A query, and a place in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CompleteQueryRequest {
    /// The topic whose index says which fields there are.
    pub topic_id: String,
    /// The query, which need not be finished; at most 12 KB.
    pub query_string: String,
    /// 0 Lucene, 1 CQL (default).
    pub query_syntax: Option<u32>,
    /// The place; the end when absent. Unit: bytes of UTF-8.
    pub offset: Option<u64>,
    /// With `To`, values are also offered that records of this time have. Unit: Unix milliseconds.
    pub from: Option<i64>,
    /// End of that time, excluded. Unit: Unix milliseconds.
    pub to: Option<i64>,
}

/// What fits there, the likeliest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CompleteQueryResponse {
    /// Where the text starts that a candidate replaces. Unit: bytes of UTF-8.
    pub offset: u64,
    /// How long it is. Unit: bytes of UTF-8.
    pub length: u64,
    /// At most 100.
    pub candidates: Vec<Candidate>,
}

operation!(Natlens CompleteQuery(View): CompleteQueryRequest => CompleteQueryResponse, "Tells what can be written at a place of a query: fields, values, words, functions.");
