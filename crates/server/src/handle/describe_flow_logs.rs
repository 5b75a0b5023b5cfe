//! Carries out `DescribeFlowLogs`.

use api::{DescribeFlowLogs, DescribeFlowLogsRequest, DescribeFlowLogsResponse, VpcFilter, VpcFilters};
use store::{FlowLogFilter, FlowLogOrder, TagFilter};

use super::prelude::*;
use crate::object::flow_log::{TOPIC_DELETED, TOPIC_EXISTS, flow_log_shown};
use crate::object::tag::add_condition;

/// How many flow logs are listed when nobody says. Source: the published API.
const LIMIT_DEFAULT: u64 = 10;

impl Handle for DescribeFlowLogs {
    fn handle(asked: &Asked, request: DescribeFlowLogsRequest) -> Result<DescribeFlowLogsResponse, Failure> {
        let page = check::page(request.offset, request.limit, LIMIT_DEFAULT)?;
        let order = order_from(request.order_field.as_deref(), request.order_direction.as_deref())?;
        let filter = filter_from(request)?;
        let found = asked.server.store.describe_flow_logs(&asked.owner, &filter, order, page)?;
        Ok(DescribeFlowLogsResponse {
            total_num: found.total as u64,
            flow_log: found.rows.into_iter().map(flow_log_shown).collect(),
        })
    }
}

fn filter_from(request: DescribeFlowLogsRequest) -> Result<FlowLogFilter, Failure> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let id = check::parsed_if_any("FlowLogId", request.flow_log_id.as_deref())?;
    if id.is_some() && request.filters.is_some() {
        let message = "FlowLogId and Filters exclude each other: leave one out";
        return Err(Failure::new("InvalidParameter.Coexist", message));
    }
    let topic_exists = match given(request.cloud_log_state).as_deref() {
        None => None,
        Some(TOPIC_EXISTS) => Some(true),
        Some(TOPIC_DELETED) => Some(false),
        Some(other) => {
            let message = format!("CloudLogState `{other}`: expected {TOPIC_EXISTS} or {TOPIC_DELETED}");
            return Err(Failure::new("InvalidParameterValue.Malformed", message));
        }
    };
    Ok(FlowLogFilter {
        ids: id.into_iter().collect(),
        name: given(request.flow_log_name),
        scope: check::parsed_if_any("ResourceType", request.resource_type.as_deref())?,
        resource: given(request.resource_id),
        kind: check::parsed_if_any("TrafficType", request.traffic_type.as_deref())?,
        topic: check::parsed_if_any("CloudLogId", request.cloud_log_id.as_deref())?,
        topic_region: check::parsed_if_any("CloudLogRegion", request.cloud_log_region.as_deref())?,
        topic_exists,
        vpc: given(request.vpc_id),
        tags: tag_filter_from(request.filters.as_ref().map(VpcFilters::as_slice).unwrap_or_default())?,
    })
}

fn tag_filter_from(filters: &[VpcFilter]) -> Result<TagFilter, Failure> {
    check::filter_counts(filters.iter().map(|filter| filter.values.as_slice()))?;
    let mut tags = TagFilter::default();
    for VpcFilter { name, values } in filters {
        if !add_condition(&mut tags, "tag-key", name, values) {
            return Err(check::unknown_filter(name, "tag-key or tag:<key>"));
        }
    }
    Ok(tags)
}

fn order_from(field: Option<&str>, direction: Option<&str>) -> Result<FlowLogOrder, Failure> {
    let wrong = |what: &str, word: &str, expected: &str| {
        let message = format!("{what} `{word}`: expected {expected}");
        Failure::new("InvalidParameterValue.Malformed", message)
    };
    let by_name = match field.unwrap_or_default() {
        "" | "createTime" => false,
        "flowLogName" => true,
        other => return Err(wrong("OrderField", other, "flowLogName or createTime")),
    };
    match (by_name, direction.unwrap_or_default()) {
        (true, "ASC") => Ok(FlowLogOrder::NameAscending),
        (true, "" | "DESC") => Ok(FlowLogOrder::NameDescending),
        (false, "ASC") => Ok(FlowLogOrder::Oldest),
        (false, "" | "DESC") => Ok(FlowLogOrder::Newest),
        (_, other) => Err(wrong("OrderDirection", other, "ASC or DESC")),
    }
}
