//! Finds the resource that a person means by id or name, or by saying nothing when there is only one.
//!
//! Hides: what is said when nothing or too much is found.
//! Knows nothing of: what is done with it.

use api::{Client, ClientError, LEDGER_TOPIC_NAME};
use api::{DescribeFlowLogs, DescribeFlowLogsRequest, FlowLog};
use api::{DescribeLogsets, DescribeLogsetsRequest, Logset};
use api::{DescribeNatGateways, DescribeNatGatewaysRequest, NatGateway};
use api::{DescribeTopics, DescribeTopicsRequest, Topic};

use crate::failure::Failure;
use crate::reach::{PAGE_ROWS, every};

/// The most names that a message lists.
const NAMES_MAX: usize = 10;

/// A resource that has an id and a name.
pub(super) trait Named {
    /// What it is called in messages.
    const KIND: &'static str;
    /// How there comes to be one.
    const BEGIN: &'static str;
    fn id(&self) -> &str;
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($type:ty: $kind:literal, $id:ident, $name:ident, $begin:literal;)+) => {$(
        impl Named for $type {
            const KIND: &'static str = $kind;
            const BEGIN: &'static str = $begin;
            fn id(&self) -> &str {
                &self.$id
            }
            fn name(&self) -> &str {
                &self.$name
            }
        }
    )+};
}

named! {
    FlowLog: "flow log", flow_log_id, flow_log_name, "make one with `natlens flow-log create`";
    NatGateway: "gateway", nat_gateway_id, nat_gateway_name, "run `natlens agent` on it";
    Logset: "logset", logset_id, logset_name, "make one with `natlens logset create`";
    Topic: "topic", topic_id, topic_name, "`natlens flow-log create` makes one with everything around it";
}

pub(super) fn topics(client: &Client) -> Result<Vec<Topic>, ClientError> {
    every(|offset| {
        let (offset, limit) = (Some(offset), Some(PAGE_ROWS));
        let request = DescribeTopicsRequest { offset, limit, ..DescribeTopicsRequest::default() };
        client.call::<DescribeTopics>(&request).map(|page| (page.topics, page.total_count))
    })
}

pub(super) fn logsets(client: &Client) -> Result<Vec<Logset>, ClientError> {
    every(|offset| {
        let request = DescribeLogsetsRequest { offset: Some(offset), limit: Some(PAGE_ROWS), filters: None };
        client.call::<DescribeLogsets>(&request).map(|page| (page.logsets, page.total_count))
    })
}

pub(super) fn gateways(client: &Client) -> Result<Vec<NatGateway>, ClientError> {
    every(|offset| {
        let (offset, limit) = (Some(offset), Some(PAGE_ROWS));
        let request = DescribeNatGatewaysRequest { offset, limit, ..DescribeNatGatewaysRequest::default() };
        client.call::<DescribeNatGateways>(&request).map(|page| (page.nat_gateway_set, page.total_count))
    })
}

pub(super) fn flow_logs(client: &Client) -> Result<Vec<FlowLog>, ClientError> {
    every(|offset| {
        let (offset, limit) = (Some(offset), Some(PAGE_ROWS));
        let request = DescribeFlowLogsRequest { offset, limit, ..DescribeFlowLogsRequest::default() };
        client.call::<DescribeFlowLogs>(&request).map(|page| (page.flow_log, page.total_num))
    })
}

/// The one with that id or name.
pub(super) fn named<T: Named>(all: Vec<T>, text: &str) -> Result<T, Failure> {
    let kind = T::KIND;
    let known = list(&all);
    let mut found: Vec<T> = all.into_iter().filter(|one| one.id() == text || one.name() == text).collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => {
            Err(Failure::NotFound(format!("several are named `{text}`: give the id of the {kind}: {known}")))
        }
        (None, _) => Err(Failure::NotFound(format!("there is no {kind} `{text}`: {known}"))),
    }
}

/// The one with that id or name; without a name the only one there is, and `how` says how to name one of several.
pub(super) fn named_or_only<T: Named>(all: Vec<T>, name: Option<&str>, how: &str) -> Result<T, Failure> {
    match name {
        Some(text) => named(all, text),
        None => only(all, how),
    }
}

/// The topic with that id or name; without a name the only one of flow logs: the ledger must be named.
pub(super) fn topic(client: &Client, name: Option<&str>, how: &str) -> Result<Topic, Failure> {
    let mut all = topics(client)?;
    if name.is_none() {
        all.retain(|topic| topic.topic_name != LEDGER_TOPIC_NAME);
    }
    named_or_only(all, name, how)
}

/// The only one there is; `how` says how to name one of several.
fn only<T: Named>(mut all: Vec<T>, how: &str) -> Result<T, Failure> {
    let kind = T::KIND;
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(Failure::NotFound(format!("there is no {kind} yet: {}", T::BEGIN))),
        (Some(last), false) => {
            all.push(last);
            Err(Failure::NotFound(format!("there are several: name a {kind} with {how}: {}", list(&all))))
        }
    }
}

fn list<T: Named>(all: &[T]) -> String {
    if all.is_empty() {
        return "none exists".to_owned();
    }
    let names = all.iter().take(NAMES_MAX).map(|one| format!("{} ({})", one.name(), one.id()));
    let more = if all.len() > NAMES_MAX { ", …" } else { "" };
    format!("{}{more}", names.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(names: &[(&str, &str)]) -> Vec<Topic> {
        let topic = |(id, name): &(&str, &str)| Topic {
            topic_id: (*id).to_owned(),
            topic_name: (*name).to_owned(),
            ..Topic::default()
        };
        names.iter().map(topic).collect()
    }

    #[test]
    fn a_topic_is_found_by_id_or_name_and_every_doubt_lists_what_exists() {
        let two = || topics(&[("t-1", "edge"), ("t-2", "edge"), ("t-3", "core")]);
        let message = |result: Result<Topic, Failure>| result.unwrap_err().to_string();
        assert_eq!(named(two(), "t-2").unwrap().topic_id, "t-2");
        assert_eq!(named(two(), "core").unwrap().topic_id, "t-3");
        assert_eq!(
            message(named(two(), "edge")),
            "several are named `edge`: give the id of the topic: edge (t-1), edge (t-2), core (t-3)"
        );
        assert_eq!(message(named(topics(&[]), "x")), "there is no topic `x`: none exists");
        assert_eq!(only(topics(&[("t-1", "edge")]), "--topic").unwrap().topic_id, "t-1");
        assert_eq!(
            message(only(topics(&[]), "--topic")),
            "there is no topic yet: `natlens flow-log create` makes one with everything around it"
        );
        assert_eq!(
            message(only(two(), "--topic")),
            "there are several: name a topic with --topic: edge (t-1), edge (t-2), core (t-3)"
        );
    }
}
