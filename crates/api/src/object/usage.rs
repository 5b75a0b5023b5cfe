//! What a topic takes.
//!
//! Hides: nothing.
//! Knows nothing of: how it is counted, what it costs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a topic took in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TopicUsage {
    /// When the hour begins. Unit: Unix milliseconds.
    pub hour: i64,
    /// Records that were stored, each once, uncompressed: a number counts 8, an address 16, a text its UTF-8. Unit: bytes.
    pub written_bytes: u64,
    /// Of them, what the index covers: whole records with full text, else the values of its keys. Unit: bytes.
    pub indexed_bytes: u64,
    /// Segments, compressed, when they were last looked at in the hour. Unit: bytes.
    pub stored_bytes: u64,
    /// What queries read, compressed. Unit: bytes.
    pub queried_bytes: u64,
    /// Batches that were stored.
    pub write_requests: u64,
    /// Queries that ended, answered or not.
    pub query_requests: u64,
}
