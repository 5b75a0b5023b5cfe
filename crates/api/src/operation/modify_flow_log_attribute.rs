//! `ModifyFlowLogAttribute`: renames or describes a flow log.

use super::prelude::*;

/// What to change; an absent member stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyFlowLogAttributeRequest {
    /// Which flow log.
    pub flow_log_id: String,
    /// The VPC of its resource; not needed here.
    pub vpc_id: Option<String>,
    /// At most 60 characters.
    pub flow_log_name: Option<String>,
    /// At most 512 characters.
    pub flow_log_description: Option<String>,
    /// Refused: the window length of a gateway is a setting of its agent. Unit: seconds.
    pub period: Option<u32>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ModifyFlowLogAttributeResponse {}

operation!(Vpc ModifyFlowLogAttribute(Operate): ModifyFlowLogAttributeRequest => ModifyFlowLogAttributeResponse, "Changes name or description of a flow log.");
