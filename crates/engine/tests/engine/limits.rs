//! Where the engine stops, and what it says then.
//!
//! Hides: nothing.
//! Knows nothing of: the inside of the engine.

use std::sync::Arc;
use std::time::Duration;

use engine::{
    Cell, EngineErrorClass, EngineSettings, FIND_RECORDS_MAX, FindOrder, HISTOGRAM_BUCKETS_MAX, Page,
    Progress, SQL_DEPTH_MAX, SQL_TOKENS_MAX, Scope, Stage,
};
use flow::{Record, TimeRange, Timestamp};
use futures::FutureExt as _;

use crate::topic::{FIRST_PAGE, Topic, record};

fn some_records() -> Vec<Record> {
    (0..100).map(|number| record(&format!("start-ms={number} flow-id=f{number} srcport={number}"))).collect()
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    let topic =
        Topic::with(EngineSettings { query_duration_max: Duration::ZERO, ..EngineSettings::default() });
    topic.append(&some_records());
    let error = topic.find("*").unwrap_err();
    assert_eq!(error.class(), EngineErrorClass::Timeout);
    assert_eq!(error.to_string(), "the query did not end within 0 s: narrow its time range or its search");
}

#[test]
fn a_query_that_needs_too_much_memory_is_refused() {
    let topic = Topic::with(EngineSettings { memory_bytes_max: 1, ..EngineSettings::default() });
    topic.append(&some_records());
    let error = topic.analyse("* | SELECT \"flow-id\", count(*) GROUP BY \"flow-id\"").unwrap_err();
    assert_eq!(error.class(), EngineErrorClass::TooLarge);
    assert_eq!(
        error.to_string(),
        "the query needs more than the 1 bytes of memory that all queries share: narrow its time range, or group by \
         fewer values"
    );
}

#[test]
fn what_aggregates_collect_counts_as_memory() {
    let topic = Topic::with(EngineSettings { memory_bytes_max: 64 * 1024, ..EngineSettings::default() });
    topic.append(&some_records());
    for collected in ["array_agg(text)", "string_agg(text, ',')", "array_join(array_agg(text), ',')"] {
        let asked = |length: usize| {
            let texts = format!("SELECT lpad(\"flow-id\", {length}, 'x') AS text, protocol FROM log");
            topic.analyse(&format!("* | SELECT length(cast({collected} AS varchar)) > 0 FROM ({texts})"))
        };
        assert_eq!(asked(10).unwrap().rows.len(), 1, "{collected}");
        let error = asked(1000).unwrap_err();
        assert_eq!(error.class(), EngineErrorClass::TooLarge, "{collected}: {error}");
    }
}

#[test]
fn rows_and_the_days_of_histograms_are_settings() {
    let settings = EngineSettings { rows_max: 5, histogram_seconds_east: 0, ..EngineSettings::default() };
    let topic = Topic::with(settings);
    topic.append(&some_records());
    assert_eq!(topic.analyse("* | SELECT flow_id").unwrap().rows.len(), 5);
    assert_eq!(topic.analyse("* | SELECT flow_id LIMIT 5").unwrap().rows.len(), 5);
    let error = topic.analyse("* | SELECT flow_id LIMIT 6").unwrap_err().to_string();
    assert!(error.contains("a number up to 5"), "{error}");
    let day = "histogram(from_unixtime(86400 + 23 * 3600), INTERVAL 1 DAY) = from_unixtime(86400)";
    let answer = topic.analyse(&format!("* | SELECT {day} LIMIT 1")).unwrap();
    assert_eq!(answer.rows, [[Cell::Boolean(true)]]);
}

/// Values at the edges of what a function may be given.
const EDGES: &[&str] = &[
    "NULL",
    "''",
    "'ä'",
    "0",
    "-1",
    "9223372036854775807",
    "1e308",
    "cast('NaN' AS double)",
    "__TIMESTAMP__",
    "\"flow-id\"",
    "['a', NULL]",
    "INTERVAL '1' DAY",
];

#[test]
fn a_function_with_any_arguments_is_answered_or_refused() {
    let topic = Topic::new();
    topic.append(&some_records());
    let functions = query::FUNCTIONS.iter().flat_map(|group| group.functions);
    let mut wrong = Vec::new();
    for (place, function) in functions.enumerate() {
        let edge = |step: usize| EDGES[(place + step) % EDGES.len()];
        let calls = (0..5).map(|step| {
            let arguments = [edge(step), edge(step * 5 + 1), edge(step * 7 + 2)];
            arguments[..=step % 3].join(", ")
        });
        for arguments in calls {
            let sql = format!("* | SELECT {}({arguments}) LIMIT 3", function.name);
            if let Err(error) = topic.analyse(&sql)
                && error.class() == EngineErrorClass::Internal
            {
                wrong.push(format!("{sql}: {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_page_too_deep_is_refused_and_the_deepest_is_not() {
    let topic = Topic::new();
    topic.append(&some_records());
    let scope = topic.scope(TimeRange::ALWAYS);
    let search = topic.query("*").search;
    let find = |offset| {
        let page = Page { after: None, offset, limit: 100 };
        topic.wait(topic.engine.find(&scope, &search, FindOrder::Newest, page))
    };
    assert!(find(FIND_RECORDS_MAX - 100).is_ok());
    assert_eq!(find(FIND_RECORDS_MAX - 99).unwrap_err().class(), EngineErrorClass::TooLarge);
    assert_eq!(find(u64::MAX).unwrap_err().class(), EngineErrorClass::TooLarge);
}

#[test]
fn a_histogram_of_too_many_buckets_is_refused() {
    let topic = Topic::new();
    let search = topic.query("*").search;
    let second = Duration::from_secs(1);
    let always = topic.scope(TimeRange::ALWAYS);
    let error = topic.wait(topic.engine.histogram(&always, &search, second)).unwrap_err();
    assert!(error.to_string().contains(&HISTOGRAM_BUCKETS_MAX.to_string()), "{error}");
}

#[test]
fn an_empty_topic_has_answers_too() {
    let topic = Topic::new();
    assert_eq!(topic.find("action:REJECT").unwrap(), []);
    assert_eq!(
        topic.analyse("* | SELECT action, count(*) GROUP BY action").unwrap().rows,
        Vec::<Vec<_>>::new()
    );
    assert_eq!(topic.analyse("* | SELECT count(*)").unwrap().rows.len(), 1);
}

#[test]
fn only_counted_fields_are_columns() {
    let mut topic = Topic::new();
    topic.append(&some_records());
    topic.index.fields.retain_mut(|field| {
        field.counted = field.name != "flow-id";
        field.name != "srcport"
    });
    for name in ["\"flow-id\"", "flow_id", "srcport"] {
        let error = topic.analyse(&format!("* | SELECT {name}")).unwrap_err().to_string();
        assert!(error.contains("switch statistics on"), "{error}");
    }
    let columns = topic.analyse("* | SELECT * LIMIT 1").unwrap().columns;
    assert!(
        columns.iter().all(|column| !["flow-id", "srcport"].contains(&column.name.as_str())),
        "{columns:?}"
    );
}

#[test]
fn the_largest_sql_is_planned_and_a_larger_one_is_refused() {
    let topic = Topic::new();
    topic.append(&some_records());
    let deep = |depth| format!("* | SELECT 1{} LIMIT 1", "+1".repeat(depth));
    assert_eq!(topic.analyse(&deep(SQL_DEPTH_MAX)).unwrap().rows.len(), 1);
    assert_eq!(topic.analyse(&deep(SQL_DEPTH_MAX + 1)).unwrap_err().class(), EngineErrorClass::Illegal);

    // `SELECT 1 IN (1,1,…) LIMIT 1` has eight tokens beside the commas and the numbers that follow them.
    let long = |tokens: usize| format!("* | SELECT 1 IN (1{}) LIMIT 1", ",1".repeat((tokens - 8) / 2));
    assert_eq!(topic.analyse(&long(SQL_TOKENS_MAX)).unwrap().rows.len(), 1);
    assert_eq!(topic.analyse(&long(SQL_TOKENS_MAX + 2)).unwrap_err().class(), EngineErrorClass::Syntax);
}

/// A text of SQL around another, with a value twice as long.
type Doubled = fn(&str) -> String;

#[test]
fn texts_that_grow_without_bound_are_refused_and_short_ones_are_not() {
    let topic = Topic::new();
    topic.append(&some_records());
    let doublings: [(usize, Doubled); 5] = [
        (8, |text| format!("replace({text}, 'f', 'ff')")),
        (8, |text| format!("regexp_replace({text}, 'f', 'ff', 'g')")),
        (8, |text| format!("concat_ws({text}, 'f', 'f', 'f')")),
        (4, |text| format!("concat({text}, {text})")),
        (4, |text| format!("({text} || {text})")),
    ];
    for (depth, doubled) in doublings {
        let nested = |depth: usize, inside: &str| {
            let text = (0..depth).fold(inside.to_owned(), |text, _| doubled(&text));
            topic.analyse(&format!("* | SELECT length({text}) LIMIT 1"))
        };
        assert_eq!(nested(1, "\"flow-id\"").unwrap().rows.len(), 1);
        for inside in ["lpad(\"flow-id\", 1000, 'f')", "lpad('f', 1000, 'f')"] {
            let error = nested(depth, inside).unwrap_err();
            assert_eq!(error.class(), EngineErrorClass::Illegal, "{error}");
            assert!(error.to_string().contains("at most 8192 are possible"), "{error}");
        }
    }
    for sql in ["overlay(action placing action from 1)", "overlay(action, action, 1)"] {
        assert!(topic.analyse(&format!("* | SELECT {sql}")).is_err(), "{sql}");
    }
}

#[test]
fn the_longest_search_is_planned() {
    let topic = Topic::new();
    topic.append(&some_records());
    let many = |condition: fn(usize) -> String| {
        let conditions: Vec<String> = (0..query::CONDITIONS_MAX).map(condition).collect();
        conditions.join(" OR ")
    };
    assert_eq!(topic.find(&many(|number| format!("srcport:{}", number + 50))).unwrap().len(), 50);
    assert_eq!(topic.find(&many(|number| format!("srcport>{}", number + 98))).unwrap().len(), 1);
    assert_eq!(topic.find(&many(|number| format!("f{}", number + 98))).unwrap().len(), 2);
}

#[test]
fn a_query_given_up_leaves_room_for_the_next() {
    let topic = Topic::with(EngineSettings { queries_max: 1, ..EngineSettings::default() });
    topic.append(&some_records());
    let search = topic.query("*").search;
    for _ in 0..20 {
        let scope = topic.scope(TimeRange::ALWAYS);
        topic.wait(async {
            let asked = topic.engine.find(&scope, &search, FindOrder::Newest, FIRST_PAGE);
            // Asked for once, then dropped.
            assert!(asked.now_or_never().is_none());
        });
    }
    assert_eq!(topic.find("*").unwrap().len(), 100);
}

#[test]
fn only_segments_that_can_matter_are_read() {
    let topic = Topic::new();
    for hour in 0..40 {
        topic.append(&[record(&format!("start-ms={} flow-id=f{hour}", hour * 3_600_000))]);
    }
    let scope = topic.scope(TimeRange::ALWAYS);
    let (newest, older) = scope.snapshot.segments.split_at(8);
    assert!(
        newest.iter().all(|segment| segment.range().from > older[0].range().from),
        "a snapshot is newest first"
    );
    older.iter().for_each(|segment| std::fs::remove_file(segment.path()).unwrap());

    let search = topic.query("*").search;
    let find = |range, limit| {
        let scope = Scope { range, ..topic.scope(range) };
        let page = Page { after: None, offset: 0, limit };
        topic.wait(topic.engine.find(&scope, &search, FindOrder::Newest, page))
    };
    // The newest records are found before the older segments would be opened.
    assert_eq!(find(TimeRange::ALWAYS, 7).unwrap().records.len(), 7);
    assert_eq!(find(TimeRange::ALWAYS, 8).unwrap_err().class(), EngineErrorClass::Internal);
    // Outside the range nothing is opened.
    let last_hours = TimeRange { from: Timestamp::from_seconds(32 * 3600), to: TimeRange::ALWAYS.to };
    assert_eq!(find(last_hours, 100).unwrap().records.len(), 8);
    let always = topic.scope(TimeRange::ALWAYS);
    let late = Scope { range: last_hours, ..always };
    let count =
        topic.wait(topic.engine.analyse(&late, &topic.query("* | SELECT count(*), min(flow_id)"))).unwrap();
    assert_eq!(count.rows, [[Cell::Bigint(8), Cell::Varchar("f32".to_owned())]]);
}

/// Statements whose end nobody sees: out of a thousand records they make as many rows as they can. Each stands for a
/// step of the engine that is busy for long without reading anything.
const ENDLESS: &[&str] = &[
    "SELECT count(*) FROM (SELECT flow_id AS a FROM log), (SELECT flow_id AS b FROM log), (SELECT flow_id AS c FROM log), \
     (SELECT flow_id AS d FROM log) WHERE length(concat(a, b, c, d)) = 3",
    "SELECT max(concat(a, b, c, d)) FROM (SELECT flow_id AS a FROM log), (SELECT flow_id AS b FROM log), (SELECT flow_id AS c FROM log), \
     (SELECT flow_id AS d FROM log)",
    "SELECT count(*) FROM (SELECT action AS a, flow_id AS x FROM log) JOIN (SELECT action AS b FROM log) ON a = b \
     JOIN (SELECT action AS c, flow_id AS z FROM log) ON b = c AND length(concat(x, z)) = 1 \
     JOIN (SELECT action AS d FROM log) ON c = d",
    "SELECT time_series(t, '1m', '%H:%i', '0') AS m, count(*) FROM (SELECT flow_id AS a, __TIMESTAMP__ AS t FROM log), \
     (SELECT flow_id AS b FROM log), (SELECT flow_id AS c FROM log), (SELECT flow_id AS d FROM log) \
     WHERE length(concat(a, b, c, d)) = 3 GROUP BY m",
];

#[test]
fn a_query_that_nobody_waits_for_any_more_leaves_nothing_behind() {
    let topic = Topic::new();
    let records: Vec<Record> = (0..1000)
        .map(|number| record(&format!("start-ms={number} flow-id=f{number} action=ACCEPT")))
        .collect();
    topic.append(&records);
    for (sql, end) in ENDLESS.iter().flat_map(|sql| [(sql, "cancelled"), (sql, "left")]) {
        let query = topic.query(&format!("* | {sql}"));
        let scope = topic.scope(TimeRange::ALWAYS);
        let run = Arc::clone(&scope.run);
        let reads = async {
            while run.progress().scanned.rows == 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(run.progress().stage, Stage::Running);
        };
        if end == "cancelled" {
            let cancels = async {
                reads.await;
                run.cancel();
            };
            let (answer, ()) =
                topic.wait(async { tokio::join!(topic.engine.analyse(&scope, &query), cancels) });
            assert_eq!(answer.unwrap_err().class(), EngineErrorClass::Cancelled, "{sql}");
        } else {
            topic.wait(async {
                tokio::select! {
                    answer = topic.engine.analyse(&scope, &query) => panic!("{sql}: {answer:?}"),
                    () = reads => {}
                }
            });
        }
        // A task that is in the middle of a batch ends with it.
        topic.wait(async {
            while topic.engine.tasks() > 0 {
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(run.progress().stage, Stage::Ended, "{sql}, {end}");
    }
}

#[test]
fn a_run_tells_what_was_read_of_what_there_is() {
    let topic = Topic::new();
    topic.append(&some_records());
    let read = |text: &str| {
        let scope = topic.scope(TimeRange::ALWAYS);
        topic.wait(topic.engine.analyse(&scope, &topic.query(text))).unwrap();
        let Progress { stage, scanned, total, .. } = scope.run.progress();
        assert_eq!((stage, total.rows), (Stage::Ended, 100));
        assert!(scanned.bytes <= total.bytes, "{scanned:?} of {total:?}");
        scanned
    };
    assert_eq!(read("* | SELECT sum(srcport)").rows, 100);
    assert_eq!(read("srcport:7 | SELECT sum(srcport)").rows, 100, "each is looked at");
    assert_eq!(read("srcport:7777 | SELECT sum(srcport)").rows, 0, "statistics say that there is none");
    assert!(read("* | SELECT sum(srcport)").bytes > 0);
}
