//! Records are erased when an administrator confirms it, and that stays known.

use api::{
    DescribeErasuresRequest, EraseRecordsRequest, EraseRecordsResponse, Erasure, FlowLog, SearchLogRequest,
};
use flow::Record;

use crate::sign_in::refusal;
use crate::stand::{Agent, START, Stand, batch, question, record};

/// Ten records to port 443 in two batches, and as many to port 22.
fn filled() -> (Stand, Agent, FlowLog) {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    for (id, second) in [(1, 0), (2, 10)] {
        let of_port = |port| {
            let (agent, flow_log) = (&agent, &flow_log);
            (0..5)
                .map(move |more| Record { dstport: Some(port), ..record(agent, flow_log, 2, second + more) })
        };
        let records = of_port(443).chain(of_port(22)).collect();
        agent.client.upload_batch(&batch(&agent, &flow_log, id, records)).unwrap();
    }
    (stand, agent, flow_log)
}

fn request(flow_log: &FlowLog, search: &str, confirm: bool) -> EraseRecordsRequest {
    let SearchLogRequest { from, to, .. } = question(flow_log, search);
    EraseRecordsRequest {
        topic_id: flow_log.cloud_log_id.clone(),
        from,
        to,
        query_string: search.to_owned(),
        query_syntax: None,
        confirm: Some(confirm),
    }
}

fn erase(stand: &Stand, request: &EraseRecordsRequest) -> EraseRecordsResponse {
    stand.admin().call::<api::EraseRecords>(request).unwrap()
}

fn erasures(stand: &Stand) -> Vec<Erasure> {
    stand.admin().call::<api::DescribeErasures>(&DescribeErasuresRequest::default()).unwrap().erasures
}

/// Waits until the newest erasure has ended.
fn ended(stand: &Stand) -> Erasure {
    loop {
        let newest = erasures(stand).remove(0);
        if newest.state != "running" {
            return newest;
        }
    }
}

fn count(stand: &Stand, flow_log: &FlowLog, search: &str) -> u64 {
    let found = stand.admin().call::<api::SearchLog>(&question(flow_log, search)).unwrap();
    found.results.unwrap().len() as u64
}

#[test]
fn what_an_administrator_confirms_is_gone_and_everybody_can_know_who_did_it() {
    let (mut stand, _agent, flow_log) = filled();
    let counted = erase(&stand, &request(&flow_log, "dstport:443 and NOT action:REJECT", false));
    assert_eq!((counted.rows, counted.erasure_id), (10, None));
    assert_eq!(counted.search, "dstport:443 AND NOT action:REJECT");
    assert_eq!((count(&stand, &flow_log, "*"), erasures(&stand).len()), (20, 0), "nothing is erased yet");

    let ordered = erase(&stand, &request(&flow_log, "dstport:443", true));
    assert_eq!(ordered.rows, 10);
    let done = ended(&stand);
    assert_eq!(Some(done.erasure_id.clone()), ordered.erasure_id);
    assert_eq!((done.state.as_str(), done.rows, done.failure.as_str()), ("done", 10, ""));
    assert_eq!((done.search.as_str(), done.ordered_by.as_str()), ("dstport:443", "admin"));
    assert_eq!((done.ordered, done.topic_id.as_str()), (START * 1000, flow_log.cloud_log_id.as_str()));
    assert_eq!((count(&stand, &flow_log, "dstport:443"), count(&stand, &flow_log, "*")), (0, 10));

    stand.stop();
    let proofs = server::verify(&stand.folder.path().join("data"), None).unwrap();
    let gaps: Vec<_> = proofs.iter().flat_map(|proof| &proof.gaps).collect();
    assert!(proofs.iter().all(|proof| proof.faults.is_empty()), "{proofs:?}");
    assert_eq!(gaps.iter().map(|gap| gap.rows).sum::<u64>(), 10);
    let order = Some(("admin".to_owned(), "dstport:443".to_owned()));
    assert!(gaps.iter().all(|gap| gap.order == order), "{gaps:?}");
}

#[test]
fn an_erasure_that_a_stop_cut_short_is_carried_on_by_the_next_start() {
    let (mut stand, _agent, flow_log) = filled();
    erase(&stand, &request(&flow_log, "dstport:443", true));
    // However far it is.
    stand.restart();
    assert_eq!((ended(&stand).state.as_str(), ended(&stand).rows), ("done", 10));
    assert_eq!(count(&stand, &flow_log, "*"), 10);
}

#[test]
fn what_cannot_be_kept_as_a_search_is_refused_and_readers_erase_nothing() {
    let (stand, _agent, flow_log) = filled();
    for (search, syntax) in [("* | SELECT count(*)", 1), ("interface-id:/eni-.*/", 0)] {
        let request = EraseRecordsRequest { query_syntax: Some(syntax), ..request(&flow_log, search, true) };
        let outcome = stand.admin().call::<api::EraseRecords>(&request);
        assert_eq!(refusal(outcome), "400 InvalidParameter", "{search}");
    }
    let (_, reader) = stand.reader("reader");
    let outcome = reader.call::<api::EraseRecords>(&request(&flow_log, "*", true));
    assert_eq!(refusal(outcome), "403 UnauthorizedOperation");
    assert_eq!((count(&stand, &flow_log, "*"), erasures(&stand).len()), (20, 0));
}
