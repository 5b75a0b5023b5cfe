//! Carries out `CreateFlowLog`.

use api::{CreateFlowLog, CreateFlowLogRequest, CreateFlowLogResponse};
use flow::{CollectionScope, FLOW_LOG_NAME_CHARS_MAX, GatewayId, TopicId, resource_suffix};
use store::{FlowLogFilter, FlowLogOrder, FlowLogRow, Owner, Page, StoreError};

use super::prelude::*;
use crate::check::DESCRIPTION_CHARS_MAX;
use crate::default_topic;
use crate::object::flow_log::{STORAGE_TYPE, flow_log_shown, refuse_period};
use crate::object::tag::{FLOW_LOG_TAGS_MAX, tags_from};
use crate::sign_in::secret::chance;

/// The most flow logs of a region: each agent's orders are chosen from all of them.
const FLOW_LOGS_MAX: usize = 1000;

/// The longest id or name of a resource. Unit: characters.
const RESOURCE_CHARS_MAX: usize = 255;

impl Handle for CreateFlowLog {
    fn handle(asked: &Asked, request: CreateFlowLogRequest) -> Result<CreateFlowLogResponse, Failure> {
        check_storage(&request)?;
        let topic_region = check::parsed_if_any("CloudLogRegion", request.cloud_log_region.as_deref())?;
        let topic_owner = Owner {
            account: asked.owner.account.clone(),
            region: topic_region.unwrap_or_else(|| asked.owner.region.clone()),
        };
        let topic = check::parsed_if_any::<TopicId>("CloudLogId", request.cloud_log_id.as_deref())?;
        let ordered = ordered_by(asked, request)?;
        check_room(asked, &ordered.name)?;

        let store = &asked.server.store;
        // The flow log comes last: whatever a crash leaves behind is found and used by the next attempt.
        let topic = match topic {
            Some(topic) => {
                let topic = store.topic(&topic_owner, &topic)?;
                default_topic::refuse_ledger(&topic)?;
                topic.id
            }
            None => default_topic::ensure(store, &topic_owner, ordered.created)?,
        };
        let row = FlowLogRow { topic, topic_region: topic_owner.region, ..ordered };
        store.create_flow_log(&asked.owner, &row).map_err(not_created)?;
        asked.server.orders.changed();
        Ok(CreateFlowLogResponse { flow_log: vec![flow_log_shown(row)] })
    }
}

fn not_created(error: StoreError) -> Failure {
    let StoreError::AlreadyExists { what: "flow log of resource", id } = &error else { return error.into() };
    let message = format!(
        "a flow log of resource `{id}` already stores records of that type in that topic: \
         choose another topic or type"
    );
    Failure { message, ..error.into() }
}

fn check_storage(request: &CreateFlowLogRequest) -> Result<(), Failure> {
    let kind = request.storage_type.as_deref().filter(|kind| !kind.is_empty());
    if kind.is_some_and(|kind| kind != STORAGE_TYPE) {
        let message =
            format!("StorageType `{}` is not offered: use `{STORAGE_TYPE}`", kind.unwrap_or_default());
        return Err(Failure::new("UnsupportedOperation", message));
    }
    let other = request
        .flow_log_storage
        .as_ref()
        .is_some_and(|storage| Some(&storage.storage_id) != request.cloud_log_id.as_ref());
    if other {
        let message = "FlowLogStorage is for other kinds of storage, which are not offered: use CloudLogId";
        return Err(Failure::new("UnsupportedOperation", message));
    }
    refuse_period(request.period)
}

/// The flow log that the request orders; its topic is filled in later.
fn ordered_by(asked: &Asked, request: CreateFlowLogRequest) -> Result<FlowLogRow, Failure> {
    let scope = check::parsed("ResourceType", &request.resource_type)?;
    let resource = check::name("ResourceId", request.resource_id, RESOURCE_CHARS_MAX)?;
    check_resource(asked, scope, &resource)?;
    let description = request.flow_log_description.unwrap_or_default();
    let vpc = request.vpc_id.filter(|vpc| !vpc.is_empty());
    if scope == CollectionScope::Ccn && vpc.is_some() {
        let message = "VpcId is not for CCN, which joins several: leave it out";
        return Err(Failure::new("InvalidParameterValue.VpcIdNotNeededForFlowLog", message));
    }
    Ok(FlowLogRow {
        id: check::parsed("FlowLogId", &format!("fl-{}", resource_suffix(chance()?)))?,
        name: check::name("FlowLogName", request.flow_log_name, FLOW_LOG_NAME_CHARS_MAX)?,
        scope,
        resource,
        kind: check::parsed("TrafficType", &request.traffic_type)?,
        topic: check::parsed("CloudLogId", &uuid::Uuid::nil().to_string())?,
        topic_region: asked.owner.region.clone(),
        topic_exists: true,
        enabled: true,
        description: check::short("FlowLogDescription", description, DESCRIPTION_CHARS_MAX)?,
        vpc: vpc.map(|vpc| check::short("VpcId", vpc, RESOURCE_CHARS_MAX)).transpose()?,
        period_seconds: None,
        tags: tags_from(request.tags, FLOW_LOG_TAGS_MAX)?,
        created: (asked.server.clock)(),
    })
}

fn check_resource(asked: &Asked, scope: CollectionScope, resource: &str) -> Result<(), Failure> {
    match scope {
        CollectionScope::Nat => {
            let gateway: GatewayId = check::parsed("ResourceId", resource)?;
            asked.server.store.gateway(&asked.owner, &gateway)?;
            Ok(())
        }
        // Any gateway may have such an interface, or know such a VPC, subnet or CCN, now or later.
        CollectionScope::NetworkInterface
        | CollectionScope::Vpc
        | CollectionScope::Subnet
        | CollectionScope::Ccn => Ok(()),
    }
}

/// Refuses before a topic is made for nothing.
fn check_room(asked: &Asked, name: &str) -> Result<(), Failure> {
    let all = FlowLogFilter::default();
    let found = asked.server.store.describe_flow_logs(&asked.owner, &all, FlowLogOrder::Newest, Page::ALL)?;
    if found.rows.iter().any(|row| row.name == name) {
        let message = format!("flow log `{name}` already exists: choose another name");
        return Err(Failure::new("InvalidParameterValue.Duplicate", message));
    }
    if found.total >= FLOW_LOGS_MAX {
        let message = format!("the region has {FLOW_LOGS_MAX} flow logs: delete those that are not needed");
        return Err(Failure::new("LimitExceeded", message));
    }
    Ok(())
}
