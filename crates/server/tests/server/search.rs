//! From an uploaded batch to an answer.

use api::{DescribeLogHistogramRequest, FlowLog, SearchLogRequest, SearchLogResponse};
use expect_test::{Expect, expect};

use crate::sign_in::refusal;
use crate::stand::{Agent, START, Stand, batch, question, record};

/// A server with six records, one every ten seconds.
fn filled() -> (Stand, Agent, FlowLog) {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let records = (1..=6).map(|host| record(&agent, &flow_log, host, i64::from(host) * 10)).collect();
    let stored = agent.client.upload_batch(&batch(&agent, &flow_log, 1, records)).unwrap();
    assert_eq!((stored.records, stored.already_stored), (6, false));
    (stand, agent, flow_log)
}

/// The last numbers of the source addresses, in the order of the answer.
fn hosts(answer: &SearchLogResponse) -> String {
    let host = |record: &api::LogRecord| {
        let fields: serde_json::Value = serde_json::from_str(&record.log_json).unwrap();
        fields["srcaddr"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()
    };
    answer.results.as_deref().unwrap_or_default().iter().map(host).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_batch_that_comes_twice_is_stored_once_and_survives_a_restart() {
    let (mut stand, agent, flow_log) = filled();
    let again = (1..=6).map(|host| record(&agent, &flow_log, host, i64::from(host) * 10)).collect();
    let stored = agent.client.upload_batch(&batch(&agent, &flow_log, 1, again)).unwrap();
    assert_eq!((stored.records, stored.already_stored), (6, true));
    stand.restart();
    let answer = stand.admin().call::<api::SearchLog>(&question(&flow_log, "*")).unwrap();
    assert_eq!(hosts(&answer), "6 5 4 3 2 1");
}

#[test]
fn a_search_finds_records_and_shows_them_whole() {
    let (stand, _, flow_log) = filled();
    let find = |query: &str| {
        let answer = stand.admin().call::<api::SearchLog>(&question(&flow_log, query)).unwrap();
        assert!(answer.list_over && !answer.analysis && answer.context.is_empty());
        answer
    };
    assert_eq!(hosts(&find("action:REJECT")), "5 3 1");
    assert_eq!(hosts(&find("action:REJECT AND srcaddr:10.0.1.3")), "3");
    assert_eq!(hosts(&find("srcaddr:10.0.1.0/30")), "3 2 1");
    assert_eq!(hosts(&find("dstport > 443")), "");

    let found = find("srcaddr:10.0.1.6").results.unwrap().remove(0);
    assert_eq!((found.time, found.host_name.as_str()), ((START + 60) * 1000, "edge"));
    assert_eq!((found.topic_name.as_str(), found.source), ("flowlog_topic", flow_log.resource_id.clone()));
    let raw = "1 100000000001 eth1 10.0.1.6 203.0.113.9 40000 443 6 3 180 1795392060 1795392060 ACCEPT OK";
    assert_eq!(found.raw_log, raw);
}

#[test]
fn pages_follow_each_other_until_all_was_listed() {
    let (stand, _, flow_log) = filled();
    let mut pages = Vec::new();
    let mut context = None;
    loop {
        let request = SearchLogRequest { limit: Some(2), context, ..question(&flow_log, "") };
        let answer = stand.admin().call::<api::SearchLog>(&request).unwrap();
        pages.push(hosts(&answer));
        if answer.list_over {
            assert_eq!(answer.context, "");
            break;
        }
        context = Some(answer.context);
    }
    assert_eq!(pages, ["6 5", "4 3", "2 1"]);

    let oldest = SearchLogRequest {
        sort: Some("asc".to_owned()),
        offset: Some(1),
        limit: Some(2),
        ..question(&flow_log, "")
    };
    let answer = stand.admin().call::<api::SearchLog>(&oldest).unwrap();
    assert_eq!(hosts(&answer), "2 3");

    // A context belongs to its question.
    let other = SearchLogRequest { context: Some(answer.context), ..question(&flow_log, "action:ACCEPT") };
    let outcome = stand.admin().call::<api::SearchLog>(&other);
    assert_eq!(refusal(outcome), "400 FailedOperation.InvalidContext");
}

#[test]
fn a_topic_in_a_list_answers_like_a_topic() {
    let (stand, _, flow_log) = filled();
    let topic = api::SearchTopic { topic_id: flow_log.cloud_log_id.clone(), context: None };
    let request =
        SearchLogRequest { topic_id: None, topics: Some(vec![topic.clone()]), ..question(&flow_log, "") };
    let answer = stand.admin().call::<api::SearchLog>(&request).unwrap();
    assert_eq!(hosts(&answer), "6 5 4 3 2 1");
    assert_eq!(answer.topics.unwrap().infos[0].topic_id, flow_log.cloud_log_id);
    let two = SearchLogRequest { topics: Some(vec![topic.clone(), topic]), ..request };
    assert_eq!(refusal(stand.admin().call::<api::SearchLog>(&two)), "400 UnsupportedOperation");
}

fn analysis(newer: bool) -> String {
    let (stand, _, flow_log) = filled();
    let query = "* | SELECT action, sum(bytes) AS total GROUP BY action ORDER BY action";
    let request = SearchLogRequest { use_new_analysis: Some(newer), ..question(&flow_log, query) };
    let answer = stand.admin().call::<api::SearchLog>(&request).unwrap();
    assert_eq!(answer.scanned.unwrap().rows_total, 6);
    serde_json::to_string_pretty(&SearchLogResponse { scanned: None, ..answer }).unwrap()
}

#[test]
fn sql_answers_with_texts_in_the_older_form() {
    let answer = analysis(false);
    expect![[r#"
        {
          "Context": "",
          "ListOver": true,
          "Analysis": true,
          "Results": [],
          "ColNames": [
            "action",
            "total"
          ],
          "AnalysisResults": [
            {
              "Data": [
                {
                  "Key": "action",
                  "Value": "ACCEPT"
                },
                {
                  "Key": "total",
                  "Value": "540"
                }
              ]
            },
            {
              "Data": [
                {
                  "Key": "action",
                  "Value": "REJECT"
                },
                {
                  "Key": "total",
                  "Value": "540"
                }
              ]
            }
          ],
          "AnalysisRecords": null,
          "Columns": null,
          "SamplingRate": 1.0,
          "Topics": null,
          "Cut": false
        }"#]]
    .assert_eq(&answer);
}

#[test]
fn sql_answers_with_typed_values_in_the_newer_form() {
    let answer = analysis(true);
    expect![[r#"
        {
          "Context": "",
          "ListOver": true,
          "Analysis": true,
          "Results": [],
          "ColNames": [],
          "AnalysisResults": [],
          "AnalysisRecords": [
            "{\"action\":\"ACCEPT\",\"total\":540}",
            "{\"action\":\"REJECT\",\"total\":540}"
          ],
          "Columns": [
            {
              "Name": "action",
              "Type": "varchar"
            },
            {
              "Name": "total",
              "Type": "bigint"
            }
          ],
          "SamplingRate": 1.0,
          "Topics": null,
          "Cut": false
        }"#]]
    .assert_eq(&answer);
}

#[test]
fn a_histogram_counts_over_time() {
    let (stand, _, flow_log) = filled();
    let request = DescribeLogHistogramRequest {
        from: (START + 20) * 1000,
        to: (START + 80) * 1000,
        query: "action:ACCEPT | SELECT count(*)".to_owned(),
        topic_id: Some(flow_log.cloud_log_id.clone()),
        interval: Some(20_000),
        syntax_rule: None,
        allow_partial: None,
    };
    let answer = stand.admin().call::<api::DescribeLogHistogram>(&request).unwrap();
    let counts: Vec<(i64, u64)> =
        answer.histogram_infos.iter().map(|bucket| (bucket.b_time / 1000 - START, bucket.count)).collect();
    assert_eq!(counts, [(20, 1), (40, 1), (60, 1)]);
    assert_eq!((answer.total_count, answer.interval), (3, 20_000));

    let chosen = DescribeLogHistogramRequest { interval: None, to: (START + 3620) * 1000, ..request };
    let answer = stand.admin().call::<api::DescribeLogHistogram>(&chosen).unwrap();
    assert_eq!((answer.total_count, answer.interval), (3, 60_000));
}

#[track_caller]
fn check(queries: &[&str], expected: Expect) {
    let (stand, _, flow_log) = filled();
    let key = stand.admin_bearer();
    let mut text = String::new();
    for query in queries {
        let body = serde_json::to_string(&question(&flow_log, query)).unwrap();
        let answer = stand.ask("cls/SearchLog", &body, &[("authorization", &key)]);
        let error = answer.json()["Error"].clone();
        let place = &error["Position"];
        let place = match place["Offset"].as_u64() {
            Some(_) => format!(" at {} for {}", place["Offset"], place["Length"]),
            None => String::new(),
        };
        text.push_str(&format!(
            "{query}\n  {}{place}\n  {}\n",
            answer.outcome(),
            error["Message"].as_str().unwrap_or_default()
        ));
    }
    expected.assert_eq(&text);
}

#[test]
fn a_wrong_query_is_refused_with_its_place() {
    check(
        &[
            "action:",
            "(action:REJECT",
            "acton:REJECT",
            "dstport:abc",
            "* | SELEC action",
            "* | SELECT nothing",
            "* | SELECT action FROM secrets",
            "* | DELETE FROM log",
        ],
        expect![[r#"
            action:
              400 FailedOperation.SyntaxError at 7 for 0
              SyntaxError[1:8 a value is missing after field `action`: write for example `action:*`]
            (action:REJECT
              400 FailedOperation.SyntaxError at 0 for 1
              SyntaxError[1:1 `(` is not closed: add `)`, or write \( to search for it]
            acton:REJECT
              400 FailedOperation.QueryError at 0 for 5
              QueryError[illegal_argument_exception.Cannot search on field [acton] since it is not indexed; did you mean `action`?]
            dstport:abc
              400 FailedOperation.QueryError at 8 for 3
              QueryError[number_format_exception.`abc` is no service: write a number or a name, such as `https`, `ssh` or `dns`]
            * | SELEC action
              400 FailedOperation.SyntaxError at 4 for 5
              SyntaxError[1:5 the part after `|` is SQL and starts with SELECT; to search for `|`, put it in quotes]
            * | SELECT nothing
              400 FailedOperation.QueryError at 11 for 0
              QueryError[verification_exception.1:8 there is no column `nothing`]
            * | SELECT action FROM secrets
              400 FailedOperation.QueryError at 23 for 0
              QueryError[verification_exception.1:20 there is no table `secrets`: the records that were found are the table `log`]
            * | DELETE FROM log
              400 FailedOperation.SyntaxError at 4 for 6
              SyntaxError[1:5 the part after `|` is SQL and starts with SELECT; to search for `|`, put it in quotes]
        "#]],
    );
}

#[test]
fn a_wrong_search_is_refused() {
    let (stand, _, flow_log) = filled();
    let ask = |request: SearchLogRequest| refusal(stand.admin().call::<api::SearchLog>(&request));
    let good = || question(&flow_log, "");
    assert_eq!(ask(SearchLogRequest { to: 0, ..good() }), "400 InvalidParameter");
    assert_eq!(ask(SearchLogRequest { limit: Some(1001), ..good() }), "400 InvalidParameter");
    assert_eq!(ask(SearchLogRequest { topic_id: None, ..good() }), "400 MissingParameter");
    assert_eq!(ask(SearchLogRequest { sort: Some("up".to_owned()), ..good() }), "400 InvalidParameter");
    assert_eq!(ask(SearchLogRequest { query_syntax: Some(2), ..good() }), "400 InvalidParameter");
    assert_eq!(
        ask(SearchLogRequest { offset: Some(10_000), ..good() }),
        "400 LimitExceeded.SearchResultTooLarge"
    );
    let unknown = SearchLogRequest { topic_id: Some("not-there".to_owned()), ..good() };
    assert_eq!(ask(unknown), "404 ResourceNotFound.TopicNotExist");
    let id = api::DeleteIndexRequest { topic_id: flow_log.cloud_log_id.clone() };
    stand.admin().call::<api::DeleteIndex>(&id).unwrap();
    assert_eq!(ask(good()), "404 ResourceNotFound.IndexNotExist");
}

#[test]
fn a_batch_for_a_deleted_topic_is_refused() {
    let (stand, agent, flow_log) = filled();
    let id = api::DeleteTopicRequest { topic_id: flow_log.cloud_log_id.clone() };
    stand.admin().call::<api::DeleteTopic>(&id).unwrap();
    let outcome = agent.client.upload_batch(&batch(&agent, &flow_log, 2, Vec::new()));
    assert_eq!(refusal(outcome), "404 ResourceNotFound.TopicNotExist");
}

#[test]
fn agents_that_send_at_once_are_all_stored() {
    let (stand, agent, flow_log) = filled();
    std::thread::scope(|scope| {
        let (agent, flow_log) = (&agent, &flow_log);
        for id in 0..8_u8 {
            scope.spawn(move || {
                let records = vec![record(agent, flow_log, 100 + id, 100 + i64::from(id))];
                agent.client.upload_batch(&batch(agent, flow_log, 100 + u128::from(id), records)).unwrap();
            });
        }
    });
    let answer = stand.admin().call::<api::SearchLog>(&question(&flow_log, "srcaddr:10.0.1.96/27")).unwrap();
    assert_eq!(hosts(&answer), "107 106 105 104 103 102 101 100");
}

#[test]
fn a_tail_tells_what_is_stored_while_it_runs_and_once() {
    let (stand, agent, flow_log) = filled();
    let request = api::TailLogRequest {
        topic_id: flow_log.cloud_log_id.clone(),
        query_string: Some("action:REJECT".to_owned()),
        query_syntax: None,
    };
    let mut tail = stand.admin().stream::<api::TailLog>(&request).unwrap();
    let upload = |id: u128, hosts: std::ops::RangeInclusive<u8>| {
        let records = hosts.map(|host| record(&agent, &flow_log, host, i64::from(host))).collect();
        agent.client.upload_batch(&batch(&agent, &flow_log, id, records)).unwrap()
    };
    upload(2, 7..=9);
    upload(2, 7..=9);
    upload(3, 10..=11);
    let told: Vec<_> = tail.by_ref().take(2).map(Result::unwrap).collect();
    let told: Vec<_> = told
        .into_iter()
        .map(|event| {
            (hosts(&SearchLogResponse { results: Some(event.results), ..Default::default() }), event.skipped)
        })
        .collect();
    assert_eq!(told, [("7 9".to_owned(), 0), ("11".to_owned(), 0)]);
}

#[test]
fn a_tail_refuses_what_it_cannot_tell() {
    let (stand, _, flow_log) = filled();
    let refused = |topic: &str, query: &str| {
        let request = api::TailLogRequest {
            topic_id: topic.to_owned(),
            query_string: Some(query.to_owned()),
            query_syntax: None,
        };
        refusal(stand.admin().stream::<api::TailLog>(&request).map(|_| ()))
    };
    assert_eq!(refused(&flow_log.cloud_log_id, "* | SELECT 1"), "400 InvalidParameter");
    assert_eq!(refused("edge-100000000001", "*"), "404 ResourceNotFound.TopicNotExist");
}
