//! `WatchFlowLogs`: an agent asks which flow logs to carry out, and reports how it is.

use super::prelude::*;
use crate::object::{AgentFlowLog, AgentStatus};

/// What the agent knows, and how it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct WatchFlowLogsRequest {
    /// The generation that the agent carries out; absent at the start.
    pub generation: Option<u64>,
    /// How the agent is.
    pub status: Option<AgentStatus>,
}

/// All flow logs that the agent shall carry out: those of its gateway that are enabled.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct WatchFlowLogsResponse {
    /// Give it back in the next request; the answer then waits until it changes, at most 25 seconds.
    pub generation: u64,
    /// The whole list.
    pub flow_logs: Vec<AgentFlowLog>,
}

operation!(Natlens WatchFlowLogs(Agent): WatchFlowLogsRequest => WatchFlowLogsResponse, "Tells an agent its flow logs, as soon as they change.");
