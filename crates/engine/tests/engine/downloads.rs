//! Whole answers as files: the same as page by page, in flat memory.
//!
//! Hides: nothing.
//! Knows nothing of: the inside of the engine.

use engine::{Download, DownloadForm, EngineError, EngineErrorClass, EngineSettings, FileForm, FindOrder};
use flow::{Record, TimeRange};

use crate::topic::{Topic, record};

/// Enough for some parts of a file, and for more than one span that is sorted.
const MANY: usize = 140_000;

fn form(file: FileForm, order: FindOrder) -> DownloadForm {
    let fields = ["flow-id", "srcport"].map(|name| flow::field(name).unwrap()).to_vec();
    DownloadForm { file, order, fields }
}

fn begun(topic: &Topic, query: &str, form: DownloadForm) -> Download {
    topic.engine.download(&topic.scope(TimeRange::ALWAYS), &topic.query(query), form).unwrap()
}

fn rest(topic: &Topic, download: &mut Download) -> Result<String, EngineError> {
    let mut all = Vec::new();
    while let Some(part) = topic.wait(download.next()) {
        all.extend(part?);
    }
    Ok(String::from_utf8(all).unwrap())
}

fn whole(topic: &Topic, query: &str, form: DownloadForm) -> Result<String, EngineError> {
    rest(topic, &mut begun(topic, query, form))
}

/// Records of segments that overlap, with many at one moment.
fn scattered(topic: &Topic) -> Vec<Record> {
    let make = |number: usize| {
        let at = (number * 7919) % 1000;
        record(&format!("start-ms={at} flow-id=f{number} srcport={}", number % 60_000))
    };
    let records: Vec<Record> = (0..3000).map(make).collect();
    records.chunks(700).for_each(|part| topic.append(part));
    records
}

#[test]
fn a_download_lists_what_pages_list_in_the_same_order() {
    let topic = Topic::new();
    scattered(&topic);
    for query in ["*", "srcport < 500", "srcport:7 OR srcport:9", "srcport:70000"] {
        let search = topic.query(query).search;
        for order in [FindOrder::Newest, FindOrder::Oldest] {
            let page = engine::Page { after: None, offset: 0, limit: 10_000 };
            let scope = topic.scope(TimeRange::ALWAYS);
            let found = topic.wait(topic.engine.find(&scope, &search, order, page)).unwrap();
            let paged: Vec<String> = found
                .records
                .iter()
                .map(|found| {
                    let record = &found.record;
                    format!(
                        "{},{}",
                        flow::field("flow-id").map(|field| shown(field, record)).unwrap(),
                        record.srcport.unwrap()
                    )
                })
                .collect();
            let file = whole(&topic, query, form(FileForm::Csv, order)).unwrap();
            let mut lines = file.lines();
            assert_eq!(lines.next(), Some("time,flow-id,srcport"));
            let listed: Vec<&str> = lines.map(|line| line.split_once(',').unwrap().1).collect();
            assert_eq!(listed, paged, "{query} {order:?}");
        }
    }
}

fn shown(field: &flow::Field, record: &Record) -> String {
    match (field.get)(record) {
        Some(flow::Value::Text(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn more_records_than_are_sorted_at_once_are_all_there_in_order() {
    let topic = Topic::new();
    let make = |number: usize| record(&format!("start-ms={} srcport={}", number / 3, number % 60_000));
    for part in (0..MANY).collect::<Vec<_>>().chunks(50_000) {
        topic.append(&part.iter().map(|number| make(*number)).collect::<Vec<_>>());
    }
    let file = whole(&topic, "*", form(FileForm::Csv, FindOrder::Oldest)).unwrap();
    let times: Vec<&str> = file.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(times.len(), MANY);
    assert!(times.is_sorted());
}

#[test]
fn a_query_stays_near_its_reader() {
    let topic = Topic::with(EngineSettings { threads: 2, ..EngineSettings::default() });
    let records: Vec<Record> =
        (0..MANY).map(|number| record(&format!("start-ms={number} srcport=1"))).collect();
    topic.append(&records);
    let sql = "* | SELECT lpad('', 100, 'x') AS text, srcport";
    let csv = || form(FileForm::Csv, FindOrder::Newest);
    let scope = topic.scope(TimeRange::ALWAYS);
    let mut slow = topic.engine.download(&scope, &topic.query(sql), csv()).unwrap();
    let first = topic.wait(slow.next()).unwrap().unwrap();
    let rows = |part: &[u8]| u64::try_from(part.iter().filter(|byte| **byte == b'\n').count()).unwrap();
    // While another one is read to its end, this one has all the time to run ahead.
    assert_eq!(rows(whole(&topic, sql, csv()).unwrap().as_bytes()), u64::try_from(MANY + 1).unwrap());
    let read = scope.run.progress().scanned.rows;
    // Two parts wait, one is written, and the scan has some batches of 8192 rows on their way.
    let ahead = 3 * rows(&first) + 8 * 8192;
    assert!(read <= rows(&first) + ahead, "{read} rows were read for {} that were taken", rows(&first));
    assert!(read < u64::try_from(MANY).unwrap(), "the test would notice if it were not so");
    let all = first.len() + rest(&topic, &mut slow).unwrap().len();
    assert_eq!(all, whole(&topic, sql, csv()).unwrap().len());
}

#[test]
fn who_leaves_or_cancels_frees_the_engine() {
    let topic = Topic::with(EngineSettings { downloads_max: 1, threads: 2, ..EngineSettings::default() });
    topic
        .append(&(0..1000).map(|number| record(&format!("start-ms={number} srcport=1"))).collect::<Vec<_>>());
    let endless = "* | SELECT a.srcport AS a FROM log a, log b, log c";
    let csv = || form(FileForm::Csv, FindOrder::Newest);
    let mut left = begun(&topic, endless, csv());
    topic.wait(left.next()).unwrap().unwrap();
    drop(left);
    let scope = topic.scope(TimeRange::ALWAYS);
    let mut cancelled = topic.engine.download(&scope, &topic.query(endless), csv()).unwrap();
    topic.wait(cancelled.next()).unwrap().unwrap();
    scope.run.cancel();
    assert_eq!(topic.wait(cancelled.next()).unwrap().unwrap_err().class(), EngineErrorClass::Cancelled);
    assert!(topic.wait(cancelled.next()).is_none(), "nothing follows an error");
    // The only place is free again.
    assert_eq!(whole(&topic, "*", csv()).unwrap().lines().count(), 1001);
}

#[test]
fn a_file_that_cannot_be_finished_says_so() {
    let topic = Topic::new();
    topic.append(&[record("start-ms=1 srcport=1"), record("start-ms=2 srcport=0")]);
    let csv = form(FileForm::Csv, FindOrder::Newest);
    let wrong = whole(&topic, "* | SELECT 1 / srcport AS x", csv.clone()).unwrap_err();
    assert_eq!(wrong.class(), EngineErrorClass::Illegal, "{wrong}");
    let wrong = whole(&topic, "* | SELECT nothing", csv).unwrap_err();
    assert_eq!(wrong.class(), EngineErrorClass::Illegal, "{wrong}");
}
