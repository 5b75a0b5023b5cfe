//! `DeleteIndex`: removes the index of a topic; its records stay.

use super::prelude::*;

/// Whose index to remove.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteIndexRequest {
    /// Which topic.
    pub topic_id: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DeleteIndexResponse {}

operation!(Cls DeleteIndex(Operate): DeleteIndexRequest => DeleteIndexResponse, "Removes the index of a topic; nothing can be searched in it then.");
