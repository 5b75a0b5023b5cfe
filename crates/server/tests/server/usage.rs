//! What a topic takes, as its users see it.

use std::time::Duration;

use api::{DescribeTopicUsageRequest, FlowLog, TopicUsage};
use flow::{FIELDS, Record, Value};

use crate::sign_in::refusal;
use crate::stand::{START, Stand, batch, question, record};

const HOUR_MS: i64 = 3_600_000;

fn usage(stand: &Stand, flow_log: &FlowLog) -> Vec<TopicUsage> {
    let request = DescribeTopicUsageRequest {
        topic_id: flow_log.cloud_log_id.clone(),
        from: START * 1000,
        to: START * 1000 + 24 * HOUR_MS,
    };
    stand.admin().call::<api::DescribeTopicUsage>(&request).unwrap().hours
}

fn size(records: &[Record]) -> u64 {
    let values = records.iter().flat_map(|record| FIELDS.iter().filter_map(|field| (field.get)(record)));
    values
        .map(|value| match value {
            Value::Text(text) => text.len() as u64,
            Value::Long(_) => 8,
            Value::Address(_) => 16,
        })
        .sum()
}

#[test]
fn a_topic_tells_what_was_written_and_queried_in_each_hour_also_after_a_restart() {
    let mut stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let records: Vec<Record> = (0..100).map(|second| record(&agent, &flow_log, 1, second)).collect();
    let sent = batch(&agent, &flow_log, 1, records.clone());
    agent.client.upload_batch(&sent).unwrap();
    assert!(agent.client.upload_batch(&sent).unwrap().already_stored, "it counts once");
    stand.advance(Duration::from_secs(3600));
    let found = stand.admin().call::<api::SearchLog>(&question(&flow_log, "*")).unwrap();

    let written = size(&records);
    let hours = usage(&stand, &flow_log);
    assert_eq!((hours[0].hour, hours[1].hour), (START * 1000, START * 1000 + HOUR_MS));
    // The index of a flow log's own topic has full text.
    assert_eq!((hours[0].written_bytes, hours[0].indexed_bytes), (written, written));
    assert_eq!((hours[0].write_requests, hours[0].query_requests), (1, 0));
    let queried = found.scanned.unwrap().bytes;
    assert!(queried > 0);
    assert_eq!((hours[1].queried_bytes, hours[1].query_requests), (queried, 1));

    let metrics = stand.get("/metrics", &[]).body;
    let topic = format!("region=\"local\",topic=\"{}\"", flow_log.cloud_log_id);
    for (name, value) in [("written", written), ("indexed", written), ("queried", queried)] {
        let line = format!("topic_{name}_bytes_total{{account=\"100000000001\",{topic}}} {value}\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    stand.restart();
    let after: Vec<TopicUsage> = usage(&stand, &flow_log);
    assert_eq!(after[0].written_bytes, written);
    assert_eq!((after[1].queried_bytes, after[1].query_requests), (queried, 1));
}

#[test]
fn the_usage_of_a_topic_that_never_was_is_not_found() {
    let stand = Stand::start();
    let request = DescribeTopicUsageRequest { topic_id: "none-100000000001".to_owned(), from: 0, to: 1 };
    let outcome = stand.admin().call::<api::DescribeTopicUsage>(&request);
    assert_eq!(refusal(outcome), "404 ResourceNotFound.TopicNotExist");
}
