//! `CreateIndex`: says which fields of a topic can be searched and counted.

use super::prelude::*;
use crate::object::IndexRule;

/// The index to create.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIndexRequest {
    /// Which topic.
    pub topic_id: String,
    /// At least one of full text and key-value.
    pub rule: IndexRule,
    /// Whether it is effective; default true.
    pub status: Option<bool>,
    /// Whether internal fields take part in full text; default false.
    pub include_internal_fields: Option<bool>,
    /// Accepted and kept.
    pub metadata_flag: Option<u32>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CreateIndexResponse {}

operation!(Cls CreateIndex(Operate): CreateIndexRequest => CreateIndexResponse, "Creates the index of a topic.");
