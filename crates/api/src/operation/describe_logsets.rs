//! `DescribeLogsets`: lists logsets.

use super::prelude::*;
use crate::object::{ClsFilter, Logset};

/// Which logsets to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeLogsetsRequest {
    /// Keys `logsetName`, `logsetId`, `tagKey`, `tag:<key>`; at most 10.
    pub filters: Option<Vec<ClsFilter>>,
    /// How many to leave out from the start; default 0.
    pub offset: Option<u64>,
    /// How many to return: 1 to 100, default 20.
    pub limit: Option<u64>,
}

/// One page of logsets.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeLogsetsResponse {
    /// How many match in all.
    pub total_count: u64,
    /// The page.
    pub logsets: Vec<Logset>,
}

operation!(Cls DescribeLogsets(View): DescribeLogsetsRequest => DescribeLogsetsResponse, "Lists logsets.");
