//! `DeleteAccessKey`: ends an access key at once.

use super::prelude::*;

/// Which key to end.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccessKeyRequest {
    /// The public part of the key.
    pub secret_id: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DeleteAccessKeyResponse {}

operation!(Natlens DeleteAccessKey(View): DeleteAccessKeyRequest => DeleteAccessKeyResponse, "Deletes an access key.");
