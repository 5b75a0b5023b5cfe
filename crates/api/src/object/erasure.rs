//! What was ordered to be taken out of topics.
//!
//! Hides: nothing.
//! Knows nothing of: how records are taken out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One erasure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Erasure {
    /// Names it, for ever.
    pub erasure_id: String,
    /// The topic; it may be deleted.
    pub topic_id: String,
    /// What was to be found, in canonical text.
    pub search: String,
    /// Start of the time range. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// The user who ordered it.
    pub ordered_by: String,
    /// When. Unit: Unix milliseconds.
    pub ordered: i64,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// Records that are gone.
    pub rows: u64,
    /// Segments that were written anew, or removed, without them.
    pub segments: u64,
    /// When it was done or failed. Unit: Unix milliseconds.
    pub ended: Option<i64>,
    /// Why it failed.
    pub failure: String,
}
