//! `CreateUser`: lets another person in.

use super::prelude::*;

/// Who, and what the person may do.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserRequest {
    /// The name: 1 to 64 letters, digits, `.`, `-`, `_` and `@`.
    pub user_name: String,
    /// `admin` or `reader`.
    pub role: String,
}

/// The link that signs the user in; it is shown this once, and works once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserResponse {
    /// The user opens it in a browser, and sets a password.
    pub link: String,
    /// When it ends. Unit: Unix milliseconds.
    pub expires: i64,
}

operation!(Natlens CreateUser(Administer): CreateUserRequest => CreateUserResponse, "Creates a user, and a link that signs the user in once.");
