//! `EnableFlowLogs`: resumes paused flow logs.

use super::prelude::*;

/// Which flow logs to resume.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EnableFlowLogsRequest {
    /// At most 100; either all change or none.
    pub flow_log_ids: Vec<String>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct EnableFlowLogsResponse {}

operation!(Vpc EnableFlowLogs(Operate): EnableFlowLogsRequest => EnableFlowLogsResponse, "Resumes paused flow logs.");
