//! `DescribeRegions`: lists the regions that gateways stand in.

use super::prelude::*;
use crate::object::Region;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeRegionsRequest {}

/// The regions.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegionsResponse {
    /// In the order of their names; the default region is always there.
    pub regions: Vec<Region>,
    /// The region of a request that names none.
    pub default_region: String,
}

operation!(Natlens DescribeRegions(View): DescribeRegionsRequest => DescribeRegionsResponse, "Lists regions.");
