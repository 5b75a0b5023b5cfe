//! `DescribeAccessKeys`: lists access keys, without their secrets.

use super::prelude::*;
use crate::object::AccessKey;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeAccessKeysRequest {}

/// The keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAccessKeysResponse {
    /// From the newest. Administrators see all of the account, others their own.
    pub access_keys: Vec<AccessKey>,
}

operation!(Natlens DescribeAccessKeys(View): DescribeAccessKeysRequest => DescribeAccessKeysResponse, "Lists access keys.");
