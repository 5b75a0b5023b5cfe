//! The ledger: a topic that the server makes, that agents fill each for its own gateway, and that no flow log gets.

use flow::{LogStatus, LossCause, Record, Timestamp};

use crate::sign_in::refusal;
use crate::stand::{Agent, Stand, batch, imported_batch, ledger_batch};

/// The row that a window of this agent's gateway lost seven packets.
fn row(agent: &Agent) -> Record {
    let (from, to) = (Timestamp::from_seconds(60), Timestamp::from_seconds(120));
    Record {
        nat_gateway_id: Some(agent.gateway.as_str().into()),
        lost: Some(7),
        lost_cause: Some(LossCause::SpoolFull),
        ..Record::empty(from, to, LogStatus::SkipData)
    }
}

fn ledger_topic(stand: &Stand) -> Option<api::Topic> {
    let topics = stand.admin().call::<api::DescribeTopics>(&Default::default()).unwrap().topics;
    topics.into_iter().find(|topic| topic.topic_name == api::LEDGER_TOPIC_NAME)
}

#[test]
fn the_first_row_of_the_ledger_makes_its_topic_and_every_row_is_found_in_it() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    assert!(ledger_topic(&stand).is_none());
    let rows = ledger_batch(&agent, 1, vec![row(&agent)]);
    assert!(!agent.client.upload_batch(&rows).unwrap().already_stored);
    assert!(agent.client.upload_batch(&rows).unwrap().already_stored, "sending twice stores once");
    let topic = ledger_topic(&stand).unwrap();
    assert_eq!((topic.period, topic.index), (366, true));

    let search = api::SearchLogRequest {
        to: 120_000,
        topic_id: Some(topic.topic_id),
        query_string: Some(format!("nat-gateway-id:{} AND lost-cause:spool-full AND lost>6", agent.gateway)),
        ..Default::default()
    };
    let found = stand.admin().call::<api::SearchLog>(&search).unwrap().results.unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].log_json.contains(r#""lost-cause":"spool-full""#), "{}", found[0].log_json);
}

#[test]
fn an_agent_writes_the_ledger_of_its_own_gateway_only() {
    let stand = Stand::start();
    let (one, two) = (stand.enrol("one"), stand.enrol("two"));
    for rows in [row(&two), Record { nat_gateway_id: None, ..row(&one) }] {
        let outcome = one.client.upload_batch(&ledger_batch(&one, 1, vec![rows]));
        assert_eq!(refusal(outcome), "403 UnauthorizedOperation");
    }
    let outcome = one.client.upload_batch(&ledger_batch(&two, 2, vec![row(&two)]));
    assert_eq!(refusal(outcome), "403 UnauthorizedOperation");
    one.client.upload_batch(&ledger_batch(&one, 3, vec![row(&one)])).unwrap();
}

#[test]
fn the_ledger_is_no_topic_for_records() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    agent.client.upload_batch(&ledger_batch(&agent, 1, vec![row(&agent)])).unwrap();
    let ledger = ledger_topic(&stand).unwrap();
    let order = api::CreateFlowLogRequest {
        flow_log_name: "edge".to_owned(),
        resource_type: "NAT".to_owned(),
        resource_id: agent.gateway.clone(),
        traffic_type: "ALL".to_owned(),
        cloud_log_id: Some(ledger.topic_id.clone()),
        ..Default::default()
    };
    assert_eq!(refusal(stand.admin().call::<api::CreateFlowLog>(&order)), "400 InvalidParameterValue");
    let of_nobody = api::FlowLog {
        flow_log_id: "fl-00000000".to_owned(),
        cloud_log_id: ledger.topic_id.clone(),
        ..Default::default()
    };
    let outcome = agent.client.upload_batch(&batch(&agent, &of_nobody, 2, Vec::new()));
    assert_eq!(refusal(outcome), "403 UnauthorizedOperation");
    let nobody = stand.enrol("nobody");
    let outcome = stand.admin().upload_batch(&imported_batch(&nobody, &ledger.topic_id, 3, Vec::new()));
    assert_eq!(refusal(outcome), "400 InvalidParameterValue");
    let another = api::CreateTopicRequest {
        topic_name: api::LEDGER_TOPIC_NAME.to_owned(),
        logset_id: ledger.logset_id,
        ..Default::default()
    };
    assert_eq!(refusal(stand.admin().call::<api::CreateTopic>(&another)), "400 InvalidParameter");
}
