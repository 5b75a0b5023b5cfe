//! `TailLog`: tells records as they are stored.

use super::prelude::*;
use crate::object::LogRecord;

/// Which records to tell. The answer is a stream of events (`text/event-stream`): the data of each is a
/// `TailLogResponse`, and a comment every 15 seconds says that the server is still there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TailLogRequest {
    /// The topic.
    pub topic_id: String,
    /// What to find, without SQL; empty or `*` finds everything.
    pub query_string: Option<String>,
    /// 0 Lucene, 1 CQL (default).
    pub query_syntax: Option<u32>,
}

/// What was stored since the event before.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TailLogResponse {
    /// The records, in the order of their arrival; at most 1000.
    pub results: Vec<LogRecord>,
    /// How many stored records were left out since the event before, because they came faster than they were read.
    /// Of these, some may not have been looked for.
    pub skipped: u64,
}

operation!(Natlens TailLog(View): TailLogRequest => TailLogResponse, "Tells records as they are stored, until the caller leaves.");
