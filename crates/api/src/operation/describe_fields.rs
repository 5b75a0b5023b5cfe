//! `DescribeFields`: the field table of flow records.

use super::prelude::*;
use crate::object::RecordField;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeFieldsRequest {}

/// The fields.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFieldsResponse {
    /// In the order of the documentation.
    pub fields: Vec<RecordField>,
}

operation!(Natlens DescribeFields(View): DescribeFieldsRequest => DescribeFieldsResponse, "Lists the fields of flow records.");
