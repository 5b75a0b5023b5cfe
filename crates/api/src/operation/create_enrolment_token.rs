//! `CreateEnrolmentToken`: lets agents enrol.

use super::prelude::*;

/// For how long agents may enrol.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateEnrolmentTokenRequest {
    /// 1 to 720, default 24. Unit: hours.
    pub valid_hours: Option<u32>,
}

/// The token; it is shown this once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateEnrolmentTokenResponse {
    /// Give it to `natlens agent --enrolment-token`.
    pub token: String,
    /// When it ends. Unit: Unix milliseconds.
    pub expires: i64,
}

operation!(Natlens CreateEnrolmentToken(Administer): CreateEnrolmentTokenRequest => CreateEnrolmentTokenResponse, "Makes a token with which agents enrol.");
