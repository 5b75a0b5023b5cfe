//! `DescribeTopics`: lists topics.

use super::prelude::*;
use crate::object::{ClsFilter, Topic};

/// Which topics to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTopicsRequest {
    /// Keys `topicName`, `logsetName`, `topicId`, `logsetId`, `storageType`, `tagKey`, `tag:<key>`; at most 10.
    pub filters: Option<Vec<ClsFilter>>,
    /// How many to leave out from the start; default 0.
    pub offset: Option<u64>,
    /// How many to return: 1 to 100, default 20.
    pub limit: Option<u64>,
    /// Names: 0 contain the value (default), 1 topic name equals, 2 logset name equals, 3 both equal.
    pub precise_search: Option<u32>,
    /// 0, log topics; nothing else is offered.
    pub biz_type: Option<u32>,
}

/// One page of topics.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTopicsResponse {
    /// The page.
    pub topics: Vec<Topic>,
    /// How many match in all.
    pub total_count: u64,
}

operation!(Cls DescribeTopics(View): DescribeTopicsRequest => DescribeTopicsResponse, "Lists topics.");
