//! `DescribeIndex`: shows the index of a topic.

use super::prelude::*;
use crate::object::IndexRule;

/// Whose index to show.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeIndexRequest {
    /// Which topic.
    pub topic_id: String,
}

/// The index.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeIndexResponse {
    /// Which topic.
    pub topic_id: String,
    /// Whether it is effective.
    pub status: bool,
    /// The settings.
    pub rule: Option<IndexRule>,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub modify_time: String,
    /// Whether internal fields take part in full text.
    pub include_internal_fields: bool,
    /// As set.
    pub metadata_flag: u32,
}

operation!(Cls DescribeIndex(View): DescribeIndexRequest => DescribeIndexResponse, "Shows the index of a topic.");
