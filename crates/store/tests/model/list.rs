//! Whatever happens to it, a store answers like a list.
//!
//! Hides: nothing.
//! Knows nothing of: files.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use flow::{Record, TimeRange, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{BatchFate, NewBatch, PERIOD_FOREVER_DAYS, Refusal, Snapshot, Store, StoreError};
use tempfile::TempDir;
use uuid::Uuid;

use crate::folder::{START, batch, copy, create_topic, owner, record, rows, rows_of, store_with, topic_id};

/// The topics, with how long each keeps records. Unit: days.
const TOPICS: [(&str, u32); 2] = [("forever", PERIOD_FOREVER_DAYS), ("one-day", 1)];

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
enum Step {
    /// Batches in one call: id, topic, and how many minutes before now each record started.
    Append(Vec<(u8, usize, Vec<u16>)>),
    Compact,
    Expire,
    /// The process dies here, and another opens what it left.
    Crash,
    /// Deletes the topic, or creates it again.
    Toggle(usize),
    /// A search begins; it ends with the test.
    Hold(usize),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let ages = vec(0u16..3000, 0..6);
    let batches = vec((0u8..60, 0..TOPICS.len(), ages), 1..4);
    prop_oneof![
        8 => batches.prop_map(Step::Append),
        4 => Just(Step::Compact),
        2 => Just(Step::Expire),
        2 => Just(Step::Crash),
        1 => (0..TOPICS.len()).prop_map(Step::Toggle),
        2 => (0..TOPICS.len()).prop_map(Step::Hold),
        3 => (1u8..12).prop_map(Step::Wait),
    ]
}

type Rows = Vec<(i64, Record)>;

/// The store beside the list that it must answer like.
struct Pair {
    folder: TempDir,
    store: Store,
    now: Timestamp,
    topics: HashMap<usize, Rows>,
    ids: HashSet<u8>,
    records: u64,
    held: Vec<(Snapshot, Rows)>,
}

impl Pair {
    fn new() -> Self {
        let (folder, store) = store_with(&TOPICS);
        let topics = (0..TOPICS.len()).map(|topic| (topic, Rows::new())).collect();
        let (ids, held) = (HashSet::new(), Vec::new());
        Self { folder, store, now: START, topics, ids, records: 0, held }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(batches) => self.append(batches),
            Step::Compact => while self.store.compact(self.now).unwrap().more {},
            Step::Expire => self.expire(),
            Step::Crash => self.crash(),
            Step::Toggle(topic) => self.toggle(topic),
            Step::Hold(topic) => {
                if let Some(model) = self.topics.get(&topic) {
                    let id = topic_id(TOPICS[topic].0);
                    let snapshot = self.store.snapshot(&owner(), &id, TimeRange::ALWAYS).unwrap();
                    self.held.push((snapshot, model.clone()));
                }
            }
            Step::Wait(hours) => self.now = self.now.plus(HOUR * u32::from(hours)),
        }
    }

    fn append(&mut self, batches: Vec<(u8, usize, Vec<u16>)>) {
        let mut sent: Vec<NewBatch> = Vec::new();
        let mut expected = Vec::new();
        for (id, topic, ages) in batches {
            let mut records = Vec::new();
            for minutes in ages {
                self.records += 1;
                records.push(record(self.now.minus(HOUR / 60 * u32::from(minutes)), self.records));
            }
            expected.push(match self.topics.get_mut(&topic) {
                _ if self.ids.contains(&id) => BatchFate::AlreadyStored,
                None => BatchFate::Refused(Refusal::UnknownTopic),
                Some(rows) => {
                    self.ids.insert(id);
                    rows.extend(records.iter().map(|record| (0, record.clone())));
                    BatchFate::Stored
                }
            });
            sent.push(batch(TOPICS[topic].0, u128::from(id), records));
        }
        assert_eq!(self.store.append(&sent, self.now).unwrap(), expected);
        self.learn_numbers();
    }

    /// Takes over the numbers that the store gave to new rows; they follow those before.
    fn learn_numbers(&mut self) {
        for (topic, model) in &mut self.topics {
            let newest = model.iter().map(|(number, _)| *number).max().unwrap_or(0);
            let found = rows(&self.store, TOPICS[*topic].0);
            for ((number, _), (given, _)) in model.iter_mut().zip(&found) {
                if *number == 0 {
                    assert!(*given > newest, "a new row has a higher number than every old one");
                    *number = *given;
                }
            }
        }
    }

    /// Rows past their time may go, and go by segment; all others stay.
    fn expire(&mut self) {
        self.store.expire(self.now).unwrap();
        for (topic, model) in &mut self.topics {
            let (name, period_days) = TOPICS[*topic];
            let id = topic_id(name);
            let snapshot = self.store.snapshot(&owner(), &id, TimeRange::ALWAYS).unwrap();
            if period_days == PERIOD_FOREVER_DAYS {
                continue;
            }
            let oldest = self.now.minus(HOUR * 24 * period_days);
            assert!(snapshot.segments.iter().all(|segment| segment.range().to > oldest));
            let left: HashSet<i64> = rows_of(&snapshot).into_iter().map(|(number, _)| number).collect();
            model.retain(|(number, record)| left.contains(number) || record.start >= oldest);
        }
    }

    fn crash(&mut self) {
        let folder = copy(self.folder.path());
        self.store = Store::open(folder.path()).unwrap();
        // The folder before stays for the searches that go on in it.
        let before = std::mem::replace(&mut self.folder, folder);
        self.compare_held();
        self.held.clear();
        drop(before);
    }

    fn toggle(&mut self, topic: usize) {
        let (name, period_days) = TOPICS[topic];
        if self.topics.remove(&topic).is_some() {
            self.store.delete_topic(&owner(), &topic_id(name), START).unwrap();
        } else {
            create_topic(&self.store, name, period_days).unwrap();
            self.topics.insert(topic, Rows::new());
        }
    }

    fn compare(&self) {
        let mut rows_in_all = 0;
        for (topic, (name, _)) in TOPICS.iter().enumerate() {
            let Some(model) = self.topics.get(&topic) else {
                let unknown = self.store.snapshot(&owner(), &topic_id(name), TimeRange::ALWAYS);
                assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
                continue;
            };
            assert_eq!(&rows(&self.store, name), model);
            self.compare_range(name, model);
            rows_in_all += model.len() as u64;
        }
        assert_eq!(self.store.metrics().rows, rows_in_all);
    }

    fn compare_held(&self) {
        for (snapshot, model) in &self.held {
            assert_eq!(&rows_of(snapshot), model, "a snapshot answers as it did at first");
        }
    }

    /// A snapshot of a part of time misses no row of it.
    fn compare_range(&self, name: &str, model: &Rows) {
        let range = TimeRange { from: self.now.minus(HOUR * 5), to: self.now.minus(HOUR) };
        let snapshot = self.store.snapshot(&owner(), &topic_id(name), range).unwrap();
        let inside = |rows: Rows| -> Rows {
            rows.into_iter().filter(|(_, record)| range.contains(record.start)).collect()
        };
        assert_eq!(inside(rows_of(&snapshot)), inside(model.clone()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_answers_like_a_list(steps in vec(step(), 1..32)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.take(step);
            pair.compare();
        }
        pair.compare_held();
    }
}

#[test]
fn five_hours_of_small_batches_become_five_segments() {
    let (_folder, store) = store_with(&TOPICS);
    let mut sent = Vec::new();
    for number in 0..300u64 {
        let record = record(START.plus(Duration::from_secs(number * 60)), number);
        sent.push(record.clone());
        let batch = NewBatch { id: Uuid::from_u128(number.into()), ..batch("forever", 0, vec![record]) };
        store.append(&[batch], START).unwrap();
    }
    let done = store.compact(START.plus(HOUR * 12)).unwrap();
    assert_eq!((done.merges, done.segments_merged, done.rows, done.more), (5, 300, 300, false));
    let found: Vec<Record> = rows(&store, "forever").into_iter().map(|(_, record)| record).collect();
    assert_eq!(found, sent);
    let snapshot = store.snapshot(&owner(), &topic_id("forever"), TimeRange::ALWAYS).unwrap();
    assert!(snapshot.segments.is_sorted_by_key(|segment| std::cmp::Reverse(segment.range().to)));
    assert_eq!(snapshot.segments.len(), 5);
}
