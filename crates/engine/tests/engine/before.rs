//! Records of some time before, as statements that compare see them.

use engine::{Cell, range_with_before};
use flow::{FlowId, Record, TimeRange, Timestamp};

use crate::topic::{Topic, record};

/// A conversation that spoke in two hours; its `flow-id` follows from its other fields.
fn spoke_twice() -> (Topic, String) {
    let said = |seconds: i64| -> Record {
        let start = seconds * 1000;
        let mut said = record(&format!(
            "start-ms={start} end-ms={start} flow-start=5000 nat-gateway-id=nat-00000001 protocol=6 \
             srcaddr=10.0.0.2 srcport=4000 dstaddr=198.51.100.9 dstport=443 bytes={seconds}"
        ));
        said.flow_id = FlowId::of_record(&said).map(|id| id.to_string().into());
        said
    };
    let records = [said(100), said(3700)];
    let id = records[0].flow_id.clone().unwrap().to_string();
    let topic = Topic::new();
    topic.append(&records);
    (topic, id)
}

#[test]
fn a_conversation_keeps_its_name_in_the_records_of_before() {
    let (topic, id) = spoke_twice();
    let hour = TimeRange { from: Timestamp::from_seconds(3600), to: Timestamp::from_seconds(7200) };
    for search in [String::from("*"), format!("flow-id:{id}")] {
        let text = format!(
            "{search} | SELECT d[1] AS now, d[2] AS before FROM (SELECT compare(b, 3600) AS d \
             FROM (SELECT flow_id, sum(bytes) AS b GROUP BY flow_id))"
        );
        let query = topic.query(&text);
        let mut scope = topic.scope(range_with_before(&query, hour));
        scope.range = hour;
        let answer = topic.wait(topic.engine.analyse(&scope, &query)).unwrap();
        assert_eq!(answer.rows, [[Cell::Double(3700.0), Cell::Double(100.0)]], "{search}");
        let progress = scope.run.progress();
        assert!(progress.scanned.rows <= progress.total.rows, "{search}: {progress:?}");
    }
}
