//! Flow logs as the API shows them, and what it takes of them.
//!
//! Hides: the published words for their state, and what nobody can choose.
//! Knows nothing of: how they are carried out.

use api::{AgentFlowLog, FlowLog, FlowLogStorage};
use store::FlowLogRow;

use crate::failure::Failure;
use crate::object::civil::civil_text;
use crate::object::tag::tags_shown;

/// The words for the state of a flow log's topic.
pub(crate) const TOPIC_EXISTS: &str = "SUCCESS";
pub(crate) const TOPIC_DELETED: &str = "DELETED";

/// The word for the log service as a kind of storage, the only one.
pub(crate) const STORAGE_TYPE: &str = "cls";

/// Refuses a period, which the published service takes for CCN: here agents decide for all scopes.
pub(crate) fn refuse_period(seconds: Option<u32>) -> Result<(), Failure> {
    if seconds.is_none() {
        return Ok(());
    }
    let message = "Period cannot be chosen: the window length of a gateway is a setting of its agent";
    Err(Failure::new("InvalidParameterValue.Range", message))
}

/// A flow log as users see it.
pub(crate) fn flow_log_shown(row: FlowLogRow) -> FlowLog {
    let storage = FlowLogStorage { storage_id: row.topic.to_string(), storage_topic: None };
    FlowLog {
        vpc_id: row.vpc.unwrap_or_default(),
        flow_log_id: row.id.to_string(),
        flow_log_name: row.name,
        resource_type: row.scope.to_string(),
        resource_id: row.resource,
        traffic_type: row.kind.to_string(),
        cloud_log_id: row.topic.to_string(),
        cloud_log_state: if row.topic_exists { TOPIC_EXISTS } else { TOPIC_DELETED }.to_owned(),
        flow_log_description: row.description,
        created_time: civil_text(row.created),
        tag_set: tags_shown(row.tags),
        enable: row.enabled,
        storage_type: STORAGE_TYPE.to_owned(),
        flow_log_storage: Some(storage),
        cloud_log_region: row.topic_region.to_string(),
        period: row.period_seconds,
    }
}

/// A flow log as the agent of a gateway sees it.
pub(crate) fn order_shown(row: FlowLogRow) -> AgentFlowLog {
    AgentFlowLog {
        flow_log_id: row.id.to_string(),
        resource_type: row.scope.to_string(),
        resource_id: row.resource,
        traffic_type: row.kind.to_string(),
        topic_id: row.topic.to_string(),
    }
}
