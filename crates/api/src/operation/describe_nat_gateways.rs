//! `DescribeNatGateways`: lists the gateways that agents enrolled.

use super::prelude::*;
use crate::object::{NatGateway, VpcFilters};

/// Which gateways to list; `NatGatewayIds` and `Filters` exclude each other.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNatGatewaysRequest {
    /// Only these.
    pub nat_gateway_ids: Option<Vec<String>>,
    /// Keys `nat-gateway-id`, `nat-gateway-name`, `vpc-id`, `nat-state`; one filter or a list of them.
    pub filters: Option<VpcFilters>,
    /// How many to leave out from the start; default 0.
    pub offset: Option<u64>,
    /// How many to return: 1 to 100, default 20.
    pub limit: Option<u64>,
}

/// One page of gateways.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNatGatewaysResponse {
    /// The page.
    pub nat_gateway_set: Vec<NatGateway>,
    /// How many match in all.
    pub total_count: u64,
    /// Always `DETAIL`.
    pub verbose_level: String,
}

operation!(Vpc DescribeNatGateways(View): DescribeNatGatewaysRequest => DescribeNatGatewaysResponse, "Lists NAT gateways.");
