//! `SearchLog`: finds records, or analyses them with SQL.

use super::prelude::*;
use crate::object::{AnswerColumn, LeftOut, LogItems, LogRecord, ScannedAmount, SearchTopic, SearchTopics};

/// What to find, where, and how much of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchLogRequest {
    /// Start of the time range, included. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// `search | SQL`, at most 12 KB; empty or `*` finds everything.
    pub query_string: Option<String>,
    /// 0 Lucene, 1 CQL (default); goes with `QueryString`.
    pub query_syntax: Option<u32>,
    /// The topic; exclusive with `Topics`.
    pub topic_id: Option<String>,
    /// Several topics; exactly one is offered today.
    pub topics: Option<Vec<SearchTopic>>,
    /// `desc` (newest first, default) or `asc`; records only.
    pub sort: Option<String>,
    /// How many records: 1 to 1000, default 100; records only.
    pub limit: Option<u64>,
    /// How many records to leave out; records only, not together with `Context`.
    pub offset: Option<u64>,
    /// Continues an earlier answer; at most 10 000 records in all.
    pub context: Option<String>,
    /// 1 is exact, which every answer is today.
    pub sampling_rate: Option<f64>,
    /// Answers SQL as `AnalysisRecords` and `Columns` rather than `AnalysisResults` and `ColNames`.
    pub use_new_analysis: Option<bool>,
    /// Accepted; nothing is marked today.
    pub high_light: Option<bool>,
    /// Older name of `QueryString`, with Lucene as default syntax.
    pub query: Option<String>,
    /// Goes with `Query`: 0 Lucene (default), 1 CQL.
    pub syntax_rule: Option<u32>,
    /// Answers without the records of damaged files, and says which (`LeftOut`), instead of failing; beyond what is
    /// published.
    pub allow_partial: Option<bool>,
}

/// Records, or the table of an analysis.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchLogResponse {
    /// Pass it on as `Context` to read further; empty when all was returned.
    pub context: String,
    /// Whether all matching records were returned.
    pub list_over: bool,
    /// Whether this is the answer of SQL.
    pub analysis: bool,
    /// The records.
    pub results: Option<Vec<LogRecord>>,
    /// Column names, older form.
    pub col_names: Option<Vec<String>>,
    /// Rows, older form: all cells as text.
    pub analysis_results: Option<Vec<LogItems>>,
    /// Rows: one JSON object as text for each.
    pub analysis_records: Option<Vec<String>>,
    /// Column names and types.
    pub columns: Option<Vec<AnswerColumn>>,
    /// 1: exact.
    pub sampling_rate: f64,
    /// By topic, for several topics.
    pub topics: Option<SearchTopics>,
    /// Whether there is more: records on further pages, or rows beyond the 100 of SQL without LIMIT; beyond what is
    /// published.
    #[serde(default)]
    pub cut: bool,
    /// How much was read for this answer; beyond what is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned: Option<ScannedAmount>,
    /// What is not in this answer although it was asked for; only with `AllowPartial`, and absent when all is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Vec<LeftOut>>,
}

operation!(Cls SearchLog(View): SearchLogRequest => SearchLogResponse, "Finds records, or analyses them with SQL.");
