//! Carries out `ModifyFlowLogAttribute`.

use api::{ModifyFlowLogAttribute, ModifyFlowLogAttributeRequest, ModifyFlowLogAttributeResponse};
use flow::FLOW_LOG_NAME_CHARS_MAX;
use store::FlowLogChange;

use super::prelude::*;
use crate::check::DESCRIPTION_CHARS_MAX;
use crate::object::flow_log::refuse_period;

impl Handle for ModifyFlowLogAttribute {
    fn handle(
        asked: &Asked,
        request: ModifyFlowLogAttributeRequest,
    ) -> Result<ModifyFlowLogAttributeResponse, Failure> {
        let id = check::parsed("FlowLogId", &request.flow_log_id)?;
        refuse_period(request.period)?;
        let name =
            request.flow_log_name.map(|name| check::name("FlowLogName", name, FLOW_LOG_NAME_CHARS_MAX));
        let description = request
            .flow_log_description
            .map(|text| check::short("FlowLogDescription", text, DESCRIPTION_CHARS_MAX));
        let change = FlowLogChange {
            name: name.transpose()?,
            description: description.transpose()?,
            ..FlowLogChange::default()
        };
        asked.server.store.modify_flow_log(&asked.owner, &id, &change)?;
        asked.server.orders.changed();
        Ok(ModifyFlowLogAttributeResponse {})
    }
}
