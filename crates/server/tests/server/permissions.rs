//! Every operation, asked by everybody.

use api::{Operation, OperationVisitor, Permission, visit_operations};

use crate::stand::Stand;

/// The operations with what they need.
#[derive(Default)]
struct Table(Vec<(String, Permission)>);

impl OperationVisitor for Table {
    fn visit<O: Operation>(&mut self) {
        self.0.push((format!("{}/{}", O::SERVICE.as_str(), O::NAME), O::PERMISSION));
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    Stranger,
    Agent,
    Key,
    User,
    Reader,
}

/// Written apart from the server: what each may do.
fn admitted(who: Who, permission: Permission) -> bool {
    match (permission, who) {
        (Permission::Anyone, _) => true,
        (_, Who::Nobody | Who::Stranger) => false,
        (Permission::Agent, who) => who == Who::Agent,
        (Permission::Upload, who) => matches!(who, Who::Agent | Who::Key),
        (Permission::View, who) => matches!(who, Who::Key | Who::User | Who::Reader),
        (Permission::Operate | Permission::Administer, who) => matches!(who, Who::Key | Who::User),
    }
}

#[test]
fn every_operation_admits_whom_it_should_and_nobody_else() {
    let stand = Stand::start();
    let cookie = stand.signed_in("correct horse battery");
    let (reader, _) = stand.reader("reader");
    let agent = format!("Bearer {}", stand.enrol("edge").token);
    let key = stand.admin_bearer();
    let url = stand.url();
    let mut table = Table::default();
    visit_operations(&mut table);
    // It ends the session that the others need.
    table.0.sort_by_key(|(operation, _)| operation == "natlens/SignOut");

    for (operation, permission) in &table.0 {
        for who in [Who::Nobody, Who::Stranger, Who::Agent, Who::Key, Who::User, Who::Reader] {
            let headers: &[(&str, &str)] = match who {
                Who::Nobody => &[],
                Who::Stranger => &[("authorization", "Bearer nla_0000")],
                Who::Agent => &[("authorization", &agent)],
                Who::Key => &[("authorization", &key)],
                Who::User => &[("cookie", &cookie), ("origin", &url)],
                Who::Reader => &[("cookie", &reader), ("origin", &url)],
            };
            // An empty question: it is refused for what it lacks, if at all, once its asker is admitted.
            let answer = stand.ask(operation, "{}", headers);
            let refused = matches!(answer.status, 401 | 403);
            let admitted = admitted(who, *permission);
            assert_eq!(!refused, admitted, "{operation} asked by {who:?}: {}", answer.body);
            assert_ne!(answer.status, 500, "{operation} asked by {who:?}: {}", answer.body);
        }
    }
}

#[test]
fn nobody_learns_from_a_refusal_what_exists() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let body = |id: &str| format!(r#"{{"TopicId": "{id}"}}"#);
    let known = stand.ask("cls/DeleteTopic", &body(&flow_log.cloud_log_id), &[]);
    let unknown = stand.ask("cls/DeleteTopic", &body("edge-100000000001"), &[]);
    let broken = stand.ask("cls/DeleteTopic", "{", &[]);
    assert_eq!(known.outcome(), "401 AuthFailure");
    assert_eq!(unknown.json()["Error"], known.json()["Error"]);
    assert_eq!(broken.json()["Error"], known.json()["Error"]);
}

#[test]
fn a_region_sees_nothing_of_another() {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let elsewhere = stand.admin().in_region(Some("elsewhere"));
    let listed = elsewhere.call::<api::DescribeTopics>(&Default::default()).unwrap();
    assert_eq!(listed.total_count, 0);
    let request = api::DescribeIndexRequest { topic_id: flow_log.cloud_log_id };
    let outcome = elsewhere.call::<api::DescribeIndex>(&request);
    assert_eq!(crate::sign_in::refusal(outcome), "404 ResourceNotFound.TopicNotExist");
}
