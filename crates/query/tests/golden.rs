//! The language as a table that a user can read: `fixtures/query/*.golden`.
//!
//! A line is a keyword and a text; the lines under `query` (CQL), `lucene` or `typed` are the answers and are written
//! by `UPDATE_EXPECT=1 cargo test -p query --test golden`, then read. Lines that start with nine spaces continue.
//!
//! Hides: how trees and records are written in those files.
//! Knows nothing of: the inside of the parser.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::fmt::Write as _;
use std::ops::Bound;
use std::path::Path;

use expect_test::expect_file;
use flow::{FieldKind, LogStatus, Record, Timestamp, Value};
use query::{IndexedFields, Phrase, Query, QueryError, Search, Syntax, Test, Wanted, Word, complete, parse};

#[test]
fn the_golden_files_say_what_the_language_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/query");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "golden")).collect();
    files.sort();
    assert!(files.len() >= 9, "all topics are there: {files:?}");
    for file in files {
        let answered = answered(&std::fs::read_to_string(&file).unwrap());
        expect_file![file].assert_eq(&answered);
    }
}

/// The file with the answers as they are now.
fn answered(file: &str) -> String {
    let mut out = String::new();
    let mut records = Vec::new();
    let mut lines = file.lines().peekable();
    while let Some(line) = lines.next() {
        let (keyword, text) = line.split_at_checked(9).unwrap_or((line, ""));
        let keyword = keyword.trim_end();
        if matches!(keyword, "parsed" | "sql" | "explain" | "error" | "finds" | "offers") {
            continue;
        }
        writeln!(out, "{line}").unwrap();
        let mut text = text.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("         ")) {
            writeln!(out, "{more}").unwrap();
            text = format!("{text}\n{}", &more[9..]);
        }
        match keyword {
            "record" => records.push(record(&text)),
            "query" if !records.is_empty() => {
                writeln!(out, "finds    {}", found(&text, Syntax::Cql, &records)).unwrap();
            }
            "lucene" if !records.is_empty() => {
                writeln!(out, "finds    {}", found(&text, Syntax::Lucene, &records)).unwrap();
            }
            "query" => out.push_str(&outcome(parse(&text, Syntax::Cql, &IndexedFields::all()))),
            "lucene" => out.push_str(&outcome(parse(&text, Syntax::Lucene, &IndexedFields::all()))),
            "typed" => writeln!(out, "offers   {}", offered(&text.replace('␣', " "))).unwrap(),
            _ => assert!(line.is_empty() || line.starts_with('#'), "unknown keyword: {line}"),
        }
    }
    out
}

fn outcome(result: Result<Query, QueryError>) -> String {
    match result {
        Ok(Query { search, sql: None }) => format!("parsed   {}\n", tree(&search)),
        Ok(Query { search, sql: Some(sql) }) => {
            let wanted = if sql.wanted == Wanted::Explanation { "explain" } else { "sql" };
            format!("parsed   {}\n{wanted:<9}{}\n", tree(&search), sql.text)
        }
        Err(error) => format!("error    {error}\n"),
    }
}

fn tree(search: &Search) -> String {
    let all = |parts: &[Search]| parts.iter().map(tree).collect::<Vec<_>>().join(" ");
    match search {
        Search::All => "all".to_owned(),
        Search::And(parts) => format!("(and {})", all(parts)),
        Search::Or(parts) => format!("(or {})", all(parts)),
        Search::Not(inner) => format!("(not {})", tree(inner)),
        Search::FullText(phrase) => format!("(has {})", words(phrase)),
        Search::Filter(filter) => {
            let field = &filter.field;
            match &filter.test {
                Test::Exists => format!("(exists {field})"),
                Test::Empty => format!("(empty {field})"),
                Test::Text(phrase) => format!("(has {field} {})", words(phrase)),
                Test::Compare(comparison, number) => format!("({} {field} {number})", comparison.sign()),
                Test::Range(low, high) => format!("(between {field} {})", ends(low, high)),
                Test::Address(address) => format!("(= {field} {address})"),
                Test::Prefix(prefix) => format!("(within {field} {prefix})"),
                Test::AddressRange(first, last) => format!("(between {field} {first} {last})"),
                Test::AddressWildcard(wildcard) => format!("(like {field} {wildcard})"),
                Test::AddressPattern(pattern) => format!("(like {field} {pattern})"),
            }
        }
    }
}

fn ends(low: &Bound<i64>, high: &Bound<i64>) -> String {
    let low = match low {
        Bound::Included(number) => format!("[{number}"),
        Bound::Excluded(number) => format!("{{{number}"),
        Bound::Unbounded => "[*".to_owned(),
    };
    match high {
        Bound::Included(number) => format!("{low} {number}]"),
        Bound::Excluded(number) => format!("{low} {number}}}"),
        Bound::Unbounded => format!("{low} *]"),
    }
}

fn words(phrase: &Phrase) -> String {
    let word = |word: &Word| match word {
        Word::Exact(text) => format!("{text:?}"),
        Word::Wildcard(wildcard) => format!("like:{:?}", wildcard.to_string()),
        Word::Pattern(pattern) => format!("like:{pattern}"),
    };
    phrase.words().iter().map(word).collect::<Vec<_>>().join(" ")
}

fn record(text: &str) -> (String, Record) {
    let mut parts = text.split_whitespace();
    let name = parts.next().unwrap().to_owned();
    let mut record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::Ok);
    for part in parts {
        let (field, value) = part.split_once('=').unwrap();
        let field = flow::field(field).unwrap();
        let value = match field.kind {
            FieldKind::Text => Value::Text(value.into()),
            FieldKind::Long => Value::Long(value.parse().unwrap()),
            FieldKind::Address => Value::Address(value.parse().unwrap()),
        };
        (field.set)(&mut record, value);
    }
    (name, record)
}

fn found(text: &str, syntax: Syntax, records: &[(String, Record)]) -> String {
    let index = IndexedFields::all();
    let search = parse(text, syntax, &index).unwrap().search;
    let found = records.iter().filter(|(_, record)| search.finds(record, &index));
    let found: Vec<&str> = found.map(|(name, _)| name.as_str()).collect();
    if found.is_empty() { "none".to_owned() } else { found.join(" ") }
}

fn offered(text: &str) -> String {
    let completion = complete(text, text.len(), Syntax::Cql, &IndexedFields::all());
    let candidates: Vec<&str> =
        completion.candidates.iter().map(|candidate| candidate.text.as_str()).collect();
    if candidates.is_empty() {
        return "nothing".to_owned();
    }
    format!("in place of {:?}: {}", &text[completion.replaces], candidates.join("  "))
}
