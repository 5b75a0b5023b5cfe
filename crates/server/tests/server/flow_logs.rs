//! The life of gateways and flow logs.

use std::time::Duration;

use api::{AgentInterface, AgentStatus, WatchFlowLogsRequest, WatchFlowLogsResponse};
use expect_test::{Expect, expect};

use crate::sign_in::refusal;
use crate::stand::{Agent, START, Stand};

fn watch(agent: &Agent, generation: Option<u64>) -> WatchFlowLogsResponse {
    let interface = AgentInterface { name: "eth1".to_owned(), addresses: vec!["198.51.100.7".to_owned()] };
    let status = AgentStatus {
        version: "0.1.0".to_owned(),
        interfaces: vec![interface],
        public_addresses: vec!["198.51.100.7".to_owned()],
        window_seconds: 60,
        ..AgentStatus::default()
    };
    let request = WatchFlowLogsRequest { generation, status: Some(status) };
    agent.client.call::<api::WatchFlowLogs>(&request).unwrap()
}

fn gateway(stand: &Stand) -> api::NatGateway {
    stand.admin().call::<api::DescribeNatGateways>(&Default::default()).unwrap().nat_gateway_set.remove(0)
}

#[test]
fn a_gateway_is_available_while_its_agent_is_heard() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let gateway = || gateway(&stand);
    assert_eq!((gateway().state.as_str(), gateway().last_seen), ("UNAVAILABLE", 0));
    watch(&agent, None);
    let seen = gateway();
    assert_eq!((seen.state.as_str(), seen.nat_gateway_name.as_str()), ("AVAILABLE", "edge"));
    assert_eq!(seen.public_ip_address_set[0].public_ip_address, "198.51.100.7");
    assert_eq!(seen.created_time, "2026-11-23 08:00:00");
    stand.advance(Duration::from_secs(60));
    assert_eq!(gateway().state, "AVAILABLE");
    stand.advance(Duration::from_secs(1));
    assert_eq!(gateway().state, "UNAVAILABLE");
}

#[test]
fn how_a_gateway_itself_fares_is_shown_and_counted() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let set = api::PortSet {
        public_ip_address: "203.0.113.1".to_owned(),
        destination_ip_address: "192.0.2.1".to_owned(),
        destination_port: 443,
        protocol: 6,
        ports_used: 60_000,
        ports_available: 64_512,
    };
    let health = api::GatewayHealth {
        table_entries: 70,
        table_entries_max: 100,
        drop_total: 12,
        fullest_port_set: Some(set),
        audit: Some(api::AuditTotals { audits_total: 3, ended_total: 500, missing_total: 1 }),
        ..api::GatewayHealth::default()
    };
    let tell = |health: api::GatewayHealth| {
        let status = Some(AgentStatus { health: Some(health), ..AgentStatus::default() });
        agent.client.call::<api::WatchFlowLogs>(&WatchFlowLogsRequest { generation: None, status })
    };
    tell(health.clone()).unwrap();
    assert_eq!(gateway(&stand).health, Some(health.clone()));
    let numbers = stand.get("/metrics", &[]).body;
    let which = format!("gateway=\"{}\"}}", gateway(&stand).nat_gateway_id);
    let told = |name: &str| {
        let line =
            numbers.lines().find(|line| line.starts_with(&format!("{name}{{")) && line.contains(&which));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    for (name, expected) in [
        ("gateway_table_entries", "70"),
        ("gateway_fullest_port_set_ports", "60000"),
        ("gateway_drop_total", "12"),
        ("gateway_audit_missing_total", "1"),
    ] {
        assert_eq!(told(name).as_deref(), Some(expected), "{name} in\n{numbers}");
    }

    let nowhere = api::PortSet { public_ip_address: "nowhere".to_owned(), ..api::PortSet::default() };
    let refused = tell(api::GatewayHealth { fullest_port_set: Some(nowhere), ..health });
    assert!(refused.unwrap_err().to_string().contains("FullestPortSet.PublicIpAddress"));
}

#[test]
fn a_waiting_agent_learns_of_a_flow_log_at_once() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let first = watch(&agent, None);
    assert_eq!(first.flow_logs.len(), 0);

    stand.advance(Duration::from_secs(1));
    let woken = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| watch(&agent, Some(first.generation)));
        // The agent is heard just before it waits.
        while gateway(&stand).last_seen != (START + 1) * 1000 {
            std::thread::yield_now();
        }
        stand.flow_log(&agent, "edge");
        waiting.join().unwrap()
    });
    assert_eq!(woken.flow_logs.len(), 1);
    assert_eq!(woken.flow_logs[0].resource_id, agent.gateway);
}

#[test]
fn a_stopping_server_lets_waiting_agents_go() {
    let mut stand = Stand::start();
    let agent = stand.enrol("edge");
    let generation = watch(&agent, None).generation;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let request = WatchFlowLogsRequest { generation: Some(generation), status: None };
            agent.client.call::<api::WatchFlowLogs>(&request)
        });
        // The data folder is free at once: no connection that waits holds it.
        stand.restart();
        // It was answered, or came too late to be taken.
        waiting.join().unwrap().ok();
    });
}

#[test]
fn a_flow_log_without_a_topic_gets_logset_topic_and_index() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let admin = stand.admin();
    let topics = admin.call::<api::DescribeTopics>(&Default::default()).unwrap().topics;
    let [topic] = topics.as_slice() else { panic!("{topics:?}") };
    assert_eq!(topic.topic_id, flow_log.cloud_log_id);
    assert_eq!(
        (topic.topic_name.as_str(), topic.assumer_name.as_str(), topic.index),
        ("flowlog_topic", "Flowlog", true)
    );
    let logsets = admin.call::<api::DescribeLogsets>(&Default::default()).unwrap().logsets;
    assert_eq!(
        (logsets.len(), logsets[0].logset_name.as_str(), logsets[0].topic_count),
        (1, "flowlog_logset", 1)
    );

    // The next gateway shares them; the same order once more is refused.
    assert_eq!(stand.flow_log(&stand.enrol("south"), "south").cloud_log_id, flow_log.cloud_log_id);
    let again = |name| refusal(admin.call::<api::CreateFlowLog>(&request(&agent, name)));
    assert_eq!(again("edge"), "409 InvalidParameterValue.Duplicate");
    assert_eq!(again("another"), "409 UnsupportedOperation.FlowLogInstanceExisted");
    let logsets = admin.call::<api::DescribeLogsets>(&Default::default()).unwrap().logsets;
    assert_eq!((logsets.len(), logsets[0].topic_count), (1, 1));

    // What somebody took away is made anew; what stands is used again.
    let topic = api::DeleteTopicRequest { topic_id: flow_log.cloud_log_id.clone() };
    admin.call::<api::DeleteTopic>(&topic).unwrap();
    let anew = stand.flow_log(&agent, "anew");
    assert_ne!(anew.cloud_log_id, flow_log.cloud_log_id);
    let index = api::DescribeIndexRequest { topic_id: anew.cloud_log_id };
    assert!(admin.call::<api::DescribeIndex>(&index).unwrap().status);
}

#[test]
fn a_gateway_is_told_of_every_scope_and_may_have_several_flow_logs() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let nat = agent.gateway.as_str();
    for (scope, resource, kind) in [
        ("NAT", nat, "ALL"),
        ("NAT", nat, "REJECT"),
        ("NETWORKINTERFACE", "eth1", "ALL"),
        ("NETWORKINTERFACE", "eth2", "ALL"),
        ("VPC", "vpc-1", "ACCEPT"),
        ("SUBNET", "subnet-1", "ALL"),
        ("CCN", "ccn-1", "ALL"),
    ] {
        let request = api::CreateFlowLogRequest {
            resource_type: scope.to_owned(),
            resource_id: resource.to_owned(),
            traffic_type: kind.to_owned(),
            ..request(&agent, &format!("{scope} {resource} {kind}"))
        };
        stand.admin().call::<api::CreateFlowLog>(&request).unwrap();
    }
    let told = watch(&agent, None).flow_logs.into_iter().map(|told| {
        let resource = if told.resource_id == agent.gateway { "GATEWAY" } else { &told.resource_id };
        format!("{} {resource} {}", told.resource_type, told.traffic_type)
    });
    let mut told: Vec<String> = told.collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "CCN ccn-1 ALL",
            "NAT GATEWAY ALL",
            "NAT GATEWAY REJECT",
            "NETWORKINTERFACE eth1 ALL",
            "SUBNET subnet-1 ALL",
            "VPC vpc-1 ACCEPT",
        ]
    );
}

fn request(agent: &Agent, name: &str) -> api::CreateFlowLogRequest {
    api::CreateFlowLogRequest {
        flow_log_name: name.to_owned(),
        resource_type: "NAT".to_owned(),
        resource_id: agent.gateway.clone(),
        traffic_type: "ALL".to_owned(),
        ..Default::default()
    }
}

#[test]
fn a_flow_log_is_paused_renamed_and_deleted() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let admin = stand.admin();
    let ids = vec![flow_log.flow_log_id.clone()];
    let listed = || admin.call::<api::DescribeFlowLogs>(&Default::default()).unwrap().flow_log;

    admin.call::<api::DisableFlowLogs>(&api::DisableFlowLogsRequest { flow_log_ids: ids.clone() }).unwrap();
    assert!(!listed()[0].enable);
    assert_eq!(watch(&agent, None).flow_logs.len(), 0);
    admin.call::<api::EnableFlowLogs>(&api::EnableFlowLogsRequest { flow_log_ids: ids }).unwrap();
    assert_eq!(watch(&agent, None).flow_logs.len(), 1);

    let change = api::ModifyFlowLogAttributeRequest {
        flow_log_id: flow_log.flow_log_id.clone(),
        flow_log_name: Some("renamed".to_owned()),
        flow_log_description: Some("north gate".to_owned()),
        ..Default::default()
    };
    admin.call::<api::ModifyFlowLogAttribute>(&change).unwrap();
    let seen = listed().remove(0);
    assert_eq!((seen.flow_log_name.as_str(), seen.flow_log_description.as_str()), ("renamed", "north gate"));

    admin.call::<api::DeleteTopic>(&api::DeleteTopicRequest { topic_id: flow_log.cloud_log_id }).unwrap();
    assert_eq!(listed()[0].cloud_log_state, "DELETED");
    assert_eq!(watch(&agent, None).flow_logs.len(), 0);
    let id = api::DeleteFlowLogRequest { flow_log_id: flow_log.flow_log_id, vpc_id: None };
    admin.call::<api::DeleteFlowLog>(&id).unwrap();
    assert_eq!(listed().len(), 0);
    assert_eq!(refusal(admin.call::<api::DeleteFlowLog>(&id)), "404 ResourceNotFound");
}

#[test]
fn flow_logs_are_found_by_tag_name_and_state() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let admin = stand.admin();
    for (name, team, kind) in [("alpha", "net", "ACCEPT"), ("beta", "sec", "REJECT")] {
        let tag = api::Tag { key: "team".to_owned(), value: team.to_owned() };
        let request = api::CreateFlowLogRequest {
            tags: Some(vec![tag]),
            traffic_type: kind.to_owned(),
            ..request(&agent, name)
        };
        admin.call::<api::CreateFlowLog>(&request).unwrap();
    }
    let key = stand.admin_bearer();
    let find = |body: &str| {
        let found = stand.ask("vpc/DescribeFlowLogs", body, &[("authorization", &key)]).json();
        let names = found["FlowLog"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["FlowLogName"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    // One filter or a list of them: clients send both.
    assert_eq!(find(r#"{"Filters": {"Name": "tag:team", "Values": ["net"]}}"#), "alpha");
    assert_eq!(
        find(
            r#"{"Filters": [{"Name": "tag-key", "Values": ["team"]}], "OrderField": "flowLogName", "OrderDirection": "ASC"}"#
        ),
        "alpha beta"
    );
    assert_eq!(find(r#"{"FlowLogName": "bet"}"#), "beta");
    assert_eq!(find(r#"{"CloudLogState": "DELETED"}"#), "");
    assert_eq!(find(r#"{"OrderField": "flowLogName", "Limit": 1, "Offset": 1}"#), "alpha");
}

#[track_caller]
fn check(operation: &str, bodies: &[&str], expected: Expect) {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let key = stand.admin_bearer();
    let mut text = String::new();
    for body in bodies {
        let body = body.replace("GATEWAY", &agent.gateway);
        let answer = stand.ask(operation, &body, &[("authorization", &key)]);
        let message =
            answer.json()["Error"]["Message"].as_str().unwrap_or_default().replace(&agent.gateway, "GATEWAY");
        text.push_str(&format!("{}: {message}\n", answer.outcome()));
    }
    expected.assert_eq(&text);
}

#[test]
fn a_wrong_flow_log_is_refused_with_a_code_and_what_to_do() {
    check(
        "vpc/CreateFlowLog",
        &[
            r#"{"ResourceType": "NAT"}"#,
            r#"{"FlowLogName": "", "ResourceType": "NAT", "ResourceId": "GATEWAY", "TrafficType": "ALL"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "DCG", "ResourceId": "dcg-1", "TrafficType": "ALL"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "CCN", "ResourceId": "ccn-1", "TrafficType": "ALL", "VpcId": "vpc-1"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "NAT", "ResourceId": "nat-00000000", "TrafficType": "ALL"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "NAT", "ResourceId": "GATEWAY", "TrafficType": "SOME"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "NAT", "ResourceId": "GATEWAY", "TrafficType": "ALL", "StorageType": "ckafka"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "NAT", "ResourceId": "GATEWAY", "TrafficType": "ALL", "Period": 60}"#,
            r#"{"FlowLogName": "x", "ResourceType": "NAT", "ResourceId": "GATEWAY", "TrafficType": "ALL", "CloudLogId": "not-there"}"#,
            r#"{"FlowLogName": "x", "ResourceType": "NAT", "ResourceId": "GATEWAY", "TrafficType": "ALL", "Tags": [{"Key": "a"}, {"Key": "a"}]}"#,
        ],
        expect![[r#"
            400 MissingParameter: the request cannot be read: missing field `FlowLogName` at line 1 column 23
            400 InvalidParameterValue.Empty: FlowLogName is empty: give a name
            400 InvalidParameterValue.Malformed: ResourceType: `DCG` is no collection scope: expected NAT, NETWORKINTERFACE, VPC, SUBNET or CCN
            400 InvalidParameterValue.VpcIdNotNeededForFlowLog: VpcId is not for CCN, which joins several: leave it out
            404 ResourceNotFound: NAT gateway `nat-00000000` does not exist
            400 InvalidParameterValue.Malformed: TrafficType: `SOME` is no collection type: expected ACCEPT, REJECT or ALL
            400 UnsupportedOperation: StorageType `ckafka` is not offered: use `cls`
            400 InvalidParameterValue.Range: Period cannot be chosen: the window length of a gateway is a setting of its agent
            404 ResourceNotFound.TopicNotExist: topic `not-there` does not exist
            400 InvalidParameterValue.TagDuplicateKey: the tag key `a` is given twice
        "#]],
    );
}

#[test]
fn a_wrong_list_is_refused_with_a_code_and_what_to_do() {
    check(
        "vpc/DescribeFlowLogs",
        &[
            r#"{"Limit": 101}"#,
            r#"{"FlowLogId": "fl-1"}"#,
            r#"{"FlowLogId": "fl-00000000", "Filters": []}"#,
            r#"{"Filters": [{"Name": "colour", "Values": ["red"]}]}"#,
            r#"{"Filters": [{"Name": "tag-key", "Values": []}]}"#,
            r#"{"OrderField": "size"}"#,
        ],
        expect![[r#"
            400 InvalidParameterValue.Range: Limit is 101: 1 to 100 are accepted
            400 InvalidParameterValue.Malformed: FlowLogId: `fl-1` is no flow log id: expected `fl-` and 8 lower-case letters or digits
            400 InvalidParameter.Coexist: FlowLogId and Filters exclude each other: leave one out
            400 InvalidParameter.FilterInvalidKey: there is no filter `colour`: expected tag-key or tag:<key>
            400 InvalidParameterValue.LimitExceeded: a filter has 0 values: 1 to 5 are accepted
            400 InvalidParameterValue.Malformed: OrderField `size`: expected flowLogName or createTime
        "#]],
    );
}
