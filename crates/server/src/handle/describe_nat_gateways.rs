//! Carries out `DescribeNatGateways`.

use api::{
    DescribeNatGateways, DescribeNatGatewaysRequest, DescribeNatGatewaysResponse, VpcFilter, VpcFilters,
};
use flow::Timestamp;
use store::GatewayFilter;

use super::prelude::*;
use crate::object::gateway::{AVAILABLE, HEARD_LATELY, UNAVAILABLE, gateway_shown};
use crate::object::topic::parsed_ids;

/// How many gateways are listed when nobody says. Source: the published API.
const LIMIT_DEFAULT: u64 = 20;

/// The most ids of one request. Source: the published API.
const IDS_MAX: usize = 100;

impl Handle for DescribeNatGateways {
    fn handle(
        asked: &Asked,
        request: DescribeNatGatewaysRequest,
    ) -> Result<DescribeNatGatewaysResponse, Failure> {
        let now = (asked.server.clock)();
        let page = check::page(request.offset, request.limit, LIMIT_DEFAULT)?;
        let filter = filter_from(&request, now)?;
        let found = asked.server.store.describe_gateways(&asked.owner, &filter, page)?;
        let shown = found.rows.into_iter().map(|row| gateway_shown(row, &asked.owner.region, now));
        Ok(DescribeNatGatewaysResponse {
            nat_gateway_set: shown.collect(),
            total_count: found.total as u64,
            verbose_level: "DETAIL".to_owned(),
        })
    }
}

fn filter_from(request: &DescribeNatGatewaysRequest, now: Timestamp) -> Result<GatewayFilter, Failure> {
    let ids = request.nat_gateway_ids.as_deref().unwrap_or_default();
    let filters = request.filters.as_ref().map(VpcFilters::as_slice).unwrap_or_default();
    if !ids.is_empty() && !filters.is_empty() {
        let message = "NatGatewayIds and Filters exclude each other: leave one out";
        return Err(Failure::new("InvalidParameter.Coexist", message));
    }
    if ids.len() > IDS_MAX {
        let message = format!("NatGatewayIds has {} entries: at most {IDS_MAX} are accepted", ids.len());
        return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
    }
    check::filter_counts(filters.iter().map(|filter| filter.values.as_slice()))?;
    let mut wanted = GatewayFilter { ids: parsed_ids("NatGatewayIds", ids)?, ..GatewayFilter::default() };
    for VpcFilter { name, values } in filters {
        match name.as_str() {
            "nat-gateway-id" => wanted.ids.extend(parsed_ids(name, values)?),
            "nat-gateway-name" => wanted.names.extend(values.iter().cloned()),
            "vpc-id" => wanted.vpcs.extend(values.iter().cloned()),
            "nat-state" => add_states(&mut wanted, values, now)?,
            _ => {
                let known = "nat-gateway-id, nat-gateway-name, vpc-id or nat-state";
                return Err(check::unknown_filter(name, known));
            }
        }
    }
    Ok(wanted)
}

fn add_states(wanted: &mut GatewayFilter, states: &[String], now: Timestamp) -> Result<(), Failure> {
    let unknown = states.iter().find(|state| *state != AVAILABLE && *state != UNAVAILABLE);
    if let Some(state) = unknown {
        let message = format!("nat-state `{state}`: expected {AVAILABLE} or {UNAVAILABLE}");
        return Err(Failure::new("InvalidParameterValue.Malformed", message));
    }
    let names = |state: &str| states.iter().any(|named| named == state);
    // Both together leave no gateway out.
    match (names(AVAILABLE), names(UNAVAILABLE)) {
        (true, false) => wanted.heard_since = Some(now.minus(HEARD_LATELY)),
        (false, true) => wanted.silent_since = Some(now.minus(HEARD_LATELY)),
        _ => {}
    }
    Ok(())
}
