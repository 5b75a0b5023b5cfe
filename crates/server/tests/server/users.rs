//! Users and their roles: a reader reads and changes nothing, and an administrator always remains.

use api::{Client, Operation};

use crate::sign_in::refusal;
use crate::stand::Stand;

fn named(name: &str, role: &str) -> api::ModifyUserRequest {
    api::ModifyUserRequest { user_name: name.to_owned(), role: role.to_owned() }
}

fn keys(client: &Client) -> Vec<api::AccessKey> {
    client.call::<api::DescribeAccessKeys>(&Default::default()).unwrap().access_keys
}

#[track_caller]
fn refused<O: Operation>(client: &Client, request: &O::Request, expected: &str)
where
    O::Response: std::fmt::Debug,
{
    assert_eq!(refusal(client.call::<O>(request)), expected);
}

#[test]
fn a_reader_searches_and_changes_nothing() {
    let stand = Stand::start();
    let flow_log = stand.flow_log(&stand.enrol("edge"), "edge");
    let (cookie, reader) = stand.reader("reader");
    let session = stand.in_session(&cookie, "natlens/DescribeSession", "{}").json();
    assert_eq!((session["UserName"].as_str(), session["Role"].as_str()), (Some("reader"), Some("reader")));
    let search =
        api::SearchLogRequest { to: 1, topic_id: Some(flow_log.cloud_log_id.clone()), ..Default::default() };
    reader.call::<api::SearchLog>(&search).unwrap();
    let topic = api::DeleteTopicRequest { topic_id: flow_log.cloud_log_id };
    refused::<api::DeleteTopic>(&reader, &topic, "403 UnauthorizedOperation");
    refused::<api::ModifyUser>(&reader, &named("reader", "admin"), "403 UnauthorizedOperation");
    refused::<api::CreateEnrolmentToken>(&reader, &Default::default(), "403 UnauthorizedOperation");
    let edge = stand.enrol("import");
    let batch = crate::stand::imported_batch(&edge, &topic.topic_id, 1, Vec::new());
    assert_eq!(refusal(reader.upload_batch(&batch)), "403 UnauthorizedOperation");
}

#[test]
fn a_reader_keeps_keys_of_its_own_and_sees_no_others() {
    let stand = Stand::start();
    let (_, reader) = stand.reader("reader");
    let own = keys(&reader);
    assert!(own.len() == 1 && own[0].user_name == "reader", "{own:?}");
    let all = keys(&stand.admin());
    let of_admin = all.iter().find(|key| key.user_name == "admin").unwrap();
    let delete = |secret_id: &str| api::DeleteAccessKeyRequest { secret_id: secret_id.to_owned() };
    refused::<api::DeleteAccessKey>(&reader, &delete(&of_admin.secret_id), "404 ResourceNotFound");
    refused::<api::DeleteAccessKey>(&reader, &delete("AKID0"), "404 ResourceNotFound");
    for name in ["admin", "nobody"] {
        let request = api::CreateAccessKeyRequest { user_name: Some(name.to_owned()), description: None };
        refused::<api::CreateAccessKey>(&reader, &request, "403 UnauthorizedOperation");
    }
    let request = api::CreateAccessKeyRequest { user_name: Some("reader".to_owned()), description: None };
    let made = stand.admin().call::<api::CreateAccessKey>(&request).unwrap();
    assert_eq!(keys(&reader).len(), 2);
    reader.call::<api::DeleteAccessKey>(&delete(&made.secret_id)).unwrap();
    reader.call::<api::DeleteAccessKey>(&delete(&own[0].secret_id)).unwrap();
    refused::<api::DescribeServer>(&reader, &Default::default(), "401 AuthFailure.SecretIdNotFound");
}

#[test]
fn a_role_holds_at_once_and_an_administrator_always_remains() {
    let mut stand = Stand::start();
    let admin = stand.admin();
    let (_, other) = stand.reader("other");
    let delete = |name: &str| api::DeleteUserRequest { user_name: name.to_owned() };
    refused::<api::ModifyUser>(&admin, &named("admin", "reader"), "400 FailedOperation");
    refused::<api::DeleteUser>(&admin, &delete("admin"), "400 FailedOperation");
    refused::<api::ModifyUser>(&admin, &named("nobody", "reader"), "404 ResourceNotFound");
    refused::<api::ModifyUser>(&admin, &named("other", "owner"), "400 InvalidParameterValue.Malformed");
    admin.call::<api::ModifyUser>(&named("other", "admin")).unwrap();
    other.call::<api::ModifyUser>(&named("admin", "reader")).unwrap();
    refused::<api::DescribeUsers>(&admin, &Default::default(), "403 UnauthorizedOperation");
    let users = other.call::<api::DescribeUsers>(&Default::default()).unwrap().users;
    let shown: Vec<String> =
        users.iter().map(|user| format!("{} {} {}", user.user_name, user.role, user.has_password)).collect();
    assert_eq!(shown, ["admin reader false", "other admin true"]);
    other.call::<api::DeleteUser>(&delete("admin")).unwrap();
    refused::<api::DescribeServer>(&admin, &Default::default(), "401 AuthFailure.SecretIdNotFound");
    stand.restart();
    let users = stand.admin().call::<api::DescribeUsers>(&Default::default()).unwrap().users;
    assert_eq!(users.len(), 1, "the key of the server's machine is that of an administrator again");
}

#[test]
fn a_deleted_user_is_out_at_once() {
    let stand = Stand::start();
    let (cookie, reader) = stand.reader("reader");
    stand
        .admin()
        .call::<api::DeleteUser>(&api::DeleteUserRequest { user_name: "reader".to_owned() })
        .unwrap();
    let answer = stand.in_session(&cookie, "natlens/DescribeSession", "{}");
    assert_eq!(answer.outcome(), "401 AuthFailure.TokenFailure");
    refused::<api::DescribeServer>(&reader, &Default::default(), "401 AuthFailure.SecretIdNotFound");
}

#[test]
fn a_name_of_a_user_is_plain_and_given_once() {
    let stand = Stand::start();
    for (name, expected) in [
        ("", "400 InvalidParameterValue.Empty"),
        ("two words", "400 InvalidParameterValue.Malformed"),
        ("a/b", "400 InvalidParameterValue.Malformed"),
        (&"x".repeat(65), "400 InvalidParameterValue.Range"),
        ("admin", "409 InvalidParameterValue.Duplicate"),
    ] {
        let request = api::CreateUserRequest { user_name: name.to_owned(), role: "reader".to_owned() };
        refused::<api::CreateUser>(&stand.admin(), &request, expected);
    }
}
