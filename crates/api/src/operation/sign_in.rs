//! `SignIn`: opens a session for the console.

use super::prelude::*;

/// A one-time token, or a name and a password.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SignInRequest {
    /// From the one-time link.
    pub token: Option<String>,
    /// The user's name.
    pub user_name: Option<String>,
    /// The user's password.
    pub password: Option<String>,
}

/// Who signed in; the session itself travels as a cookie.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SignInResponse {
    /// The user's name.
    pub user_name: String,
    /// Whether the user has to set a password first.
    pub must_set_password: bool,
}

operation!(Natlens SignIn(Anyone): SignInRequest => SignInResponse, "Opens a session for the console.");
