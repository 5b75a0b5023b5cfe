//! `DeleteLogset`: deletes an empty logset.

use super::prelude::*;

/// Which logset to delete.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteLogsetRequest {
    /// Which logset; refused while it holds topics.
    pub logset_id: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DeleteLogsetResponse {}

operation!(Cls DeleteLogset(Operate): DeleteLogsetRequest => DeleteLogsetResponse, "Deletes an empty logset.");
