//! Questions and answers over a few records: `fixtures/engine/*.golden`.
//!
//! A line is a keyword and a text. The lines under `query` and `buckets` are the answers; they are written by
//! `UPDATE_EXPECT=1 cargo test -p engine --test engine golden`, then read. The records stand in `records.txt`.
//!
//! Hides: how answers are written in those files.
//! Knows nothing of: the inside of the engine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::{Cell, EngineError, Table};
use expect_test::expect_file;
use flow::{Record, TimeRange, Timestamp};
use query::{Syntax, parse};

use crate::topic::{Topic, record};

#[test]
fn the_golden_files_say_what_the_engine_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/engine");
    let topic = topic(&folder);
    let files = [golden_files(&folder), golden_files(&folder.join("functions"))].concat();
    assert!(files.len() >= 12, "all topics are there: {files:?}");
    for file in files {
        let answered = answered(&std::fs::read_to_string(&file).unwrap(), &topic);
        expect_file![file].assert_eq(&answered);
    }
}

/// What the language says of its own records (`fixtures/query/meaning.golden`) is true of segments, too.
#[test]
fn the_engine_finds_what_the_language_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/query/meaning.golden");
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_at_checked(9)).collect();
    let (mut names, mut records) = (Vec::new(), Vec::new());
    for (_, text) in lines.iter().filter(|(keyword, _)| keyword.trim_end() == "record") {
        let (name, fields) = text.split_once(' ').unwrap();
        names.push(name);
        records.push(record(&format!("flow-id={name} {fields}")));
    }
    let topic = Topic::new();
    topic.append(&records);
    let mut asked = 0;
    for pair in lines.windows(2) {
        let [(keyword, query), ("finds    ", said)] = pair else { continue };
        let syntax = if keyword.trim_end() == "lucene" { Syntax::Lucene } else { Syntax::Cql };
        let found = topic.found_by(&parse(query, syntax, &topic.index).unwrap().search).unwrap();
        let is_found = |name: &str| found.iter().any(|found| found.record.flow_id.as_deref() == Some(name));
        let found: Vec<&str> = names.iter().copied().filter(|name| is_found(name)).collect();
        let found = if found.is_empty() { "none".to_owned() } else { found.join(" ") };
        assert_eq!(&found, said, "{query}");
        asked += 1;
    }
    assert!(asked >= 35, "the cases are read: {asked}");
}

#[test]
fn every_function_has_a_case_with_an_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/engine/functions");
    let files = golden_files(&folder);
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    let answered: Vec<&str> = lines
        .windows(2)
        .filter_map(|pair| (pair[0].starts_with("query") && pair[1].starts_with("answer")).then_some(pair[0]))
        .collect();
    let is_called = |name: &str| {
        answered.iter().any(|query| {
            let calls = query.match_indices(name).map(|(at, _)| (&query[..at], &query[at + name.len()..]));
            let inside = |c: char| c.is_alphanumeric() || c == '_';
            calls.into_iter().any(|(before, behind)| !before.ends_with(inside) && !behind.starts_with(inside))
        })
    };
    let all = query::FUNCTIONS.iter().flat_map(|group| group.functions);
    let without: Vec<&str> = all.map(|function| function.name).filter(|name| !is_called(name)).collect();
    assert!(without.is_empty(), "functions without a case: {without:?}");
}

#[test]
fn what_is_left_out_is_told_with_what_to_do_instead() {
    let topic = Topic::new();
    for left_out in query::LEFT_OUT {
        let error = topic.analyse(&format!("* | SELECT {}(1)", left_out.name)).unwrap_err().to_string();
        let said = format!("`{}` is not offered: {}", left_out.name, left_out.instead);
        assert!(error.contains(&said), "{error}");
    }
}

fn golden_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "golden")).collect();
    files.sort();
    files
}

/// The topic with the records of the golden files, in three segments.
fn topic(folder: &Path) -> Topic {
    let text = std::fs::read_to_string(folder.join("records.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let records: Vec<Record> = lines.map(record).collect();
    let topic = Topic::new();
    records.chunks(records.len().div_ceil(3)).for_each(|chunk| topic.append(chunk));
    topic
}

/// The file with the answers as they are now.
fn answered(file: &str, topic: &Topic) -> String {
    let mut out = String::new();
    let mut lines = file.lines().peekable();
    while let Some(line) = lines.next() {
        let (keyword, text) = line.split_at_checked(9).unwrap_or((line, ""));
        let keyword = keyword.trim_end();
        let more = |line: &&str| line.starts_with("         ");
        if matches!(keyword, "finds" | "answer" | "counts" | "error") {
            while lines.next_if(more).is_some() {}
            continue;
        }
        writeln!(out, "{line}").unwrap();
        let mut text = text.to_owned();
        while let Some(more) = lines.next_if(more) {
            writeln!(out, "{more}").unwrap();
            text = format!("{text}\n{}", &more[9..]);
        }
        match keyword {
            "query" if text.contains('|') => out.push_str(&outcome("answer", topic.analyse(&text), table)),
            "query" => out.push_str(&outcome("finds", topic.find(&text), |found| {
                let ids = found.iter().map(|found| found.record.flow_id.as_deref().unwrap_or("?"));
                found.first().map_or("nothing".to_owned(), |_| ids.collect::<Vec<_>>().join(" "))
            })),
            "buckets" => out.push_str(&buckets(&text, topic)),
            _ => assert!(line.is_empty() || line.starts_with('#'), "unknown keyword: {line}"),
        }
    }
    out
}

fn outcome<T>(keyword: &str, result: Result<T, EngineError>, render: impl Fn(T) -> String) -> String {
    match result {
        Ok(answer) => format!("{keyword:<9}{}\n", render(answer).replace('\n', "\n         ")),
        Err(EngineError::Sql(error)) => format!("error    {}\n", error.published()),
        Err(error) => format!("error    {:?}: {error}\n", error.class()),
    }
}

fn table(table: Table) -> String {
    let head = table.columns.iter().map(|column| format!("{} {}", column.name, column.kind.as_str()));
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" | "));
    std::iter::once(head.collect::<Vec<_>>().join(" | ")).chain(rows).collect::<Vec<_>>().join("\n")
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Bigint(number) => number.to_string(),
        Cell::Double(number) => format!("{number:?}"),
        Cell::Boolean(truth) => truth.to_string(),
        Cell::Timestamp(at) => at.to_string(),
        Cell::Varchar(text) => format!("{text:?}"),
    }
}

/// `<seconds> <from> <to> <search>`
fn buckets(text: &str, topic: &Topic) -> String {
    let mut parts = text.splitn(4, ' ');
    let mut seconds = || parts.next().unwrap().parse::<i64>().unwrap();
    let interval = Duration::from_secs(seconds().unsigned_abs());
    let range =
        TimeRange { from: Timestamp::from_seconds(seconds()), to: Timestamp::from_seconds(seconds()) };
    let search = topic.query(parts.next().unwrap()).search;
    let buckets = topic.wait(topic.engine.histogram(&topic.scope(range), &search, interval));
    outcome("counts", buckets, |buckets| {
        let counts = buckets.iter().map(|bucket| format!("{}: {}", bucket.start.seconds(), bucket.count));
        counts.collect::<Vec<_>>().join(", ")
    })
}
