//! `CreateAccessKey`: makes a key for CLI and API.

use super::prelude::*;

/// What the key is for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyRequest {
    /// A note, at most 512 characters.
    pub description: Option<String>,
    /// Whose rights it carries; the caller's own when absent, and only administrators name others.
    pub user_name: Option<String>,
}

/// The key; its secret is shown this once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyResponse {
    /// The public part.
    pub secret_id: String,
    /// The secret part.
    pub secret_key: String,
}

operation!(Natlens CreateAccessKey(View): CreateAccessKeyRequest => CreateAccessKeyResponse, "Makes an access key; its secret is shown once.");
