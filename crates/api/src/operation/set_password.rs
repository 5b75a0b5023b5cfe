//! `SetPassword`: sets the password of the signed-in user.

use super::prelude::*;

/// The new password.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SetPasswordRequest {
    /// 12 to 256 characters.
    pub password: String,
    /// The password until now; needed once one is set.
    pub old_password: Option<String>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SetPasswordResponse {}

operation!(Natlens SetPassword(View): SetPasswordRequest => SetPasswordResponse, "Sets the password of the signed-in user.");
