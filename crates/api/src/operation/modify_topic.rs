//! `ModifyTopic`: changes a topic's name, retention, description or tags.

use super::prelude::*;
use crate::object::Tag;

/// What to change; an absent member stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyTopicRequest {
    /// Which topic.
    pub topic_id: String,
    /// Not empty, without `|`, unique in its logset.
    pub topic_name: Option<String>,
    /// Replaces all tags.
    pub tags: Option<Vec<Tag>>,
    /// Retention: 1 to 3600, or 3640 for ever. Unit: days.
    pub period: Option<u32>,
    /// The most bytes of all its segments together, from 1000000 on; 0 sets no bound. Unit: bytes.
    pub max_bytes: Option<u64>,
    /// Description, at most 512 characters.
    pub describes: Option<String>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ModifyTopicResponse {}

operation!(Cls ModifyTopic(Operate): ModifyTopicRequest => ModifyTopicResponse, "Changes a topic.");
