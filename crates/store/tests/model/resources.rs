//! Resources: what can be created, found, changed and deleted, and by whom.
//!
//! Hides: nothing.
//! Knows nothing of: records.

use std::time::Duration;

use expect_test::expect;
use flow::{AccountId, CollectionScope, CollectionType, FlowLogId, GatewayId};
use store::{
    AccessKeyRow, EnrolmentTokenRow, FlowLogChange, FlowLogFilter, FlowLogOrder, FlowLogRow, GatewayFilter,
    GatewayInterface, GatewayReport, GatewayRow, IndexKey, IndexKeyKind, IndexRow, IndexSettings,
    LogsetFilter, OneTimeLinkRow, Owner, Page, SessionRow, Store, StoreError, Tag, TagFilter, TopicFilter,
    UserRow,
};

use crate::folder::{START, create_topic, owner, owner_of, store_with, topic_id};

const SECOND: Duration = Duration::from_secs(1);

fn flow_log(id: &str, scope: CollectionScope, resource: &str) -> FlowLogRow {
    FlowLogRow {
        id: format!("fl-{id}").parse().unwrap(),
        name: format!("flow log {id}"),
        scope,
        resource: resource.to_owned(),
        kind: CollectionType::All,
        topic: topic_id("topic"),
        topic_region: owner().region,
        topic_exists: true,
        enabled: true,
        description: String::new(),
        vpc: None,
        period_seconds: None,
        tags: Vec::new(),
        created: START,
    }
}

fn gateway(id: &str, name: &str) -> GatewayRow {
    GatewayRow {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        vpc: Some("vpc-1".to_owned()),
        tags: Vec::new(),
        report: None,
        last_seen: None,
        created: START,
    }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.to_owned(), value: value.to_owned() }
}

fn account() -> AccountId {
    owner().account
}

fn error<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn an_error_says_what_failed_on_what() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let id = topic_id("nowhere");
    let nat = flow_log("aaaaaaaa", CollectionScope::Nat, "nat-a1b2c3d4");
    store.create_flow_log(&owner(), &nat).unwrap();
    let named_alike = FlowLogRow { kind: CollectionType::Reject, ..nat.clone() };
    let ordered_alike = FlowLogRow { name: "another".to_owned(), id: "fl-bbbbbbbb".parse().unwrap(), ..nat };
    let errors = [
        error(store.topic(&owner(), &id)),
        error(store.topic(&owner_of("100002", "ap-guangzhou"), &topic_id("topic"))),
        error(store.topic(&owner_of("100001", "ap-beijing"), &topic_id("topic"))),
        error(create_topic(&store, "topic", 7)),
        error(store.delete_logset(&owner(), &"logset-100001".parse().unwrap())),
        error(store.delete_topic(&owner(), &id, START)),
        error(store.create_flow_log(&owner(), &named_alike)),
        error(store.create_flow_log(&owner(), &ordered_alike)),
        error(store.modify_flow_log(&owner(), &"fl-cccccccc".parse().unwrap(), &FlowLogChange::default())),
        error(store.enrolment_account(&[1; 32], START)),
    ];
    expect![[r#"
        topic `nowhere-100001` does not exist
        topic `topic-100001` does not exist
        topic `topic-100001` does not exist
        topic `topic` already exists
        logset `logset-100001` is not empty: delete what it holds first
        topic `nowhere-100001` does not exist
        flow log `flow log aaaaaaaa` already exists
        flow log of resource `nat-a1b2c3d4` already exists
        flow log `fl-cccccccc` does not exist
        the enrolment token is unknown, already used or expired: ask for a new one"#]]
    .assert_eq(&errors.join("\n"));
}

/// Flow logs by a filter, as the letters of their ids.
#[track_caller]
fn check_found(store: &Store, filter: FlowLogFilter, order: FlowLogOrder, expected: &str) {
    let found = store.describe_flow_logs(&owner(), &filter, order, Page::ALL).unwrap();
    let letters: String = found.rows.iter().filter_map(|row| row.id.as_str().chars().nth(3)).collect();
    assert_eq!(letters, expected, "{filter:?}");
}

#[test]
fn flow_logs_are_found_by_every_filter_and_in_every_order() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let rows = [
        FlowLogRow {
            tags: vec![tag("env", "prod")],
            ..flow_log("aaaaaaaa", CollectionScope::Nat, "nat-a1b2c3d4")
        },
        FlowLogRow {
            kind: CollectionType::Reject,
            vpc: Some("vpc-1".to_owned()),
            created: START.plus(SECOND),
            ..flow_log("bbbbbbbb", CollectionScope::NetworkInterface, "eth0")
        },
        FlowLogRow {
            topic: topic_id("gone"),
            name: "a third".to_owned(),
            created: START.plus(SECOND * 2),
            ..flow_log("cccccccc", CollectionScope::Vpc, "vpc-1")
        },
        FlowLogRow {
            topic_region: "ap-beijing".parse().unwrap(),
            ..flow_log("dddddddd", CollectionScope::Nat, "x")
        },
    ];
    for row in &rows {
        store.create_flow_log(&owner(), row).unwrap();
    }
    let all = FlowLogFilter::default;
    let newest = FlowLogOrder::Newest;
    check_found(&store, all(), newest, "cbad");
    check_found(&store, all(), FlowLogOrder::Oldest, "adbc");
    check_found(&store, all(), FlowLogOrder::NameAscending, "cabd");
    check_found(&store, all(), FlowLogOrder::NameDescending, "dbac");
    check_found(&store, FlowLogFilter { ids: vec![rows[1].id.clone()], ..all() }, newest, "b");
    check_found(&store, FlowLogFilter { name: Some("third".to_owned()), ..all() }, newest, "c");
    check_found(&store, FlowLogFilter { scope: Some(CollectionScope::Nat), ..all() }, newest, "ad");
    check_found(&store, FlowLogFilter { resource: Some("eth0".to_owned()), ..all() }, newest, "b");
    check_found(&store, FlowLogFilter { kind: Some(CollectionType::Reject), ..all() }, newest, "b");
    check_found(&store, FlowLogFilter { topic: Some(topic_id("gone")), ..all() }, newest, "c");
    check_found(&store, FlowLogFilter { topic_exists: Some(true), ..all() }, newest, "ba");
    check_found(
        &store,
        FlowLogFilter { topic_region: Some("ap-beijing".parse().unwrap()), ..all() },
        newest,
        "d",
    );
    check_found(&store, FlowLogFilter { vpc: Some("vpc-1".to_owned()), ..all() }, newest, "b");
    let tagged =
        TagFilter { values: vec![("env".to_owned(), vec!["prod".to_owned()])], ..TagFilter::default() };
    check_found(&store, FlowLogFilter { tags: tagged, ..all() }, newest, "a");
    let page = store.describe_flow_logs(&owner(), &all(), newest, Page { offset: 1, limit: 2 }).unwrap();
    assert_eq!((page.total, page.rows.len()), (4, 2));
    assert_eq!(store.flow_log(&owner(), &rows[1].id).unwrap(), rows[1]);
}

/// What one gateway carries out, as `generation: letters`.
fn in_force(store: &Store, gateway: &GatewayId) -> String {
    let found = store.flow_logs_in_force(&owner(), gateway).unwrap();
    let letters: String = found.flow_logs.iter().filter_map(|row| row.id.as_str().chars().nth(3)).collect();
    format!("{}: {letters}", found.generation)
}

#[test]
fn a_gateway_is_told_its_flow_logs_and_a_new_generation_with_every_change() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let id = store.enrol_gateway(&owner(), &gateway("nat-a1b2c3d4", "one"), &[1; 32]).unwrap().id;
    let mut log = Vec::new();
    let mut note = |deed: &str| log.push(format!("{deed:18} {}", in_force(&store, &id)));
    note("enrolled");
    for (letter, scope, resource) in [
        ("aaaaaaaa", CollectionScope::Nat, "nat-a1b2c3d4"),
        ("bbbbbbbb", CollectionScope::Nat, "nat-00000000"),
        ("cccccccc", CollectionScope::NetworkInterface, "eth0"),
        ("dddddddd", CollectionScope::Vpc, "vpc-1"),
    ] {
        store.create_flow_log(&owner(), &flow_log(letter, scope, resource)).unwrap();
        note("created");
    }
    let interfaces = vec![GatewayInterface { name: "eth0".to_owned(), addresses: Vec::new() }];
    let mut report = GatewayReport { interfaces, ..GatewayReport::default() };
    store.report_gateway(&owner(), &id, &report, START).unwrap();
    note("eth0 reported");
    report.spooled_batches = 7;
    store.report_gateway(&owner(), &id, &report, START.plus(SECOND)).unwrap();
    note("spool reported");
    let a: FlowLogId = "fl-aaaaaaaa".parse().unwrap();
    store.disable_flow_logs(&owner(), std::slice::from_ref(&a)).unwrap();
    note("a paused");
    store.enable_flow_logs(&owner(), &[a.clone(), "fl-zzzzzzzz".parse().unwrap()]).unwrap_err();
    note("a resumed with z");
    store.enable_flow_logs(&owner(), std::slice::from_ref(&a)).unwrap();
    note("a resumed");
    let change = FlowLogChange { name: Some("new name".to_owned()), ..FlowLogChange::default() };
    store.modify_flow_log(&owner(), &a, &change).unwrap();
    note("a renamed");
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    note("topic deleted");
    create_topic(&store, "topic", 7).unwrap();
    note("topic created");
    store.delete_flow_log(&owner(), &a, START).unwrap();
    note("a deleted");
    expect![[r#"
        enrolled           2: 
        created            3: a
        created            4: a
        created            5: a
        created            6: ad
        eth0 reported      7: acd
        spool reported     7: acd
        a paused           8: cd
        a resumed with z   8: cd
        a resumed          9: acd
        a renamed          10: acd
        topic deleted      11: 
        topic created      12: acd
        a deleted          13: cd"#]]
    .assert_eq(&log.join("\n"));
}

#[test]
fn flow_logs_of_a_vpc_subnet_or_ccn_reach_every_gateway_of_their_region_and_no_other() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let enrol = |owner: &Owner, row: GatewayRow, token: u8| {
        store.enrol_gateway(owner, &row, &[token; 32]).unwrap();
        row.id
    };
    let first = enrol(&owner(), gateway("nat-a1b2c3d4", "one"), 1);
    let second = enrol(&owner(), GatewayRow { vpc: None, ..gateway("nat-22222222", "two") }, 2);
    for (letter, scope, resource) in [
        ("aaaaaaaa", CollectionScope::Nat, "nat-a1b2c3d4"),
        ("bbbbbbbb", CollectionScope::NetworkInterface, "eth0"),
        ("cccccccc", CollectionScope::Ccn, "ccn-1"),
        ("pppppppp", CollectionScope::Subnet, "subnet-paused"),
        ("ssssssss", CollectionScope::Subnet, "subnet-1"),
        ("vvvvvvvv", CollectionScope::Vpc, "vpc-1"),
    ] {
        store.create_flow_log(&owner(), &flow_log(letter, scope, resource)).unwrap();
    }
    store.disable_flow_logs(&owner(), &["fl-pppppppp".parse().unwrap()]).unwrap();
    assert_eq!(in_force(&store, &first).split_once(": ").unwrap().1, "acsv");
    assert_eq!(in_force(&store, &second).split_once(": ").unwrap().1, "csv");

    let elsewhere = owner_of("100001", "ap-beijing");
    let far = enrol(&elsewhere, gateway("nat-33333333", "far"), 3);
    assert_eq!(store.flow_logs_in_force(&elsewhere, &far).unwrap().flow_logs, []);
}

#[test]
fn a_resource_has_many_flow_logs_as_long_as_scope_type_or_topic_differ() {
    let (_folder, store) = store_with(&[("topic", 7), ("other", 7)]);
    let id = store.enrol_gateway(&owner(), &gateway("nat-a1b2c3d4", "one"), &[1; 32]).unwrap().id;
    let all = flow_log("aaaaaaaa", CollectionScope::Nat, "nat-a1b2c3d4");
    let rejected = FlowLogRow {
        kind: CollectionType::Reject,
        ..flow_log("bbbbbbbb", CollectionScope::Nat, "nat-a1b2c3d4")
    };
    let elsewhere =
        FlowLogRow { topic: topic_id("other"), ..flow_log("cccccccc", CollectionScope::Nat, "nat-a1b2c3d4") };
    let same_name = flow_log("dddddddd", CollectionScope::Vpc, "nat-a1b2c3d4");
    for row in [&all, &rejected, &elsewhere, &same_name] {
        store.create_flow_log(&owner(), row).unwrap();
    }
    assert_eq!(in_force(&store, &id).split_once(": ").unwrap().1, "abcd");
    store.create_flow_log(&owner(), &flow_log("eeeeeeee", CollectionScope::Vpc, "nat-a1b2c3d4")).unwrap_err();
}

#[test]
fn an_agent_that_enrols_again_keeps_its_gateway_and_loses_its_old_token() {
    let (_folder, store) = store_with(&[]);
    let first = store.enrol_gateway(&owner(), &gateway("nat-aaaaaaaa", "one"), &[1; 32]).unwrap();
    let report = GatewayReport { version: "0.1.0".to_owned(), ..GatewayReport::default() };
    store.report_gateway(&owner(), &first.id, &report, START).unwrap();
    let soon = GatewayRow { created: START.plus(SECOND * 119), ..gateway("nat-bbbbbbbb", "one") };
    let refused = store.enrol_gateway(&owner(), &soon, &[2; 32]);
    assert!(matches!(refused, Err(StoreError::StillHeard { .. })), "{refused:?}");
    assert_eq!(store.gateway_of_token(&[1; 32]).unwrap(), Some((owner(), first.id.clone())));
    let later = GatewayRow { created: START.plus(SECOND * 120), ..soon };
    let again = store.enrol_gateway(&owner(), &later, &[2; 32]).unwrap();
    assert_eq!((again.id.as_str(), again.report), ("nat-aaaaaaaa", Some(report)));
    assert_eq!(store.gateway_of_token(&[1; 32]).unwrap(), None);
    assert_eq!(store.gateway_of_token(&[2; 32]).unwrap(), Some((owner(), first.id)));
    store.enrol_gateway(&owner(), &gateway("nat-aaaaaaaa", "two"), &[3; 32]).unwrap_err();
}

#[test]
fn gateways_are_found_by_name_vpc_and_silence() {
    let (_folder, store) = store_with(&[]);
    let rows = [
        gateway("nat-aaaaaaaa", "edge one"),
        GatewayRow { vpc: None, created: START.plus(SECOND), ..gateway("nat-bbbbbbbb", "edge two") },
    ];
    for (row, hash) in rows.iter().zip(1..) {
        store.enrol_gateway(&owner(), row, &[hash; 32]).unwrap();
    }
    store.report_gateway(&owner(), &rows[0].id, &GatewayReport::default(), START.plus(SECOND * 9)).unwrap();
    let found = |filter: GatewayFilter| -> String {
        let found = store.describe_gateways(&owner(), &filter, Page::ALL).unwrap();
        found.rows.iter().filter_map(|row| row.id.as_str().chars().nth(4)).collect()
    };
    let all = GatewayFilter::default;
    assert_eq!(found(all()), "ba");
    assert_eq!(found(GatewayFilter { names: vec!["two".to_owned()], ..all() }), "b");
    assert_eq!(found(GatewayFilter { vpcs: vec!["vpc-1".to_owned()], ..all() }), "a");
    assert_eq!(found(GatewayFilter { heard_since: Some(START.plus(SECOND * 9)), ..all() }), "a");
    assert_eq!(found(GatewayFilter { heard_since: Some(START.plus(SECOND * 10)), ..all() }), "");
    assert_eq!(found(GatewayFilter { silent_since: Some(START.plus(SECOND * 9)), ..all() }), "b");
    let beijing = owner_of("100001", "ap-beijing");
    store.enrol_gateway(&beijing, &gateway("nat-aaaaaaaa", "edge one"), &[9; 32]).unwrap();
    let regions = store.gateway_regions(&account()).unwrap();
    assert_eq!(regions, [(beijing.region, 1), (owner().region, 2)]);
}

#[test]
fn a_one_time_link_signs_in_once_and_in_time() {
    let (_folder, store) = store_with(&[]);
    let link = |hash: u8| OneTimeLinkRow {
        hash: [hash; 32],
        user: "admin".to_owned(),
        created: START,
        expires: START.plus(SECOND),
    };
    store.create_one_time_link(&account(), &link(1)).unwrap();
    store.create_one_time_link(&account(), &link(2)).unwrap();
    assert_eq!(store.spend_one_time_link(&[1; 32], START).unwrap(), (account(), "admin".to_owned()));
    let spent =
        |hash: u8, now| matches!(store.spend_one_time_link(&[hash; 32], now), Err(StoreError::Spent { .. }));
    assert!(spent(1, START), "used");
    assert!(spent(2, START.plus(SECOND)), "too late");
    assert!(spent(3, START), "unknown");
}

#[test]
fn a_new_password_ends_all_other_sessions() {
    let (_folder, store) = store_with(&[]);
    let admin = UserRow {
        name: "admin".to_owned(),
        role: "admin".to_owned(),
        password_hash: None,
        must_set_password: true,
        created: START,
    };
    store.create_user(&account(), &admin).unwrap();
    for hash in [1, 2] {
        let session = SessionRow {
            hash: [hash; 32],
            user: "admin".to_owned(),
            created: START,
            last_used: START,
            expires: START.plus(SECOND * 10),
        };
        store.create_session(&account(), &session).unwrap();
    }
    store.set_password(&account(), "admin", "$argon2id$…", Some(&[2; 32])).unwrap();
    let changed = store.user(&account(), "admin").unwrap();
    assert_eq!((changed.password_hash.as_deref(), changed.must_set_password), (Some("$argon2id$…"), false));
    assert_eq!(store.session(&[1; 32], START).unwrap(), None);
    store.touch_session(&[2; 32], START.plus(SECOND), START.plus(SECOND * 20)).unwrap();
    let alive = |seconds: u32| store.session(&[2; 32], START.plus(SECOND * seconds)).unwrap().is_some();
    assert_eq!((alive(19), alive(20)), (true, false));
    assert_eq!(store.expire(START.plus(SECOND * 20)).unwrap().secrets, 1);
    store.set_password(&account(), "nobody", "", None).unwrap_err();
}

#[test]
fn keys_and_tokens_belong_to_their_account() {
    let (_folder, store) = store_with(&[]);
    let key = AccessKeyRow {
        secret_id: "AKID1".to_owned(),
        secret_hash: [7; 32],
        user: "admin".to_owned(),
        description: "laptop".to_owned(),
        created: START,
    };
    store.create_access_key(&account(), &key).unwrap();
    assert_eq!(store.access_key("AKID1").unwrap(), Some((account(), key.clone())));
    let other: AccountId = "100002".parse().unwrap();
    assert_eq!(store.access_keys(&other).unwrap(), []);
    store.delete_access_key(&other, "AKID1", None).unwrap_err();
    store.delete_access_key(&account(), "AKID1", Some("somebody")).unwrap_err();
    assert_eq!(store.access_keys(&account()).unwrap(), [key]);
    store.delete_access_key(&account(), "AKID1", Some("admin")).unwrap();
    assert_eq!(store.access_key("AKID1").unwrap(), None);

    let token = EnrolmentTokenRow { hash: [8; 32], created: START, expires: START.plus(SECOND) };
    store.create_enrolment_token(&account(), &token).unwrap();
    assert_eq!(store.enrolment_account(&[8; 32], START).unwrap(), account());
    store.enrolment_account(&[8; 32], START.plus(SECOND)).unwrap_err();
}

#[test]
fn an_index_goes_with_its_topic() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let key = IndexKey {
        name: "srcaddr".to_owned(),
        kind: IndexKeyKind::Text,
        tokenizer: String::new(),
        sql_flag: true,
        contain_zh: false,
        alias: String::new(),
    };
    let settings = IndexSettings { key_value: true, keys: vec![key], ..IndexSettings::default() };
    let index = IndexRow { settings, enabled: true, modified: START };
    store.create_index(&owner(), &topic_id("topic"), &index).unwrap();
    store.create_index(&owner(), &topic_id("topic"), &index).unwrap_err();
    assert_eq!(store.index(&owner(), &topic_id("topic")).unwrap(), Some(index));
    let topics = store.describe_topics(&owner(), &TopicFilter::default(), Page::ALL).unwrap();
    assert!(topics.rows[0].indexed);
    let logsets = store.describe_logsets(&owner(), &LogsetFilter::default(), Page::ALL).unwrap();
    assert_eq!(logsets.rows[0].topics, 1);
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    create_topic(&store, "topic", 7).unwrap();
    assert_eq!(store.index(&owner(), &topic_id("topic")).unwrap(), None);
}

#[test]
fn a_deleted_flow_log_is_remembered_while_its_topic_can_hold_what_it_collected() {
    let (_folder, store) = store_with(&[("topic", 7), ("for-ever", 3640)]);
    let day = 24 * 3600 * SECOND;
    let order_of = |id: &str| store.order(&owner(), &format!("fl-{id}").parse().unwrap()).unwrap();
    let create = |id: &str, topic: &str| {
        let row = FlowLogRow { topic: topic_id(topic), ..flow_log(id, CollectionScope::Vpc, id) };
        store.create_flow_log(&owner(), &row).unwrap();
        assert_eq!(order_of(id).unwrap().topic, topic_id(topic));
        row.id
    };
    let old = create("aaaaaaaa", "topic");
    let kept = create("bbbbbbbb", "for-ever");
    store.delete_flow_log(&owner(), &old, START).unwrap();
    store.delete_flow_log(&owner(), &kept, START).unwrap();
    let order = order_of("aaaaaaaa").unwrap();
    assert_eq!((order.scope, order.resource.as_str()), (CollectionScope::Vpc, "aaaaaaaa"));
    assert_eq!(store.expire(START.plus(7 * day)).unwrap().flow_logs, 0);
    assert!(order_of("aaaaaaaa").is_some());
    assert_eq!(store.expire(START.plus(8 * day)).unwrap().flow_logs, 1);
    assert_eq!(order_of("aaaaaaaa"), None);
    assert_eq!(store.expire(START.plus(4000 * day)).unwrap().flow_logs, 0);
    assert!(order_of("bbbbbbbb").is_some());

    let into_nothing = create("cccccccc", "topic");
    let later = create("dddddddd", "topic");
    store.delete_flow_log(&owner(), &later, START).unwrap();
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    assert_eq!(order_of("dddddddd"), None, "it went with its topic");
    store.delete_flow_log(&owner(), &into_nothing, START).unwrap();
    assert_eq!(order_of("cccccccc"), None, "it had no topic any more");
    assert_eq!(
        error(store.delete_flow_log(&owner(), &into_nothing, START)),
        "flow log `fl-cccccccc` does not exist"
    );
}
