//! `DisableFlowLogs`: pauses flow logs.

use super::prelude::*;

/// Which flow logs to pause.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DisableFlowLogsRequest {
    /// At most 100; either all change or none.
    pub flow_log_ids: Vec<String>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DisableFlowLogsResponse {}

operation!(Vpc DisableFlowLogs(Operate): DisableFlowLogsRequest => DisableFlowLogsResponse, "Pauses flow logs: they collect no window that closes from now on.");
