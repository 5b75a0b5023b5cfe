//! Who may store which records where.
//!
//! Hides: the rules for agents and for access keys.
//! Knows nothing of: how a batch arrives, how it is stored.
//!
//! An agent stores records of its own gateway, as flow logs ordered them, and the ledger of its gateway. An access key
//! stores records of a gateway that no agent speaks for. A refusal is for good: the agent sets the batch aside, and its
//! ledger tells it as lost.

use api::{Batch, Destination};
use flow::{CollectionScope, FlowLogId, Record, TopicId};
use store::Owner;

use crate::caller::Caller;
use crate::default_topic;
use crate::failure::Failure;
use crate::http::Asked;

/// Where the records of the batch go: a topic, and whose it is. Refuses what the sender may not store.
pub(super) fn admitted(asked: &Asked, batch: &Batch) -> Result<(Owner, TopicId), Failure> {
    check_sender(asked, batch)?;
    check_records(batch)?;
    match (&asked.caller, &batch.destination) {
        (Caller::Agent { .. }, Destination::FlowLog { flow_log, topic }) => {
            ordered(asked, batch, (flow_log, topic))
        }
        (Caller::Agent { .. }, Destination::Ledger) => {
            let now = (asked.server.clock)();
            Ok((asked.owner.clone(), default_topic::ensure_ledger(&asked.server.store, &asked.owner, now)?))
        }
        (Caller::Agent { .. }, Destination::Topic { topic }) => Err(refused(format!(
            "the batch is for topic `{topic}` and of no flow log: only access keys may store such, not agents"
        ))),
        (_, Destination::Topic { topic }) => {
            default_topic::refuse_ledger(&asked.server.store.topic(&asked.owner, topic)?)?;
            Ok((asked.owner.clone(), topic.clone()))
        }
        (_, Destination::FlowLog { .. } | Destination::Ledger) => Err(refused(
            "records of a flow log and rows of the ledger come from the agent of their gateway only: \
             with an access key, name a topic and no flow log",
        )),
    }
}

/// A batch is of the agent's own gateway; with an access key, of one that no agent speaks for.
fn check_sender(asked: &Asked, batch: &Batch) -> Result<(), Failure> {
    let here = batch.account == asked.owner.account && batch.region == asked.owner.region;
    if !here {
        let (account, region) = (&batch.account, &batch.region);
        return Err(refused(format!(
            "the batch is of account `{account}` and region `{region}`, its sender is not"
        )));
    }
    if let Caller::Agent { gateway, .. } = &asked.caller {
        if batch.gateway == *gateway {
            return Ok(());
        }
        let message = format!("the batch is of another gateway than `{gateway}`, whose agent sends it");
        return Err(refused(message));
    }
    let gateway = asked.server.store.gateway(&asked.owner, &batch.gateway)?;
    if gateway.last_seen.is_none() {
        return Ok(());
    }
    let message =
        format!("an agent speaks for the gateway `{}`: store records under another gateway", gateway.name);
    Err(refused(message))
}

/// The topic that the flow log orders its records into, or ordered before it was deleted. A paused one is as good.
///
/// Whether an interface, VPC, subnet or CCN is of the gateway is not asked: only the gateway itself says so, and what
/// was true when the records were made may be true no more.
fn ordered(
    asked: &Asked,
    batch: &Batch,
    (flow_log, topic): (&FlowLogId, &TopicId),
) -> Result<(Owner, TopicId), Failure> {
    let Some(order) = asked.server.store.order(&asked.owner, flow_log)? else {
        return Err(refused(format!(
            "flow log `{flow_log}` is unknown, or went with its topic: to collect what gateway `{}` does, create a flow log",
            batch.gateway
        )));
    };
    if order.topic != *topic {
        return Err(refused(format!(
            "flow log `{flow_log}` stores in topic `{}`, not in `{topic}`",
            order.topic
        )));
    }
    if order.scope == CollectionScope::Nat && order.resource != batch.gateway.as_str() {
        let (of, gateway) = (&order.resource, &batch.gateway);
        return Err(refused(format!(
            "flow log `{flow_log}` watches gateway `{of}`, the batch is of `{gateway}`"
        )));
    }
    Ok((Owner { region: order.topic_region, ..asked.owner.clone() }, order.topic))
}

/// A record may leave out whose it is, but it may not be another gateway's or another flow log's. The ledger leaves out
/// nothing: whoever reads it asks for one gateway.
fn check_records(batch: &Batch) -> Result<(), Failure> {
    let (gateway, account) = (batch.gateway.as_str(), batch.account.as_str());
    let (may_leave_out, flow_log) = match &batch.destination {
        Destination::FlowLog { flow_log, .. } => (true, Some(flow_log.as_str())),
        Destination::Topic { .. } => (true, None),
        Destination::Ledger => (false, None),
    };
    let is_foreign = |record: &Record| {
        record.nat_gateway_id.as_deref().map_or(!may_leave_out, |id| id != gateway)
            || record.account_id.as_deref().is_some_and(|id| id != account)
    };
    if batch.records.iter().any(is_foreign) {
        return Err(refused(format!("the batch holds records of another gateway than `{gateway}`")));
    }
    // A row of the ledger names the flow log whose records were lost, whichever it was.
    let is_of_another =
        |record: &Record| record.flow_log_id.as_deref().is_some_and(|id| Some(id) != flow_log);
    if batch.destination != Destination::Ledger && batch.records.iter().any(is_of_another) {
        return Err(refused("the batch holds records of another flow log than it names"));
    }
    Ok(())
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new("UnauthorizedOperation", message)
}
