//! What is around the operations: addresses, methods, bodies, headers, files.

use crate::stand::{Answer, Stand};

#[test]
fn an_unknown_operation_is_an_error_and_never_a_page() {
    let stand = Stand::start();
    let unknown = stand.ask("vpc/CreateSomething", "{}", &[]);
    assert_eq!(unknown.outcome(), "404 InvalidAction");
    assert_eq!(unknown.json()["RequestId"], unknown.header("x-request-id"));
    let got = stand.get("/api/vpc/DescribeFlowLogs", &[]);
    assert_eq!(got.outcome(), "405 UnsupportedProtocol");
}

#[test]
fn a_body_that_is_too_long_or_no_json_is_refused() {
    let stand = Stand::start();
    let key = stand.admin_bearer();
    let ask = |body: &str| stand.ask("cls/DeleteTopic", body, &[("authorization", &key)]).outcome();
    assert_eq!(ask("{"), "400 InvalidParameter");
    assert_eq!(ask("[]"), "400 InvalidParameter");
    assert_eq!(ask("{}"), "400 MissingParameter");
    assert_eq!(ask(&" ".repeat((1 << 20) + 1)), "413 RequestSizeLimitExceeded");
    let long = " ".repeat(4097);
    for operation in ["natlens/SignIn", "natlens/EnrolAgent"] {
        assert_eq!(stand.ask(operation, &long, &[]).outcome(), "413 RequestSizeLimitExceeded");
    }
    assert_eq!(ask(r#"{"TopicId": "??"}"#), "400 InvalidParameterValue.Malformed");
}

#[test]
fn bytes_that_are_no_batch_are_refused() {
    let stand = Stand::start();
    let bearer = format!("Bearer {}", stand.enrol("edge").token);
    let ask = |body: &str| stand.ask("natlens/UploadBatch", body, &[("authorization", &bearer)]).outcome();
    assert_eq!(ask("hello"), "400 InvalidParameter.Content");
    assert_eq!(ask("NLBATCH\x02"), "400 UnsupportedOperation");
    assert_eq!(ask("NLBATCH\x01torn"), "400 InvalidParameter.Content");
    assert_eq!(ask(&"x".repeat(api::BATCH_BYTES_MAX + 1)), "413 RequestSizeLimitExceeded");
}

#[test]
fn every_answer_protects_the_browser() {
    let stand = Stand::start();
    for answer in [stand.get("/", &[]), stand.get("/livez", &[]), stand.ask("vpc/DescribeFlowLogs", "", &[])]
    {
        assert!(answer.header("content-security-policy").contains("default-src 'self'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
    let answer = stand.ask("vpc/DescribeFlowLogs", "", &[]);
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("application/json", "no-store")
    );
}

#[test]
fn machines_learn_how_the_server_is() {
    let stand = Stand::start();
    let body = |answer: Answer| (answer.status, answer.body);
    assert_eq!(body(stand.get("/livez", &[])), (200, "ok\n".to_owned()));
    assert_eq!(body(stand.get("/readyz", &[])), (200, "ready\n".to_owned()));
    assert_eq!(stand.get("/openapi.json", &[]).body, api::openapi_json());
    stand.ask("vpc/DescribeFlowLogs", "", &[]);
    let numbers = stand.get("/metrics", &[]);
    for line in [
        "server_requests_total{route=\"vpc/DescribeFlowLogs\",status=\"401\"} 1",
        "store_batches_stored_total 0",
        "store_segments 0",
        "ingest_queue_records 0",
    ] {
        assert!(numbers.body.lines().any(|found| found == line), "{line} is not in\n{}", numbers.body);
    }
    assert!(numbers.body.ends_with("# EOF\n"));
}

#[test]
fn every_page_of_the_console_is_served_by_one_file() {
    let stand = Stand::start();
    for path in ["/", "/flow-logs", "/topics/x/search?query=a%20b"] {
        let answer = stand.get(path, &[]);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
    }
    assert_eq!(stand.get("/assets/gone.js", &[]).status, 404);
    let page = stand.get("/", &[]);
    let tag = page.header("etag");
    // A program that was built without the console shows a notice, which is never kept.
    if !tag.is_empty() {
        assert_eq!(stand.get("/", &[("if-none-match", tag)]).status, 304);
        let packed = stand.get("/", &[("accept-encoding", "gzip;q=0.5, br")]);
        assert_eq!((packed.status, packed.header("content-encoding")), (200, "br"));
        assert_ne!(packed.header("etag"), tag);
    }
}
