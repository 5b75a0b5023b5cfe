//! `DeleteUser`: shuts a person out.

use super::prelude::*;

/// Whom.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUserRequest {
    /// The name.
    pub user_name: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DeleteUserResponse {}

operation!(Natlens DeleteUser(Administer): DeleteUserRequest => DeleteUserResponse, "Deletes a user with all sessions, access keys and links.");
