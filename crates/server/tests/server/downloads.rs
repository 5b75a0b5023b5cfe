//! Whole answers as files: what stands in them, and how a break is told from an end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use api::{DownloadLog, DownloadLogRequest, FlowLog};
use expect_test::expect;
use server::ServerSettings;

use crate::sign_in::refusal;
use crate::stand::{START, Stand, batch, record};

/// More than an answer may have, and more bytes than what the network and the server keep for a slow reader.
const RECORDS: i64 = 20_000;

/// A server that remembers every query, with many records, some in the same second.
fn filled(count: i64) -> (Stand, FlowLog) {
    let stand = Stand::start_with(ServerSettings { slow_query_ms: 0, ..ServerSettings::default() });
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    // The segments overlap in time.
    for (number, seconds) in (0..count).collect::<Vec<_>>().chunks(5000).enumerate() {
        let records = seconds.iter().map(|second| record(&agent, &flow_log, 1, second % 1000)).collect();
        let number = u32::try_from(number).unwrap();
        agent.client.upload_batch(&batch(&agent, &flow_log, number.into(), records)).unwrap();
    }
    (stand, flow_log)
}

fn asked(flow_log: &FlowLog, query: &str, format: &str) -> DownloadLogRequest {
    DownloadLogRequest {
        topic_id: flow_log.cloud_log_id.clone(),
        from: START * 1000,
        to: (START + 86_400) * 1000,
        query_string: Some(query.to_owned()),
        format: format.to_owned(),
        ..DownloadLogRequest::default()
    }
}

fn text(stand: &Stand, request: &DownloadLogRequest) -> String {
    let mut text = String::new();
    stand.admin().download::<DownloadLog>(request).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn records_come_in_order_with_the_fields_that_were_asked_for() {
    let (stand, flow_log) = filled(4);
    let fields = Some(vec!["srcaddr".to_owned(), "reject-reason".to_owned(), "bytes".to_owned()]);
    let mut request = DownloadLogRequest { fields, ..asked(&flow_log, "*", "csv") };
    expect![[r#"
        time,srcaddr,reject-reason,bytes
        2026-11-23T00:00:03.000Z,10.0.1.1,,180
        2026-11-23T00:00:02.000Z,10.0.1.1,,180
        2026-11-23T00:00:01.000Z,10.0.1.1,,180
        2026-11-23T00:00:00.000Z,10.0.1.1,,180
    "#]]
    .assert_eq(&text(&stand, &request).replace('\r', ""));
    request.format = "ndjson".to_owned();
    request.sort = Some("asc".to_owned());
    expect![[r#"
        {"time":"2026-11-23T00:00:00.000Z","srcaddr":"10.0.1.1","bytes":180}
        {"time":"2026-11-23T00:00:01.000Z","srcaddr":"10.0.1.1","bytes":180}
        {"time":"2026-11-23T00:00:02.000Z","srcaddr":"10.0.1.1","bytes":180}
        {"time":"2026-11-23T00:00:03.000Z","srcaddr":"10.0.1.1","bytes":180}
    "#]]
    .assert_eq(&text(&stand, &request));
    request.query_string = Some("dstport:1".to_owned());
    request.format = "csv".to_owned();
    assert_eq!(text(&stand, &request), "time,srcaddr,reject-reason,bytes\r\n", "a header also over nothing");
}

#[test]
fn sql_without_a_limit_gives_all_rows_and_one_with_a_limit_gives_as_many() {
    let (stand, flow_log) = filled(RECORDS);
    let rows = |sql: &str| text(&stand, &asked(&flow_log, sql, "ndjson")).lines().count();
    assert_eq!(rows("* | SELECT srcport, bytes"), usize::try_from(RECORDS).unwrap());
    assert_eq!(rows("* | SELECT srcport, bytes LIMIT 12345"), 12_345);
}

#[test]
fn what_cannot_begin_is_refused_with_a_reason() {
    let (stand, flow_log) = filled(1);
    let refused =
        |request: DownloadLogRequest| refusal(stand.admin().download::<DownloadLog>(&request).map(|_| ()));
    assert_eq!(refused(asked(&flow_log, "* | SELECT nothing", "csv")), "400 FailedOperation.QueryError");
    assert_eq!(refused(asked(&flow_log, "a b (", "csv")), "400 FailedOperation.SyntaxError");
    assert_eq!(refused(asked(&flow_log, "* | EXPLAIN SELECT 1", "csv")), "400 InvalidParameter");
    assert_eq!(refused(asked(&flow_log, "*", "xml")), "400 InvalidParameter");
    let fields = Some(vec!["nothing".to_owned()]);
    assert_eq!(
        refused(DownloadLogRequest { fields, ..asked(&flow_log, "*", "csv") }),
        "400 InvalidParameter"
    );
}

#[test]
fn a_file_that_breaks_off_is_seen_as_such_and_its_query_has_ended() {
    let (stand, flow_log) = filled(RECORDS);
    // More than the network keeps, so that it cannot end before it is read.
    let many = "* | SELECT a.srcaddr AS a, b.srcaddr AS b FROM log a, log b";
    let mut file = stand.admin().download::<DownloadLog>(&asked(&flow_log, many, "csv")).unwrap();
    let mut some = [0; 100];
    file.read_exact(&mut some).unwrap();
    let running = stand.admin().call::<api::DescribeQueries>(&Default::default()).unwrap().running;
    assert_eq!((running.len(), running[0].operation.as_str()), (1, "DownloadLog"));
    let request = api::CancelQueryRequest { query_id: running[0].query_id.clone() };
    stand.admin().call::<api::CancelQuery>(&request).unwrap();
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).unwrap_err();
    assert_eq!(ended(&stand), "Cancelled");
}

#[test]
fn whoever_hangs_up_ends_the_query() {
    let (stand, flow_log) = filled(RECORDS);
    let many = "* | SELECT a.srcaddr AS a, b.srcaddr AS b FROM log a, log b";
    let body = serde_json::to_string(&asked(&flow_log, many, "csv")).unwrap();
    let mut connection = TcpStream::connect(stand.running.as_ref().unwrap().address).unwrap();
    let head = format!(
        "POST /api/natlens/DownloadLog HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: {}\r\n\r\n",
        stand.admin_bearer(),
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes()).unwrap();
    connection.read_exact(&mut [0; 1000]).unwrap();
    drop(connection);
    assert_eq!(ended(&stand), "Left");
}

#[test]
fn a_server_that_stops_waits_for_no_reader() {
    let (mut stand, flow_log) = filled(RECORDS);
    let many = "* | SELECT a.srcaddr AS a, b.srcaddr AS b FROM log a, log b";
    let mut file = stand.admin().download::<DownloadLog>(&asked(&flow_log, many, "csv")).unwrap();
    stand.stop();
    file.read_to_end(&mut Vec::new()).unwrap_err();
}

/// How the only query ended, once it has.
fn ended(stand: &Stand) -> String {
    loop {
        let queries = stand.admin().call::<api::DescribeQueries>(&Default::default()).unwrap();
        if queries.running.is_empty() {
            return queries.slow[0].state.clone();
        }
    }
}
