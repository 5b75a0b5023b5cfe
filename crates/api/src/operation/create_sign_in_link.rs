//! `CreateSignInLink`: lets a user in who has no password, or lost it.

use super::prelude::*;

/// For whom.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSignInLinkRequest {
    /// The user's name; the caller's own when absent.
    pub user_name: Option<String>,
}

/// The link; it is shown this once, and works once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSignInLinkResponse {
    /// Open it in a browser; the user then sets a new password.
    pub link: String,
    /// When it ends. Unit: Unix milliseconds.
    pub expires: i64,
}

operation!(Natlens CreateSignInLink(Administer): CreateSignInLinkRequest => CreateSignInLinkResponse, "Makes a link that signs a user in once, to set a new password.");
