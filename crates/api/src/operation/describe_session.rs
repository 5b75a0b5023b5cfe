//! `DescribeSession`: says who is signed in.

use super::prelude::*;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeSessionRequest {}

/// Who is signed in.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSessionResponse {
    /// The user's name.
    pub user_name: String,
    /// `admin`, or `reader`, who changes nothing.
    pub role: String,
    /// The account.
    pub account_id: String,
    /// Whether the user has to set a password first.
    pub must_set_password: bool,
}

operation!(Natlens DescribeSession(View): DescribeSessionRequest => DescribeSessionResponse, "Says who is signed in.");
