//! `DescribeTopicUsage`: what a topic takes, hour by hour.

use super::prelude::*;
use crate::object::TopicUsage;

/// Of which topic, and when.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTopicUsageRequest {
    /// The topic; it may be deleted.
    pub topic_id: String,
    /// Hours that begin from here on. Unit: Unix milliseconds.
    pub from: i64,
    /// Hours that begin before this. Unit: Unix milliseconds.
    pub to: i64,
}

/// The hours.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTopicUsageResponse {
    /// The oldest first; hours in which nothing was noted are left out. Kept for 396 days.
    pub hours: Vec<TopicUsage>,
}

operation!(Natlens DescribeTopicUsage(View): DescribeTopicUsageRequest => DescribeTopicUsageResponse, "Tells what a topic takes, hour by hour: bytes written, indexed, stored and queried, and requests.");
