//! `DescribeLogHistogram`: counts matching records over time.

use super::prelude::*;
use crate::object::{HistogramBucket, LeftOut};

/// What to count, where, in which steps.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeLogHistogramRequest {
    /// Start of the time range, included. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// As in `SearchLog`; only the search part counts.
    pub query: String,
    /// Which topic.
    pub topic_id: Option<String>,
    /// Width of a bucket; at most 200 buckets; chosen by the server when absent. Unit: milliseconds.
    pub interval: Option<i64>,
    /// 0 Lucene (default here), 1 CQL.
    pub syntax_rule: Option<u32>,
    /// As in `SearchLog`.
    pub allow_partial: Option<bool>,
}

/// Counts over time; empty buckets are there too.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeLogHistogramResponse {
    /// Width of a bucket. Unit: milliseconds.
    pub interval: i64,
    /// The sum of all buckets.
    pub total_count: u64,
    /// From the oldest.
    pub histogram_infos: Vec<HistogramBucket>,
    /// As in `SearchLog`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Vec<LeftOut>>,
}

operation!(Cls DescribeLogHistogram(View): DescribeLogHistogramRequest => DescribeLogHistogramResponse, "Counts matching records over time.");
