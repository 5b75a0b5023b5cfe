//! Carries out `DisableFlowLogs`.

use api::{DisableFlowLogs, DisableFlowLogsRequest, DisableFlowLogsResponse};

use super::enable_flow_logs::ids_from;
use super::prelude::*;

impl Handle for DisableFlowLogs {
    fn handle(asked: &Asked, request: DisableFlowLogsRequest) -> Result<DisableFlowLogsResponse, Failure> {
        asked.server.store.disable_flow_logs(&asked.owner, &ids_from(&request.flow_log_ids)?)?;
        asked.server.orders.changed();
        Ok(DisableFlowLogsResponse {})
    }
}
