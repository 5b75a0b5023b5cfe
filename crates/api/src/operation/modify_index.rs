//! `ModifyIndex`: changes the index of a topic, at once and for all its records.

use super::prelude::*;
use crate::object::IndexRule;

/// What to change; an absent member stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyIndexRequest {
    /// Which topic.
    pub topic_id: String,
    /// Whether it is effective.
    pub status: Option<bool>,
    /// Replaces the settings.
    pub rule: Option<IndexRule>,
    /// Whether internal fields take part in full text.
    pub include_internal_fields: Option<bool>,
    /// Accepted and kept.
    pub metadata_flag: Option<u32>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ModifyIndexResponse {}

operation!(Cls ModifyIndex(Operate): ModifyIndexRequest => ModifyIndexResponse, "Changes the index of a topic.");
