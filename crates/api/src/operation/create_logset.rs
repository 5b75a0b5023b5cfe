//! `CreateLogset`: creates a group of topics.

use super::prelude::*;
use crate::object::Tag;

/// The logset to create.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLogsetRequest {
    /// At most 255 characters, without `|`.
    pub logset_name: String,
    /// At most 10.
    pub tags: Option<Vec<Tag>>,
    /// An own id, `<custom>-<account>`; made by the server when absent.
    pub logset_id: Option<String>,
}

/// The id of the new logset.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLogsetResponse {
    /// Its id.
    pub logset_id: String,
}

operation!(Cls CreateLogset(Operate): CreateLogsetRequest => CreateLogsetResponse, "Creates a logset.");
