//! Compares records that the system found with the truth about the traffic.

use std::collections::BTreeMap;

use flow::{Timestamp, Tuple, WindowLength};
use serde_json::Value;
use testkit::traffic::{DROPPED_PORT, REFUSED_PORT};
use testkit::truth::{GroundTruth, SENTINEL_PORT, TrueFlow, TrueVerdict};

use super::deployment::{Deployment, FlowLog};

/// The most records of one test.
const RECORDS_MAX: &str = "10000";

/// Everything that a flow log has collected, as JSON objects.
#[track_caller]
pub(crate) fn records(deployment: &Deployment, flow_log: &FlowLog) -> Vec<Value> {
    let query = format!("flow-log-id:\"{}\"", flow_log.id);
    deployment.rows(&["search", &query, "--topic", &flow_log.topic, "--since", "1h", "--limit", RECORDS_MAX])
}

/// A member of a record, as text.
pub(crate) fn field<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    record.get(name).map(|value| value.as_str().expect("members of a record are texts"))
}

pub(crate) fn window_start(record: &Value, length: WindowLength) -> Timestamp {
    let millis =
        field(record, "start-ms").expect("every record has a start").parse().expect("in milliseconds");
    length.window_of(Timestamp::from_millis(millis)).start()
}

/// The records with that log status.
pub(crate) fn with_status<'a>(records: &'a [Value], status: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| field(record, "log-status") == Some(status)).collect()
}

/// Whether there is a record for every flow of the truth, and none beyond, counters and verdict included.
///
/// Returns the differences: `-` is missing, `+` is too much.
pub(crate) fn differences(records: &[Value], truth: &GroundTruth, length: WindowLength) -> Vec<String> {
    let mut balance: BTreeMap<String, i64> = BTreeMap::new();
    for record in with_status(records, "OK") {
        if field(record, "dstport") != Some(&SENTINEL_PORT.to_string()) {
            *balance.entry(told(record, length)).or_default() += 1;
        }
    }
    let flows = truth.flows(length);
    assert!(!flows.is_empty(), "there was traffic to compare with");
    for flow in flows {
        *balance.entry(expected(&flow)).or_default() -= 1;
    }
    let differs = balance.into_iter().filter(|(_, count)| *count != 0);
    differs.map(|(told, count)| format!("{} {told}", if count < 0 { "-" } else { "+" })).collect()
}

fn told(record: &Value, length: WindowLength) -> String {
    let of = |name: &str| field(record, name).unwrap_or("-").to_owned();
    let end = |address: &str, port: &str| format!("[{}]:{}", of(address), of(port));
    let translated = format!("{} > {}", end("natsrcaddr", "natsrcport"), end("natdstaddr", "natdstport"));
    format!(
        "{} protocol {} {} > {} as {translated} sent {}/{} got {}/{} {} {} {}",
        window_start(record, length),
        of("protocol"),
        end("srcaddr", "srcport"),
        end("dstaddr", "dstport"),
        of("packets"),
        of("bytes"),
        of("reply-packets"),
        of("reply-bytes"),
        of("action"),
        of("reject-reason"),
        of("reject-rule"),
    )
}

fn expected(flow: &TrueFlow) -> String {
    let ends = |tuple: &Tuple| {
        format!("[{}]:{} > [{}]:{}", tuple.srcaddr, tuple.srcport, tuple.dstaddr, tuple.dstport)
    };
    let translated = flow.translated.as_ref().map_or("[-]:- > [-]:-".to_owned(), ends);
    let verdict = match (flow.verdict, flow.original.dstport) {
        (TrueVerdict::Accepted, _) => "ACCEPT - -",
        (TrueVerdict::Refused, REFUSED_PORT) => "REJECT SECURITY_GROUP sg-web-admin",
        (TrueVerdict::Refused, DROPPED_PORT) => "REJECT ACL acl-telemetry",
        (TrueVerdict::Refused, _) => "REJECT but no rule refuses it",
    };
    format!(
        "{} protocol {} {} as {translated} sent {}/{} got {}/{} {verdict}",
        flow.window.start(),
        flow.protocol,
        ends(&flow.original),
        flow.forward.packets,
        flow.forward.bytes,
        flow.reply.packets,
        flow.reply.bytes,
    )
}
