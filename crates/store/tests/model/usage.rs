//! What a topic takes is counted once, whatever happens to it.
//!
//! Hides: nothing.
//! Knows nothing of: how it is counted.

use std::time::Duration;

use flow::{FIELDS, Record, TimeRange, Timestamp, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{
    FullText, IndexKey, IndexKeyKind, IndexRow, IndexSettings, Store, StoreError, USAGE_MEMORY, Usage,
};

use crate::folder::{START, batch, copy, create_topic, owner, record, store_with, topic_id};

const HOUR: Duration = Duration::from_secs(3600);

/// The size of a record, by its definition.
fn size(record: &Record) -> u64 {
    FIELDS.iter().filter_map(|field| (field.get)(record)).map(|value| size_of(&value)).sum()
}

fn size_of(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64,
        Value::Long(_) => 8,
        Value::Address(_) => 16,
    }
}

fn hours(store: &Store, topic: &str) -> Vec<(Timestamp, Usage)> {
    store.usage(&owner(), &topic_id(topic), TimeRange::ALWAYS).unwrap()
}

fn sum(store: &Store, topic: &str) -> Usage {
    hours(store, topic).into_iter().fold(Usage::default(), |sum, (_, usage)| sum.and(usage))
}

fn index(settings: IndexSettings, enabled: bool) -> IndexRow {
    IndexRow { settings, enabled, modified: START }
}

fn keys(names: &[&str]) -> IndexSettings {
    let key = |name: &&str| IndexKey {
        name: (*name).to_owned(),
        kind: IndexKeyKind::Text,
        tokenizer: String::new(),
        sql_flag: true,
        contain_zh: false,
        alias: String::new(),
    };
    IndexSettings { key_value: true, keys: names.iter().map(key).collect(), ..IndexSettings::default() }
}

#[derive(Clone, Debug)]
enum Step {
    /// Batches of one call: id, and how many records.
    Append(Vec<(u8, u8)>),
    Query(u32),
    Flush,
    Compact,
    /// The process dies here, and another opens what it left.
    Crash,
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => vec((0u8..20, 0u8..4), 1..4).prop_map(Step::Append),
        3 => any::<u32>().prop_map(Step::Query),
        1 => Just(Step::Flush),
        1 => Just(Step::Compact),
        2 => Just(Step::Crash),
        2 => (1u8..90).prop_map(Step::Wait),
    ]
}

fn records(id: u8, count: u8) -> Vec<Record> {
    (0..count).map(|number| record(START, u64::from(id) * 10 + u64::from(number))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each batch counts once, in the hour that stored it, however often it comes and whatever dies in between. Queries
    /// count at least as they were noted, and never more than they were.
    #[test]
    fn written_bytes_are_those_of_the_batches_that_are_stored(steps in vec(step(), 1..24)) {
        let (mut folder, mut store) = store_with(&[("topic", 7)]);
        let mut now = START;
        let mut stored = std::collections::BTreeMap::<u8, (Timestamp, u64)>::new();
        let (mut queried, mut noted) = (0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Append(batches) => {
                    let sent: Vec<_> =
                        batches.iter().map(|(id, count)| batch("topic", u128::from(*id), records(*id, *count))).collect();
                    store.append(&sent, now).unwrap();
                    for (id, batch) in batches.iter().map(|(id, _)| *id).zip(&sent) {
                        stored.entry(id).or_insert((now, batch.records.iter().map(size).sum()));
                    }
                }
                Step::Query(bytes) => {
                    store.count_query(&owner(), &topic_id("topic"), bytes.into(), now);
                    queried += u64::from(bytes);
                }
                Step::Flush => {
                    store.flush_usage().unwrap();
                    noted = queried;
                }
                Step::Compact => while store.compact(now).unwrap().more {},
                Step::Crash => {
                    folder = copy(folder.path());
                    store = Store::open(folder.path()).unwrap();
                    queried = noted;
                }
                Step::Wait(minutes) => now = now.plus(HOUR / 60 * u32::from(minutes)),
            }
            let found = sum(&store, "topic");
            prop_assert_eq!(found.written_bytes, stored.values().map(|(_, size)| size).sum::<u64>());
            prop_assert_eq!(found.write_requests, stored.len() as u64);
            prop_assert_eq!(found.queried_bytes, queried);
        }
        for (hour, usage) in hours(&store, "topic") {
            let of_hour = TimeRange { from: hour, to: hour.plus(HOUR) };
            let expected = stored.values().filter(|(at, _)| of_hour.contains(*at)).map(|(_, size)| size).sum::<u64>();
            prop_assert_eq!(usage.written_bytes, expected);
        }
    }
}

#[test]
fn what_the_index_in_force_covers_is_counted_as_indexed() {
    let full_text = IndexSettings { full_text: Some(FullText::default()), ..keys(&["srcaddr", "action"]) };
    let whole = size(&record(START, 1));
    let of_keys = 16 + "ACCEPT".len() as u64;
    for (index, expected) in [
        (None, 0),
        (Some(index(full_text.clone(), true)), whole),
        (Some(index(full_text, false)), 0),
        (Some(index(keys(&["srcaddr", "action", "unknown"]), true)), of_keys),
        (Some(index(IndexSettings { key_value: false, ..keys(&["srcaddr"]) }, true)), 0),
    ] {
        let (_folder, store) = store_with(&[("topic", 7)]);
        if let Some(index) = &index {
            store.create_index(&owner(), &topic_id("topic"), index).unwrap();
        }
        store.append(&[batch("topic", 1, vec![record(START, 1)])], START).unwrap();
        let found = sum(&store, "topic");
        assert_eq!((found.written_bytes, found.indexed_bytes), (whole, expected), "{index:?}");
    }
}

#[test]
fn what_is_stored_is_noted_for_the_hour_until_nothing_is() {
    let (_folder, store) = store_with(&[("topic", 1)]);
    store.append(&[batch("topic", 1, vec![record(START, 1)])], START).unwrap();
    store.expire(START).unwrap();
    let bytes = store.metrics().bytes;
    assert!(bytes > 0);
    assert_eq!(hours(&store, "topic")[0].1.stored_bytes, bytes);
    let since_open = store.usage_since_open().unwrap();
    assert_eq!(since_open.iter().map(|(.., usage)| usage.stored_bytes).collect::<Vec<_>>(), [bytes]);

    let later = START.plus(24 * HOUR);
    store.expire(later).unwrap();
    assert_eq!(hours(&store, "topic")[1], (later, Usage { stored_bytes: bytes, ..Usage::default() }));
    store.expire(later.plus(HOUR / 2)).unwrap();
    assert_eq!(hours(&store, "topic")[1].1, Usage::default(), "its only segment went within the hour");
}

#[test]
fn usage_outlives_its_topic_and_is_forgotten_in_the_end() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    store.append(&[batch("topic", 1, vec![record(START, 1)])], START).unwrap();
    store.count_query(&owner(), &topic_id("topic"), 7, START);
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    store.flush_usage().unwrap();
    let before = sum(&store, "topic");
    assert_eq!((before.query_requests, before.queried_bytes, before.write_requests), (1, 7, 1));
    assert!(store.usage_since_open().unwrap().is_empty());

    store.expire(START.plus(USAGE_MEMORY)).unwrap();
    assert_eq!(sum(&store, "topic"), before);
    store.expire(START.plus(USAGE_MEMORY + HOUR)).unwrap();
    let gone = store.usage(&owner(), &topic_id("topic"), TimeRange::ALWAYS).unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    create_topic(&store, "topic", 7).unwrap();
    assert_eq!(hours(&store, "topic"), [], "a topic that nobody used is known all the same");
}

#[test]
fn a_part_of_the_hours_can_be_asked_for() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    for (id, hour) in [(1, 0), (2, 1), (3, 2)] {
        store.append(&[batch("topic", id, vec![record(START, 1)])], START.plus(hour * HOUR)).unwrap();
    }
    let range = TimeRange { from: START.plus(HOUR), to: START.plus(2 * HOUR) };
    let found = store.usage(&owner(), &topic_id("topic"), range).unwrap();
    assert_eq!(found.iter().map(|(hour, _)| *hour).collect::<Vec<_>>(), [START.plus(HOUR)]);
}
