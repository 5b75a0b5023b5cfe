//! What a person writes: queries, and the words of settings and requests.
//!
//! Hides: the laws of printing, reading and answering.
//! Knows nothing of: where a person writes it.

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use engine::{Asker, Engine, EngineError, EngineErrorClass, EngineSettings, Run, Scope};
use futures::executor::block_on;
use query::{IndexedFields, QUERY_BYTES_MAX, Syntax, complete, parse};
use store::Snapshot;

/// A query in both syntaxes.
pub(crate) fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let index = IndexedFields::all();
    for (syntax, other) in [(Syntax::Cql, Syntax::Lucene), (Syntax::Lucene, Syntax::Cql)] {
        let completion = complete(text, text.len(), syntax, &index);
        assert!(text.get(completion.replaces).is_some(), "what is replaced stands in the text");
        match parse(text, syntax, &index) {
            Err(error) => assert!(text.is_char_boundary(error.offset), "a mistake has its place"),
            Ok(query) => {
                for said in [syntax, other] {
                    let written = query.written(said).filter(|written| written.len() <= QUERY_BYTES_MAX);
                    if let Some(written) = written {
                        assert_eq!(parse(&written, said, &index).as_ref(), Ok(&query), "{written}");
                    }
                }
            }
        }
    }
}

/// A query with SQL, over no records: it is answered or refused, and the culprit stands in the text.
pub(crate) fn sql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let index = IndexedFields::all();
    let Ok(query) = parse(text, Syntax::Cql, &index) else { return };
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let settings = EngineSettings { threads: 1, ..EngineSettings::default() };
        Engine::new(settings).expect("the engine starts")
    });
    let range =
        flow::TimeRange { from: flow::Timestamp::from_seconds(0), to: flow::Timestamp::from_seconds(3_600) };
    let scope = Scope {
        snapshot: Snapshot { segments: Vec::new() },
        range,
        index,
        run: Arc::new(Run::new(Asker::default())),
    };
    match block_on(ENGINE.analyse(&scope, &query)) {
        Ok(answer) => {
            let is_whole = answer.rows.iter().all(|row| row.len() == answer.columns.len());
            assert!(is_whole, "every row has a cell for each column");
        }
        Err(EngineError::Sql(error)) => {
            let place = error.place.map_or(0, |place| place.offset);
            assert!(text.is_char_boundary(place), "a mistake has its place");
        }
        Err(error) => {
            assert!(error.class() != EngineErrorClass::Internal, "the mistake is the statement's: {error:?}");
        }
    }
}

/// An id, a prefix, a scope, a length of windows.
pub(crate) fn word(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    reads_back::<flow::AccountId>(text);
    reads_back::<flow::RegionId>(text);
    reads_back::<flow::GatewayId>(text);
    reads_back::<flow::FlowLogId>(text);
    reads_back::<flow::LogsetId>(text);
    reads_back::<flow::TopicId>(text);
    reads_back::<flow::Prefix>(text);
    reads_back::<flow::CollectionScope>(text);
    reads_back::<flow::CollectionType>(text);
    if let Ok(number) = text.parse::<i64>() {
        moment(number);
    }
}

fn reads_back<Word: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(word) = text.parse::<Word>() {
        assert_eq!(word.to_string().parse::<Word>().ok(), Some(word), "a printed word reads back equal");
    }
}

/// Any number of milliseconds is a moment, and every moment lies in its window.
fn moment(millis: i64) {
    let at = flow::Timestamp::from_millis(millis);
    for seconds in [10, 60, 300, 600] {
        if let Ok(length) = flow::WindowLength::try_from(seconds) {
            let window = length.window_of(at);
            let is_inside = window.contains(at) || window.end().millis() == i64::MAX;
            assert!(is_inside, "{at} is not in its window {window:?}");
        }
    }
}
