//! `DownloadLog`: everything that a query finds or computes, as a file.

use super::prelude::*;

/// What to write, and in which form. The answer is the file itself, without a limit of rows, written while it is read.
/// It is whole when the transfer ends as HTTP says it should (the last chunk of RFC 9112, 7.1); when the server cannot
/// finish it, it cuts the connection instead. What goes wrong before the first row is answered as everywhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DownloadLogRequest {
    /// The topic.
    pub topic_id: String,
    /// Start of the time range, included. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// `search | SQL`, at most 12 KB; empty or `*` finds everything. Without LIMIT, SQL gives all of its rows.
    pub query_string: Option<String>,
    /// 0 Lucene, 1 CQL (default).
    pub query_syntax: Option<u32>,
    /// `csv` (a text that a spreadsheet would run as a formula has an apostrophe before it), `ndjson` or `parquet`.
    pub format: String,
    /// `desc` (newest first, default) or `asc`; records only.
    pub sort: Option<String>,
    /// Fields of each record after its time, in this order; all when absent. Records only.
    pub fields: Option<Vec<String>>,
}

/// The body is the file, not JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DownloadLogResponse {}

operation!(Natlens DownloadLog(View): DownloadLogRequest => DownloadLogResponse, "Gives everything that a query finds or computes as a file, however large.");
