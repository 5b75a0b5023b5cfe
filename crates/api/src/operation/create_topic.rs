//! `CreateTopic`: creates a table of records.

use super::prelude::*;
use crate::object::Tag;

/// The topic to create.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTopicRequest {
    /// The logset that it belongs to, for good.
    pub logset_id: String,
    /// Not empty, without `|`, unique in its logset.
    pub topic_name: String,
    /// Accepted and kept; one server needs no partitions.
    pub partition_count: Option<u32>,
    /// At most 10.
    pub tags: Option<Vec<Tag>>,
    /// Accepted and kept.
    pub auto_split: Option<bool>,
    /// Accepted and kept.
    pub max_split_partitions: Option<u32>,
    /// `hot` (default); `cold` is not offered.
    pub storage_type: Option<String>,
    /// Retention: 1 to 3600, or 3640 for ever; default 30. Unit: days.
    pub period: Option<u32>,
    /// The most bytes of all its segments together, from 1000000 on; beyond it the oldest segments go. 0, the default, sets
    /// no bound. Unit: bytes.
    pub max_bytes: Option<u64>,
    /// Description, at most 512 characters.
    pub describes: Option<String>,
    /// An own id, `<custom>-<account>`; made by the server when absent.
    pub topic_id: Option<String>,
}

/// The id of the new topic.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTopicResponse {
    /// Its id.
    pub topic_id: String,
}

operation!(Cls CreateTopic(Operate): CreateTopicRequest => CreateTopicResponse, "Creates a topic.");
