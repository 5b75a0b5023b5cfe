//! Carries out `WatchFlowLogs`.

use api::{AgentStatus, WatchFlowLogs, WatchFlowLogsRequest, WatchFlowLogsResponse};
use axum::body::Body;
use flow::GatewayId;
use store::FlowLogsInForce;

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::object::flow_log::order_shown;
use crate::object::gateway::report_from;

impl HandleWaiting for WatchFlowLogs {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<WatchFlowLogsResponse>, Failure> {
        let request: WatchFlowLogsRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let gateway = asked.caller.gateway()?.clone();
        // Made before the first look, so that a change right after it is not missed.
        let waiter = asked.server.orders.waiter();
        let first = {
            let (asked, gateway) = (asked.clone(), gateway.clone());
            blocking(move || {
                note(&asked, &gateway, request.status)?;
                look(&asked, &gateway)
            })
            .await?
        };
        if request.generation != Some(first.generation) {
            return Ok(shown(first).into());
        }
        waiter.wait().await;
        Ok(shown(blocking(move || look(&asked, &gateway)).await?).into())
    }
}

/// Writes down that the agent was heard, and what it says.
fn note(asked: &Asked, gateway: &GatewayId, status: Option<AgentStatus>) -> Result<(), Failure> {
    let store = &asked.server.store;
    let report = match status {
        Some(status) => report_from(status)?,
        None => store.gateway(&asked.owner, gateway)?.report.unwrap_or_default(),
    };
    store.report_gateway(&asked.owner, gateway, &report, (asked.server.clock)())?;
    Ok(())
}

fn look(asked: &Asked, gateway: &GatewayId) -> Result<FlowLogsInForce, Failure> {
    Ok(asked.server.store.flow_logs_in_force(&asked.owner, gateway)?)
}

fn shown(in_force: FlowLogsInForce) -> WatchFlowLogsResponse {
    let flow_logs = in_force.flow_logs.into_iter().map(order_shown).collect();
    WatchFlowLogsResponse { generation: in_force.generation, flow_logs }
}
