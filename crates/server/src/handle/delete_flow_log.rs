//! Carries out `DeleteFlowLog`.

use api::{DeleteFlowLog, DeleteFlowLogRequest, DeleteFlowLogResponse};

use super::prelude::*;

impl Handle for DeleteFlowLog {
    fn handle(asked: &Asked, request: DeleteFlowLogRequest) -> Result<DeleteFlowLogResponse, Failure> {
        let id = check::parsed("FlowLogId", &request.flow_log_id)?;
        asked.server.store.delete_flow_log(&asked.owner, &id, (asked.server.clock)())?;
        asked.server.orders.changed();
        Ok(DeleteFlowLogResponse {})
    }
}
