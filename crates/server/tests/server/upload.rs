//! Who may store which records where.

use std::time::Duration;

use api::{Client, ClientError};
use flow::Record;

use crate::sign_in::refusal;
use crate::stand::{Agent, Stand, batch, imported_batch, ledger_batch, record};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// `stored`, or why not.
fn outcome(client: &Client, batch: &[u8]) -> String {
    match client.upload_batch(batch) {
        Ok(_) => "stored".to_owned(),
        Err(ClientError::Refused { status: 403, reply, .. }) => reply.error.message,
        other => refusal(other),
    }
}

fn of_scope(stand: &Stand, scope: &str, resource: &str) -> api::FlowLog {
    let request = api::CreateFlowLogRequest {
        flow_log_name: format!("{scope} {resource}"),
        resource_type: scope.to_owned(),
        resource_id: resource.to_owned(),
        traffic_type: "ALL".to_owned(),
        ..Default::default()
    };
    stand.admin().call::<api::CreateFlowLog>(&request).unwrap().flow_log.remove(0)
}

/// A topic of somebody else, in the same region.
fn topic_of_others(stand: &Stand) -> String {
    let logset = api::CreateLogsetRequest { logset_name: "others".to_owned(), ..Default::default() };
    let logset_id = stand.admin().call::<api::CreateLogset>(&logset).unwrap().logset_id;
    let topic = api::CreateTopicRequest { topic_name: "others".to_owned(), logset_id, ..Default::default() };
    stand.admin().call::<api::CreateTopic>(&topic).unwrap().topic_id
}

#[test]
fn an_agent_stores_records_of_its_gateway_as_flow_logs_ordered_them_and_no_others() {
    let stand = Stand::start();
    let (one, two) = (stand.enrol("one"), stand.enrol("two"));
    let flow_log = stand.flow_log(&one, "all of one");
    let other_topic = topic_of_others(&stand);
    let elsewhere = api::FlowLog { cloud_log_id: other_topic.clone(), ..flow_log.clone() };
    let unknown = api::FlowLog { flow_log_id: "fl-00000000".to_owned(), ..elsewhere.clone() };
    let in_its_topic = api::FlowLog { flow_log_id: "fl-00000000".to_owned(), ..flow_log.clone() };
    let rows = |of: &Agent, by: &api::FlowLog| vec![record(of, by, 1, 0)];
    let attempts: [(&str, &Agent, Vec<u8>); 9] = [
        ("its own", &one, batch(&one, &flow_log, 1, rows(&one, &flow_log))),
        ("another topic", &one, batch(&one, &elsewhere, 2, rows(&one, &flow_log))),
        ("an unknown flow log", &one, batch(&one, &unknown, 3, rows(&one, &unknown))),
        ("an unknown flow log, a known topic", &one, batch(&one, &in_its_topic, 4, Vec::new())),
        ("no flow log", &one, imported_batch(&one, &other_topic, 5, Vec::new())),
        ("another gateway's flow log", &two, batch(&two, &flow_log, 6, rows(&two, &flow_log))),
        ("another gateway's batch", &two, batch(&one, &flow_log, 7, rows(&one, &flow_log))),
        ("another gateway's records", &one, batch(&one, &flow_log, 8, rows(&two, &flow_log))),
        ("another flow log's records", &one, batch(&one, &flow_log, 9, rows(&one, &unknown))),
    ];
    let mut told = String::new();
    for (what, sender, batch) in attempts {
        told.push_str(&format!("{what}: {}\n", outcome(&sender.client, &batch)));
    }
    for (id, word) in [
        (&one.gateway, "ONE"),
        (&two.gateway, "TWO"),
        (&flow_log.flow_log_id, "FLOW_LOG"),
        (&flow_log.cloud_log_id, "TOPIC"),
        (&other_topic, "OTHER"),
    ] {
        told = told.replace(id.as_str(), word);
    }
    expect_test::expect![[r#"
        its own: stored
        another topic: flow log `FLOW_LOG` stores in topic `TOPIC`, not in `OTHER`
        an unknown flow log: flow log `fl-00000000` is unknown, or went with its topic: to collect what gateway `ONE` does, create a flow log
        an unknown flow log, a known topic: flow log `fl-00000000` is unknown, or went with its topic: to collect what gateway `ONE` does, create a flow log
        no flow log: the batch is for topic `OTHER` and of no flow log: only access keys may store such, not agents
        another gateway's flow log: flow log `FLOW_LOG` watches gateway `ONE`, the batch is of `TWO`
        another gateway's batch: the batch is of another gateway than `TWO`, whose agent sends it
        another gateway's records: the batch holds records of another gateway than `ONE`
        another flow log's records: the batch holds records of another flow log than it names
    "#]].assert_eq(&told);
}

#[test]
fn every_gateway_that_is_told_a_flow_log_of_a_vpc_or_an_interface_stores_for_it() {
    let stand = Stand::start();
    let (one, two) = (stand.enrol("one"), stand.enrol("two"));
    for (id, scope, resource) in [(10, "VPC", "vpc-1"), (20, "NETWORKINTERFACE", "eth1")] {
        let flow_log = of_scope(&stand, scope, resource);
        for (id, agent) in [(id, &one), (id + 1, &two)] {
            let batch = batch(agent, &flow_log, id, vec![record(agent, &flow_log, 1, 0)]);
            assert_eq!(outcome(&agent.client, &batch), "stored");
        }
    }
}

#[test]
fn what_a_paused_or_deleted_flow_log_collected_may_come_late() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let send = |id: u128| {
        let late: Vec<Record> = vec![record(&agent, &flow_log, 1, 0)];
        outcome(&agent.client, &batch(&agent, &flow_log, id, late))
    };
    let id = flow_log.flow_log_id.clone();
    stand
        .admin()
        .call::<api::DisableFlowLogs>(&api::DisableFlowLogsRequest { flow_log_ids: vec![id] })
        .unwrap();
    assert_eq!(send(1), "stored");
    let gone = api::DeleteFlowLogRequest { flow_log_id: flow_log.flow_log_id.clone(), vpc_id: None };
    stand.admin().call::<api::DeleteFlowLog>(&gone).unwrap();
    assert_eq!(send(2), "stored");
    stand.advance(DAY);
    assert_eq!(send(3), "stored");
    let topic = api::DeleteTopicRequest { topic_id: flow_log.cloud_log_id.clone() };
    stand.admin().call::<api::DeleteTopic>(&topic).unwrap();
    let refused = send(4);
    assert!(refused.contains("is unknown, or went with its topic"), "{refused}");
}

#[test]
fn an_access_key_stores_records_of_a_gateway_without_agent_and_of_no_flow_log() {
    let stand = Stand::start();
    let (imported, watched) = (stand.enrol("import"), stand.enrol("watched"));
    let status = Some(api::AgentStatus::default());
    let watch = api::WatchFlowLogsRequest { generation: None, status };
    watched.client.call::<api::WatchFlowLogs>(&watch).unwrap();
    let flow_log = stand.flow_log(&imported, "of import");
    let topic = topic_of_others(&stand);
    let of = |agent: &Agent| Record { flow_log_id: None, ..record(agent, &flow_log, 1, 0) };
    let nobody = Agent { gateway: "nat-00000000".to_owned(), token: String::new(), client: stand.admin() };
    let key = stand.admin();
    assert_eq!(outcome(&key, &imported_batch(&imported, &topic, 1, vec![of(&imported)])), "stored");
    assert_eq!(
        outcome(&key, &imported_batch(&imported, "no-topic", 2, Vec::new())),
        "404 ResourceNotFound.TopicNotExist"
    );
    assert_eq!(outcome(&key, &imported_batch(&nobody, &topic, 3, Vec::new())), "404 ResourceNotFound");
    for (id, refused, why) in [
        (
            4,
            imported_batch(&watched, &topic, 4, vec![of(&watched)]),
            "an agent speaks for the gateway `watched`",
        ),
        (5, imported_batch(&imported, &topic, 5, vec![of(&watched)]), "records of another gateway"),
        (
            6,
            imported_batch(&imported, &topic, 6, vec![record(&imported, &flow_log, 1, 0)]),
            "another flow log",
        ),
        (7, batch(&imported, &flow_log, 7, vec![of(&imported)]), "from the agent of their gateway only"),
        (8, ledger_batch(&imported, 8, vec![of(&imported)]), "from the agent of their gateway only"),
    ] {
        let told = outcome(&key, &refused);
        assert!(told.contains(why), "{id}: {told}");
    }
    let elsewhere = stand.admin().in_region(Some("elsewhere"));
    assert!(
        outcome(&elsewhere, &imported_batch(&imported, &topic, 9, Vec::new())).contains("region `local`")
    );
}
