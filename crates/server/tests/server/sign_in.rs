//! Who gets in, and who does not.

use std::time::Duration;

use api::{ClientError, Credential};

use crate::stand::Stand;

const PASSWORD: &str = "correct horse battery";

#[test]
fn the_first_run_makes_a_link_and_a_key_for_the_command_line() {
    let mut stand = Stand::start();
    let text = std::fs::read_to_string(stand.key_file()).unwrap();
    assert!(text.contains(&format!("server = \"{}\"", stand.url())), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(stand.key_file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    stand.admin().call::<api::DescribeServer>(&Default::default()).unwrap();

    // Another port: the file follows, the key stays.
    let before = stand.admin_bearer();
    stand.restart();
    assert_eq!(stand.admin_bearer(), before);
    let text = std::fs::read_to_string(stand.key_file()).unwrap();
    assert!(text.contains(&format!("server = \"{}\"", stand.url())), "{text}");
    stand.admin().call::<api::DescribeServer>(&Default::default()).unwrap();

    stand.signed_in(PASSWORD);
    stand.restart();
    assert_eq!(stand.running.as_ref().unwrap().sign_in_link, None);
}

#[test]
fn a_link_opens_one_session_and_asks_for_a_password_first() {
    let stand = Stand::start();
    let body = format!(r#"{{"Token": "{}"}}"#, stand.link_token());
    let signed_in = stand.sign_in(&body);
    assert_eq!(signed_in.json()["MustSetPassword"], true);
    let cookie = signed_in.header("set-cookie");
    for part in ["natlens_session=", "Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(stand.sign_in(&body).outcome(), "401 AuthFailure.TokenFailure");

    let cookie = signed_in.cookie();
    let ask = |operation: &str, body: &str| stand.in_session(&cookie, operation, body).outcome();
    assert_eq!(ask("natlens/DescribeSession", ""), "200");
    assert_eq!(ask("vpc/DescribeFlowLogs", ""), "403 UnauthorizedOperation");
    assert_eq!(ask("natlens/SetPassword", r#"{"Password": "short"}"#), "400 InvalidParameterValue.Range");
    assert_eq!(ask("natlens/SetPassword", &format!(r#"{{"Password": "{PASSWORD}"}}"#)), "200");
    assert_eq!(ask("vpc/DescribeFlowLogs", ""), "200");

    let signed_out = stand.in_session(&cookie, "natlens/SignOut", "");
    assert!(signed_out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(ask("natlens/DescribeSession", ""), "401 AuthFailure.TokenFailure");
}

#[test]
fn a_link_ends_after_a_day() {
    let stand = Stand::start();
    stand.advance(Duration::from_secs(24 * 3600));
    let body = format!(r#"{{"Token": "{}"}}"#, stand.link_token());
    assert_eq!(stand.sign_in(&body).outcome(), "401 AuthFailure.TokenFailure");
}

#[test]
fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let stand = Stand::start();
    let first = stand.signed_in(PASSWORD);
    let by_password =
        |password: &str| stand.sign_in(&format!(r#"{{"UserName": "admin", "Password": "{password}"}}"#));
    let second = by_password(PASSWORD).cookie();

    let set = |body: &str| stand.in_session(&first, "natlens/SetPassword", body).outcome();
    assert_eq!(set(r#"{"Password": "another long password"}"#), "401 AuthFailure");
    let both = format!(r#"{{"Password": "another long password", "OldPassword": "{PASSWORD}"}}"#);
    assert_eq!(set(&both), "200");

    assert_eq!(by_password(PASSWORD).outcome(), "401 AuthFailure");
    assert_eq!(by_password("another long password").outcome(), "200");
    assert_eq!(stand.in_session(&first, "natlens/DescribeSession", "").outcome(), "200");
    assert_eq!(
        stand.in_session(&second, "natlens/DescribeSession", "").outcome(),
        "401 AuthFailure.TokenFailure"
    );
}

#[test]
fn a_lost_password_is_replaced_by_a_new_link() {
    let stand = Stand::start();
    stand.signed_in(PASSWORD);
    let link = stand.admin().call::<api::CreateSignInLink>(&Default::default()).unwrap().link;
    let token = link.split_once('#').unwrap().1;
    let cookie = stand.sign_in(&format!(r#"{{"Token": "{token}"}}"#)).cookie();
    let set = stand.in_session(&cookie, "natlens/SetPassword", r#"{"Password": "another long password"}"#);
    assert_eq!(set.outcome(), "200");
    assert_eq!(stand.in_session(&cookie, "vpc/DescribeFlowLogs", "").outcome(), "200");
}

#[test]
fn who_guesses_has_to_wait() {
    let stand = Stand::start();
    stand.signed_in(PASSWORD);
    let guess =
        |password: &str| stand.sign_in(&format!(r#"{{"UserName": "admin", "Password": "{password}"}}"#));
    for _ in 0..5 {
        assert_eq!(guess("not the password").outcome(), "401 AuthFailure");
    }
    let refused = guess(PASSWORD);
    assert_eq!(
        (refused.outcome().as_str(), refused.header("retry-after")),
        ("429 RequestLimitExceeded", "2")
    );
    stand.advance(Duration::from_secs(2));
    assert_eq!(guess(PASSWORD).outcome(), "200");
    // An unknown name is told from a wrong password by nothing.
    let nobody = stand.sign_in(r#"{"UserName": "nobody", "Password": "not the password"}"#);
    assert_eq!(nobody.json()["Error"]["Message"], "the name or the password is wrong");
}

#[test]
fn a_session_serves_only_the_console_of_this_server() {
    let stand = Stand::start();
    let cookie = stand.signed_in(PASSWORD);
    let ask = |origin: &[(&str, &str)]| {
        let headers = [&[("cookie", cookie.as_str())], origin].concat();
        stand.ask("vpc/DescribeFlowLogs", "", &headers).outcome()
    };
    assert_eq!(ask(&[("origin", &stand.url())]), "200");
    assert_eq!(ask(&[("origin", "https://evil.example")]), "403 UnauthorizedOperation");
    assert_eq!(ask(&[("origin", "null")]), "403 UnauthorizedOperation");
    assert_eq!(ask(&[]), "403 UnauthorizedOperation");
    let elsewhere = [("origin", "https://evil.example")];
    assert_eq!(stand.ask("natlens/SignIn", "{}", &elsewhere).outcome(), "403 UnauthorizedOperation");
}

#[test]
fn a_session_ends_a_day_after_its_last_use() {
    let stand = Stand::start();
    let cookie = stand.signed_in(PASSWORD);
    let ask = || stand.in_session(&cookie, "natlens/DescribeSession", "").outcome();
    for _ in 0..3 {
        stand.advance(Duration::from_secs(23 * 3600));
        assert_eq!(ask(), "200");
    }
    stand.advance(Duration::from_secs(24 * 3600));
    assert_eq!(ask(), "401 AuthFailure.TokenFailure");
}

#[test]
fn an_access_key_works_until_it_is_deleted() {
    let stand = Stand::start();
    let admin = stand.admin();
    let request = api::CreateAccessKeyRequest { description: Some("backup job".to_owned()), user_name: None };
    let key = admin.call::<api::CreateAccessKey>(&request).unwrap();
    let listed = admin.call::<api::DescribeAccessKeys>(&Default::default()).unwrap().access_keys;
    assert!(
        listed.iter().any(|listed| listed.secret_id == key.secret_id && listed.description == "backup job")
    );

    let wrong =
        Credential::AccessKey { secret_id: key.secret_id.clone(), secret_key: "nlk_wrong".to_owned() };
    assert_eq!(
        refusal(stand.client(wrong).call::<api::DescribeServer>(&Default::default())),
        "401 AuthFailure.SecretIdNotFound"
    );
    let right = Credential::AccessKey { secret_id: key.secret_id.clone(), secret_key: key.secret_key };
    let client = stand.client(right);
    client.call::<api::DescribeServer>(&Default::default()).unwrap();
    admin.call::<api::DeleteAccessKey>(&api::DeleteAccessKeyRequest { secret_id: key.secret_id }).unwrap();
    assert_eq!(
        refusal(client.call::<api::DescribeServer>(&Default::default())),
        "401 AuthFailure.SecretIdNotFound"
    );
}

#[test]
fn an_enrolment_token_ends() {
    let stand = Stand::start();
    let request = api::CreateEnrolmentTokenRequest { valid_hours: Some(1) };
    let token = stand.admin().call::<api::CreateEnrolmentToken>(&request).unwrap().token;
    stand.advance(Duration::from_secs(3600));
    let request = api::EnrolAgentRequest { token, gateway_name: "edge".to_owned(), ..Default::default() };
    let outcome = stand.client(Credential::None).call::<api::EnrolAgent>(&request);
    assert_eq!(refusal(outcome), "401 AuthFailure.TokenFailure");
}

#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> String {
    match outcome {
        Err(ClientError::Refused { status, reply, .. }) => format!("{status} {}", reply.error.code),
        other => panic!("not refused: {other:?}"),
    }
}
