//! Queries that run: who sees them, and how they end before they are answered.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;

use api::{CancelQueryRequest, DescribeQueriesResponse, FlowLog, QueryRun};
use server::ServerSettings;

use crate::sign_in::refusal;
use crate::stand::{START, Stand, batch, question, record};

/// Every combination of four records out of a thousand: nobody sees the end of it.
const ENDLESS: &str = "* | SELECT count(*) FROM (SELECT srcport AS a FROM log), (SELECT srcport AS b FROM log), \
    (SELECT srcport AS c FROM log), (SELECT srcport AS d FROM log) WHERE a + b + c + d = 3";

/// A server that remembers every query, with a thousand records.
fn filled(settings: ServerSettings) -> (Stand, FlowLog) {
    let stand = Stand::start_with(ServerSettings { slow_query_ms: 0, ..settings });
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let records = (0..1000).map(|second| record(&agent, &flow_log, 1, second)).collect();
    agent.client.upload_batch(&batch(&agent, &flow_log, 1, records)).unwrap();
    (stand, flow_log)
}

fn queries(stand: &Stand) -> DescribeQueriesResponse {
    stand.admin().call::<api::DescribeQueries>(&Default::default()).unwrap()
}

/// Waits until the only query has read something.
fn the_running_one(stand: &Stand) -> QueryRun {
    loop {
        let running = queries(stand).running;
        if let Some(query) = running.into_iter().find(|query| query.scanned.rows > 0) {
            return query;
        }
    }
}

#[test]
fn a_query_that_runs_is_listed_and_who_asked_is_told_when_it_is_cancelled() {
    let (stand, flow_log) = filled(ServerSettings::default());
    let client = stand.admin();
    let request = question(&flow_log, ENDLESS);
    let asking = thread::spawn(move || client.call::<api::SearchLog>(&request));
    let query = the_running_one(&stand);
    assert_eq!((query.operation.as_str(), query.statement.as_str()), ("SearchLog", ENDLESS));
    assert_eq!((query.state.as_str(), query.user.as_str(), query.ahead), ("Running", "admin", 0));
    assert_eq!((&query.topic_id, query.started), (&flow_log.cloud_log_id, START * 1000));
    assert_eq!(query.scanned.rows_total, 1000);

    let request = CancelQueryRequest { query_id: query.query_id };
    stand.admin().call::<api::CancelQuery>(&request).unwrap();
    assert_eq!(refusal(asking.join().unwrap()), "409 FailedOperation.SearchCancelled");
    let left = queries(&stand);
    assert_eq!((left.running.len(), left.slow[0].state.as_str()), (0, "Cancelled"));
    assert_eq!(refusal(stand.admin().call::<api::CancelQuery>(&request)), "404 ResourceNotFound");
}

#[test]
fn a_query_ends_when_who_asked_hangs_up() {
    let (stand, flow_log) = filled(ServerSettings::default());
    let body = serde_json::to_string(&question(&flow_log, ENDLESS)).unwrap();
    let mut connection = TcpStream::connect(stand.running.as_ref().unwrap().address).unwrap();
    let head = format!(
        "POST /api/cls/SearchLog HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: {}\r\n\r\n",
        stand.admin_bearer(),
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes()).unwrap();
    the_running_one(&stand);
    drop(connection);
    while !queries(&stand).running.is_empty() {}
    assert_eq!(queries(&stand).slow[0].state, "Left", "and not answered, and not ended by its time");
}

/// How the slow queries of a server ended.
fn states(stand: &Stand) -> Vec<String> {
    queries(stand).slow.into_iter().map(|query| query.state).collect()
}

#[test]
fn a_query_that_takes_too_long_is_told_so_and_an_answer_says_how_much_was_read() {
    let (stand, flow_log) = filled(ServerSettings { query_seconds_max: 1, ..ServerSettings::default() });
    let outcome = stand.admin().call::<api::SearchLog>(&question(&flow_log, ENDLESS));
    assert_eq!(refusal(outcome), "504 FailedOperation.SearchTimeout");
    assert_eq!(states(&stand), ["Failed"]);
    // Another server: a busy machine may need longer than a second for any query.
    let (stand, flow_log) = filled(ServerSettings::default());
    let answer = stand.admin().call::<api::SearchLog>(&question(&flow_log, "srcport:40000")).unwrap();
    let scanned = answer.scanned.unwrap();
    assert_eq!((scanned.rows, scanned.rows_total), (1000, 1000));
    assert!(0 < scanned.bytes && scanned.bytes <= scanned.bytes_total, "{scanned:?}");
    assert_eq!(states(&stand), ["Answered"]);
}
