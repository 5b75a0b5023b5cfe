//! A topic that is full loses its oldest segments, and nothing else.
//!
//! Hides: nothing.
//! Knows nothing of: how.

use std::time::Duration;

use flow::{TimeRange, Timestamp};
use store::{BYTES_UNBOUNDED, Deed, Store, TopicChange, UNNAMED_KEPT, verify};

use crate::folder::{START, batch, owner, record, rows, store_with, topic_id};

const MINUTE: Duration = Duration::from_secs(60);

/// Bounds the topic.
fn bound(store: &Store, bytes_max: u64) {
    let change = TopicChange { bytes_max: Some(bytes_max), ..TopicChange::default() };
    store.modify_topic(&owner(), &topic_id("topic"), &change).unwrap();
}

/// Appends a record in a segment of its own, and returns how large the segment is.
fn append(store: &Store, number: u64) -> u64 {
    let before = store.metrics().bytes;
    let at = START.plus(MINUTE * u32::try_from(number).unwrap());
    store.append(&[batch("topic", number.into(), vec![record(at, number)])], at).unwrap();
    store.metrics().bytes - before
}

fn numbers(store: &Store) -> Vec<u64> {
    rows(store, "topic").iter().filter_map(|(_, record)| record.bytes).collect()
}

#[test]
fn a_full_topic_loses_its_oldest_segments_and_no_others() {
    let (folder, store) = store_with(&[("topic", 7), ("other", 7)]);
    store.append(&[batch("other", 99, vec![record(START, 99)])], START).unwrap();
    let sizes: Vec<u64> = (1..=5).map(|number| append(&store, number)).collect();
    assert_eq!(store.expire(START).unwrap().segments, 0, "there is no bound yet");

    let room_for_three: u64 = sizes[2..].iter().sum();
    bound(&store, room_for_three);
    let done = store.expire(START).unwrap();
    assert_eq!((done.segments, done.rows, done.bytes), (2, 2, sizes[0] + sizes[1]));
    assert_eq!(numbers(&store), [3, 4, 5]);
    assert_eq!(store.expire(START).unwrap().segments, 0, "what fits stays");
    assert_eq!(rows(&store, "other").len(), 1, "another topic is not concerned");

    bound(&store, room_for_three - 1);
    assert_eq!(store.expire(START).unwrap().segments, 1);
    drop(store);
    let proof = verify(folder.path(), Some(&topic_id("topic"))).unwrap().remove(0);
    assert_eq!((proof.rows, &proof.faults[..]), (2, &[][..]));
    let gone: Vec<(Deed, u64)> = proof.gaps.iter().map(|gap| (gap.deed, gap.rows)).collect();
    assert_eq!(gone, [(Deed::Expire, 2), (Deed::Expire, 1)], "the chain tells what went and why");
}

#[test]
fn the_newest_segment_stays_however_small_the_bound() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    for number in 1..=3 {
        append(&store, number);
    }
    bound(&store, 1);
    assert_eq!(store.expire(START).unwrap().segments, 2);
    assert_eq!(numbers(&store), [3]);
    bound(&store, BYTES_UNBOUNDED);
    append(&store, 4);
    assert_eq!(store.expire(START).unwrap().segments, 0);
}

#[test]
fn what_is_past_its_time_does_not_count_against_the_bound() {
    let (_folder, store) = store_with(&[("topic", 1)]);
    append(&store, 1);
    let later = START.plus(MINUTE * 60 * 25);
    store.append(&[batch("topic", 2, vec![record(later, 2), record(later, 3)])], later).unwrap();
    let snapshot = store.snapshot(&owner(), &topic_id("topic"), TimeRange::ALWAYS).unwrap();
    bound(&store, snapshot.segments.iter().map(|segment| segment.bytes()).max().unwrap());
    assert_eq!(store.expire(later).unwrap().segments, 1);
    assert_eq!(numbers(&store), [2, 3]);
}

#[cfg(unix)]
#[test]
fn what_was_moved_aside_stays_for_its_time_and_nothing_else_goes_with_it() {
    use std::os::unix::fs::MetadataExt as _;

    let (folder, store) = store_with(&[("topic", 7)]);
    let aside = folder.path().join("unnamed/100001/ap-guangzhou/topic-100001");
    std::fs::create_dir_all(&aside).unwrap();
    let names = ["segment-0000000007.parquet", "segment-0000000007.1.parquet", "notes.txt"];
    for name in names {
        std::fs::write(aside.join(name), "rows").unwrap();
    }
    let moved = names.map(|name| Timestamp::from_seconds(aside.join(name).metadata().unwrap().ctime()));
    let (first, last) = (moved.iter().min().unwrap(), moved.iter().max().unwrap());
    assert_eq!(store.expire(first.plus(UNNAMED_KEPT)).unwrap().unnamed, 0);
    assert_eq!(store.expire(last.plus(UNNAMED_KEPT + MINUTE)).unwrap().unnamed, 2);
    let left: Vec<_> = std::fs::read_dir(&aside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.txt"]);
}
