//! What is told of a query that is not carried out.

use expect_test::{Expect, expect};
use flow::{TimeRange, Timestamp};

use crate::topic::{Topic, record};

/// Four segments, one an hour; in each, ten hosts speak.
fn filled() -> Topic {
    let topic = Topic::new();
    for hour in 0..4 {
        let records: Vec<_> = (0..10)
            .map(|host| {
                let at = hour * 3_600_000 + host * 1000;
                record(&format!("start-ms={at} srcaddr=10.0.{hour}.{host} dstport=443 action=ACCEPT"))
            })
            .collect();
        topic.append(&records);
    }
    topic
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let topic = filled();
    let mut scope = topic.scope(TimeRange::ALWAYS);
    scope.range = TimeRange { from: Timestamp::from_seconds(3600), to: TimeRange::ALWAYS.to };
    let explanation = topic.wait(topic.engine.explain(&scope, &topic.query(text))).unwrap();
    assert_eq!(scope.run.progress().scanned.rows, 0, "no row is read");
    // What stands below is DataFusion's own, and changes with it.
    let text = explanation.to_string();
    let (told, steps) = text.split_once("plan\n").unwrap();
    assert!(!steps.trim().is_empty() && !steps.contains(".parquet"), "{steps}");
    expected.assert_eq(told);
}

#[test]
fn segments_outside_the_time_range_and_without_what_is_searched_are_not_read() {
    check(
        "srcaddr:10.0.2.7 AND dstport:443",
        expect![[r#"
        search      srcaddr:10.0.2.7 AND dstport:443
        segments    1 of 4 are read: 1 lie outside the time range, 2 hold nothing that is needed
        row groups  1 of 3 are read: statistics rule out 2, Bloom filters 0
        pages       1 of 1 are read: their statistics rule out the rest
    "#]],
    );
}

#[test]
fn a_statement_that_needs_no_rows_reads_none() {
    check(
        "* | SELECT count(*)",
        expect![[r#"
        search      *
        SQL         SELECT count(*)
        segments    0 of 4 are read: 1 lie outside the time range, 3 hold nothing that is needed
        row groups  0 of 0 are read: statistics rule out 0, Bloom filters 0
    "#]],
    );
}

#[test]
fn sql_is_explained_with_its_search() {
    check(
        "action:ACCEPT srcaddr:10.0.3.0/24 | SELECT srcaddr,\n count(*) GROUP BY srcaddr",
        expect![[r#"
            search      action:ACCEPT AND srcaddr:10.0.3.0/24
            SQL         SELECT srcaddr, count(*) GROUP BY srcaddr
            segments    1 of 4 are read: 1 lie outside the time range, 2 hold nothing that is needed
            row groups  1 of 3 are read: statistics rule out 2, Bloom filters 0
            pages       1 of 1 are read: their statistics rule out the rest
        "#]],
    );
}

#[test]
fn the_groups_of_a_time_series_are_not_computed() {
    check(
        "srcaddr:10.0.3.0/24 | SELECT time_series(__TIMESTAMP__, '1h', '%H', '0') AS t, sum(dstport) AS n GROUP BY t",
        expect![[r#"
            search      srcaddr:10.0.3.0/24
            SQL         SELECT time_series(__TIMESTAMP__, '1h', '%H', '0') AS t, sum(dstport) AS n GROUP BY t
            segments    1 of 4 are read: 1 lie outside the time range, 2 hold nothing that is needed
            row groups  1 of 3 are read: statistics rule out 2, Bloom filters 0
        "#]],
    );
}

#[test]
fn what_a_comparison_reads_of_earlier_lies_in_no_time_range_of_its_own() {
    check(
        "* | SELECT compare(n, 3600) FROM (SELECT sum(dstport) AS n)",
        expect![[r#"
        search      *
        SQL         SELECT compare(n, 3600) FROM (SELECT sum(dstport) AS n)
        segments    4 of 4 are read: 0 lie outside the time range, 0 hold nothing that is needed
        row groups  7 of 7 are read: statistics rule out 0, Bloom filters 0
    "#]],
    );
}

#[test]
fn wrong_sql_is_refused_with_its_place() {
    let topic = filled();
    let scope = topic.scope(TimeRange::ALWAYS);
    let error = topic.wait(topic.engine.explain(&scope, &topic.query("* | SELECT nothing"))).unwrap_err();
    assert_eq!(error.to_string(), "1:8 there is no column `nothing`");
}
