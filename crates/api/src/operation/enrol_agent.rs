//! `EnrolAgent`: turns an enrolment token into a gateway with an agent token.

use super::prelude::*;

/// The token, and what is known of the gateway.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EnrolAgentRequest {
    /// From `CreateEnrolmentToken`.
    pub token: String,
    /// The name of the gateway, 1 to 60 characters.
    pub gateway_name: String,
    /// The region that it stands in; the server's default when absent.
    pub region: Option<String>,
    /// The VPC that it serves.
    pub vpc_id: Option<String>,
}

/// The identity of the agent; the token is shown this once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EnrolAgentResponse {
    /// The account that owns the gateway.
    pub account_id: String,
    /// The region that it stands in.
    pub region: String,
    /// The gateway.
    pub nat_gateway_id: String,
    /// What the agent shows from now on.
    pub agent_token: String,
}

operation!(Natlens EnrolAgent(Anyone): EnrolAgentRequest => EnrolAgentResponse, "Enrols an agent.");
