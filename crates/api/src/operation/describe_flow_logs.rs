//! `DescribeFlowLogs`: lists flow logs.

use super::prelude::*;
use crate::object::{FlowLog, VpcFilters};

/// Which flow logs to list; all conditions must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFlowLogsRequest {
    /// Only those of this VPC.
    pub vpc_id: Option<String>,
    /// Only this one; not together with `Filters`.
    pub flow_log_id: Option<String>,
    /// Only those whose name contains this.
    pub flow_log_name: Option<String>,
    /// Only those of this collection scope.
    pub resource_type: Option<String>,
    /// Only those of this resource.
    pub resource_id: Option<String>,
    /// Only those of this collection type.
    pub traffic_type: Option<String>,
    /// Only those that store into this topic.
    pub cloud_log_id: Option<String>,
    /// `SUCCESS` (the topic exists) or `DELETED`.
    pub cloud_log_state: Option<String>,
    /// `flowLogName` or `createTime` (default).
    pub order_field: Option<String>,
    /// `ASC` or `DESC` (default).
    pub order_direction: Option<String>,
    /// How many to leave out from the start; default 0.
    pub offset: Option<u64>,
    /// How many to return: 1 to 100, default 10.
    pub limit: Option<u64>,
    /// Keys `tag-key` and `tag:<key>`; one filter or a list of them.
    pub filters: Option<VpcFilters>,
    /// Only those whose topic stands in this region.
    pub cloud_log_region: Option<String>,
}

/// One page of flow logs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFlowLogsResponse {
    /// The page.
    pub flow_log: Vec<FlowLog>,
    /// How many match in all.
    pub total_num: u64,
}

operation!(Vpc DescribeFlowLogs(View): DescribeFlowLogsRequest => DescribeFlowLogsResponse, "Lists flow logs.");
