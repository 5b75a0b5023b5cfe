//! A snapshot keeps what it saw.
//!
//! Hides: nothing.
//! Knows nothing of: how.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flow::TimeRange;
use store::{DAY_SEGMENT_AFTER, Snapshot, Store};

use crate::folder::{START, batch, files, owner, record, rows, rows_of, store_with, topic_id};

const HOUR: Duration = Duration::from_secs(3600);

fn snapshot(store: &Store) -> Snapshot {
    store.snapshot(&owner(), &topic_id("topic"), TimeRange::ALWAYS).unwrap()
}

/// Eight commits, then `deed` while a snapshot is held: the files stay until it is dropped, and no longer.
#[track_caller]
fn check(deed: impl FnOnce(&Store), files_after: usize) {
    let (folder, store) = store_with(&[("topic", 7)]);
    for id in 1..=8 {
        store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
    }
    let count = |folder: &Path| files(folder).len();
    let held = snapshot(&store);
    let again = snapshot(&store);
    let seen = rows_of(&held);
    deed(&store);
    assert_eq!(count(folder.path()), 8 + files_after);
    drop(again);
    assert_eq!(rows_of(&held), seen, "a snapshot reads what it saw");
    drop(held);
    assert_eq!(count(folder.path()), files_after, "nobody holds the old files any more");
    assert_eq!(store.metrics().segments, files_after as u64);
}

#[test]
fn a_snapshot_survives_compaction() {
    check(|store| assert_eq!(store.compact(START).unwrap().merges, 1), 1);
}

#[test]
fn a_snapshot_survives_the_end_of_its_records() {
    check(|store| assert_eq!(store.expire(START.plus(HOUR * 24 * 8)).unwrap().rows, 8), 0);
}

#[test]
fn a_snapshot_survives_the_deletion_of_its_topic() {
    check(|store| store.delete_topic(&owner(), &topic_id("topic"), START).unwrap(), 0);
}

#[test]
fn a_deleted_topic_frees_its_space_at_once_when_nobody_reads() {
    let (folder, store) = store_with(&[("topic", 7)]);
    store.append(&[batch("topic", 1, vec![record(START, 1)])], START).unwrap();
    drop(snapshot(&store));
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    assert_eq!(files(folder.path()), [""; 0]);
    assert_eq!(store.metrics().bytes, 0);
}

#[test]
fn a_snapshot_names_only_segments_that_may_hold_its_time_newest_first() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    for hour in 0..4u32 {
        let records = vec![record(START.plus(HOUR * hour), 0), record(START.plus(HOUR * hour + HOUR / 2), 1)];
        store.append(&[batch("topic", hour.into(), records)], START).unwrap();
    }
    let ids = |from: Duration, to: Duration| -> Vec<i64> {
        let range = TimeRange { from: START.plus(from), to: START.plus(to) };
        let snapshot = store.snapshot(&owner(), &topic_id("topic"), range).unwrap();
        snapshot.segments.iter().map(|segment| segment.id()).collect()
    };
    assert_eq!(ids(Duration::ZERO, HOUR * 4), [4, 3, 2, 1]);
    assert_eq!(ids(HOUR, HOUR * 2), [2]);
    assert_eq!(ids(HOUR / 2, HOUR), [1]);
    assert_eq!(ids(HOUR / 2 + Duration::from_millis(1), HOUR), [0; 0]);
}

#[test]
fn searches_and_appends_go_on_while_segments_are_merged() {
    let (folder, store) = store_with(&[("topic", 7)]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 1..=150 {
                store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                store.compact(START).unwrap();
            }
        });
        let mut seen = 0;
        while !done.load(Ordering::Acquire) {
            let rows = rows(&store, "topic");
            let numbers: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, (1..=i64::try_from(rows.len()).unwrap()).collect::<Vec<_>>());
            assert!(rows.len() >= seen, "a row that was seen stays");
            seen = rows.len();
        }
    });
    while store.compact(START).unwrap().merges > 0 {}
    assert_eq!(rows(&store, "topic").len(), 150);
    assert!(store.metrics().segments_merged > 150 - 8, "fewer than eight are left");
    assert_eq!(files(folder.path()).len() as u64, store.metrics().segments);
}

#[test]
fn a_segment_that_cannot_be_read_holds_up_no_other_merge() {
    let (folder, store) = store_with(&[("a-topic", 7), ("b-topic", 7), ("c-topic", 7)]);
    for id in 1..=8 {
        for (topic, place) in [("a-topic", 0), ("b-topic", 8), ("c-topic", 16)] {
            store.append(&[batch(topic, (place + id).into(), vec![record(START, id)])], START).unwrap();
        }
    }
    let first = |topic: &str| {
        let snapshot = store.snapshot(&owner(), &topic_id(topic), TimeRange::ALWAYS).unwrap();
        snapshot.segments.first().unwrap().path().to_owned()
    };
    std::fs::write(first("a-topic"), "damaged").unwrap();
    std::fs::remove_file(first("b-topic")).unwrap();
    let error = store.compact(START).unwrap_err().to_string();
    assert!(error.contains("a-topic"), "the first error is told: {error}");
    assert_eq!(rows(&store, "c-topic").len(), 8);
    assert_eq!((store.metrics().segments_merged, files(folder.path()).len()), (8, 8 + 7 + 1));
}

#[test]
fn a_process_that_is_about_to_end_merges_no_more() {
    let (folder, store) = store_with(&[("topic", 7)]);
    for id in 1..=8 {
        store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
    }
    store.stop_merging();
    let done = store.compact(START).unwrap();
    assert_eq!((done.merges, done.more, files(folder.path()).len()), (0, false, 8));
}

#[test]
fn hours_become_a_day_and_every_row_keeps_its_number() {
    let (folder, store) = store_with(&[("topic", 7)]);
    for minute in 0..180u32 {
        let records = vec![record(START.plus(HOUR / 60 * minute), minute.into()); 2];
        store.append(&[batch("topic", minute.into(), records)], START).unwrap();
    }
    let before = rows(&store, "topic");
    store.compact(START.plus(HOUR * 4)).unwrap();
    assert_eq!((files(folder.path()).len(), rows(&store, "topic")), (3, before.clone()));
    store.compact(START.plus(HOUR * 24 + DAY_SEGMENT_AFTER)).unwrap();
    assert_eq!((files(folder.path()).len(), rows(&store, "topic")), (1, before));
}
