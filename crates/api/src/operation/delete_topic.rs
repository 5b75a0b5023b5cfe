//! `DeleteTopic`: deletes a topic and its records.

use super::prelude::*;

/// Which topic to delete.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTopicRequest {
    /// Which topic.
    pub topic_id: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DeleteTopicResponse {}

operation!(Cls DeleteTopic(Operate): DeleteTopicRequest => DeleteTopicResponse, "Deletes a topic with all its records.");
