//! `ModifyUser`: gives a user another role.

use super::prelude::*;

/// Who, and what the user may do from now on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyUserRequest {
    /// The name.
    pub user_name: String,
    /// `admin` or `reader`; holds at once, also for sessions and access keys that there are.
    pub role: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ModifyUserResponse {}

operation!(Natlens ModifyUser(Administer): ModifyUserRequest => ModifyUserResponse, "Gives a user another role.");
