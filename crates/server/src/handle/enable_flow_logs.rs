//! Carries out `EnableFlowLogs`.

use api::{EnableFlowLogs, EnableFlowLogsRequest, EnableFlowLogsResponse};
use flow::FlowLogId;

use super::prelude::*;

/// The most flow logs of one request. Source: the published API.
const IDS_MAX: usize = 100;

impl Handle for EnableFlowLogs {
    fn handle(asked: &Asked, request: EnableFlowLogsRequest) -> Result<EnableFlowLogsResponse, Failure> {
        asked.server.store.enable_flow_logs(&asked.owner, &ids_from(&request.flow_log_ids)?)?;
        asked.server.orders.changed();
        Ok(EnableFlowLogsResponse {})
    }
}

/// The ids of a request that switches flow logs, checked.
pub(super) fn ids_from(texts: &[String]) -> Result<Vec<FlowLogId>, Failure> {
    if !(1..=IDS_MAX).contains(&texts.len()) {
        let message = format!("FlowLogIds has {} entries: 1 to {IDS_MAX} are accepted", texts.len());
        return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
    }
    texts.iter().map(|text| check::parsed("FlowLogIds", text)).collect()
}
