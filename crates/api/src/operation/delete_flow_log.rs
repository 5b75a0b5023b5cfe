//! `DeleteFlowLog`: ends a flow log; its records stay.

use super::prelude::*;

/// Which flow log to end.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteFlowLogRequest {
    /// Which flow log.
    pub flow_log_id: String,
    /// The VPC of its resource; not needed here.
    pub vpc_id: Option<String>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DeleteFlowLogResponse {}

operation!(Vpc DeleteFlowLog(Operate): DeleteFlowLogRequest => DeleteFlowLogResponse, "Deletes a flow log; its topic and records stay.");
