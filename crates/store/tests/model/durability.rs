//! What is stored is stored once, and survives.
//!
//! Hides: nothing.
//! Knows nothing of: how.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use flow::{FIELDS, FieldKind, Record, Value};
use store::{BATCH_MEMORY, BatchFate, NewBatch, Refusal, Store, StoreError, TopicChange};

use crate::folder::{
    START, batch, copy, copy_into, create_topic, files, owner, owner_of, record, rows, rows_of_file,
    store_with, topic_id,
};

/// A record with a value in every field.
fn full_record() -> Record {
    let mut record = record(START.plus(Duration::from_millis(7)), 1);
    for (field, number) in FIELDS.iter().zip(1..) {
        let word = match field.name {
            "log-status" => "SKIPDATA",
            "nat-type" => "DNAT",
            "direction" => "INGRESS",
            "flow-state" => "CLOSED",
            "reject-reason" => "NO_ROUTE",
            "lost-cause" => "not-kept",
            name => name,
        };
        let value = match field.kind {
            FieldKind::Text => Value::Text(word.into()),
            FieldKind::Long => Value::Long(number),
            FieldKind::Address => Value::Address([192, 0, 2, 1].into()),
        };
        (field.set)(&mut record, value);
        assert!((field.get)(&record).is_some(), "{} has a value", field.name);
    }
    record
}

#[test]
fn every_field_of_a_record_comes_back() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let sent = vec![full_record(), record(START, u64::try_from(i64::MAX).unwrap())];
    store.append(&[batch("topic", 1, sent.clone())], START).unwrap();
    let found: Vec<Record> = rows(&store, "topic").into_iter().map(|(_, record)| record).collect();
    assert_eq!(found, sent);
}

#[test]
fn a_batch_that_comes_again_is_stored_once_also_within_one_call_and_after_a_crash() {
    let (folder, store) = store_with(&[("topic", 7)]);
    let one = batch("topic", 1, vec![record(START, 1)]);
    let fates = store.append(&[one.clone(), one.clone()], START).unwrap();
    assert_eq!(fates, [BatchFate::Stored, BatchFate::AlreadyStored]);
    let crashed = copy(folder.path());
    for store in [store, Store::open(crashed.path()).unwrap()] {
        assert_eq!(store.append(std::slice::from_ref(&one), START).unwrap(), [BatchFate::AlreadyStored]);
        assert_eq!(rows(&store, "topic").len(), 1);
    }
}

#[test]
fn a_refused_batch_hinders_no_other() {
    let (_folder, store) = store_with(&[("open", 7), ("closed", 7)]);
    let closed = TopicChange { collecting: Some(false), ..TopicChange::default() };
    store.modify_topic(&owner(), &topic_id("closed"), &closed).unwrap();
    let elsewhere =
        NewBatch { owner: owner_of("100002", "ap-guangzhou"), ..batch("open", 5, vec![record(START, 5)]) };
    let sent = [
        batch("nowhere", 1, vec![record(START, 1)]),
        batch("open", 2, vec![record(START, 2)]),
        batch("closed", 3, vec![record(START, 3)]),
        batch("open", 4, Vec::new()),
        elsewhere,
    ];
    let expected = [
        BatchFate::Refused(Refusal::UnknownTopic),
        BatchFate::Stored,
        BatchFate::Refused(Refusal::NotCollecting),
        BatchFate::Stored,
        BatchFate::Refused(Refusal::UnknownTopic),
    ];
    assert_eq!(store.append(&sent, START).unwrap(), expected);
    assert_eq!(rows(&store, "open"), [(1, record(START, 2))]);
    let metrics = store.metrics();
    assert_eq!((metrics.batches_stored, metrics.batches_refused, metrics.records_stored), (2, 3, 1));
}

#[test]
fn one_call_writes_one_segment_for_each_topic() {
    let (folder, store) = store_with(&[("a-topic", 7), ("b-topic", 7)]);
    let sent: Vec<NewBatch> = (1..=6u8)
        .map(|id| {
            batch(if id % 2 == 0 { "a-topic" } else { "b-topic" }, id.into(), vec![record(START, id.into())])
        })
        .collect();
    store.append(&sent, START).unwrap();
    assert_eq!(files(folder.path()), ["segment-0000000001.parquet", "segment-0000000002.parquet"]);
    let numbers: Vec<(i64, Option<u64>)> =
        rows(&store, "a-topic").into_iter().map(|(number, record)| (number, record.bytes)).collect();
    assert_eq!(numbers, [(1, Some(2)), (2, Some(4)), (3, Some(6))]);
}

#[test]
fn threads_that_send_the_same_batches_store_them_once() {
    let (_folder, store) = store_with(&[("topic", 7)]);
    let stored: usize = std::thread::scope(|scope| {
        let send = |first: u128| {
            let store = &store;
            move || {
                let mine = (0..20).map(|step| (first * 7 + step) % 20);
                let fates = mine.flat_map(|id| {
                    let records = vec![record(START, u64::try_from(id).unwrap()); 3];
                    store.append(&[batch("topic", id, records)], START).unwrap()
                });
                fates.filter(|fate| *fate == BatchFate::Stored).count()
            }
        };
        let threads: Vec<_> = (0..4).map(|first| scope.spawn(send(first))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(stored, 20);
    assert_eq!(rows(&store, "topic").len(), 60);
}

#[test]
fn a_topic_that_goes_while_batches_come_leaves_nothing_behind() {
    let (folder, store) = store_with(&[("topic", 7)]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 0..100u8 {
                store.append(&[batch("topic", id.into(), vec![record(START, id.into())])], START).unwrap();
            }
        });
        for _ in 0..10 {
            store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
            create_topic(&store, "topic", 7).unwrap();
        }
    });
    let left = rows(&store, "topic");
    let numbers: Vec<i64> = left.iter().map(|(number, _)| *number).collect();
    assert_eq!(
        numbers,
        (1..=i64::try_from(left.len()).unwrap()).collect::<Vec<_>>(),
        "a new topic counts anew"
    );
    assert_eq!(files(folder.path()).len(), left.len());
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn a_log_of_the_catalog_torn_anywhere_leaves_whole_batches_and_takes_the_rest_again() {
    let (folder, store) = store_with(&[("topic", 7)]);
    let log = |folder: &Path| folder.join("catalog.sqlite-wal");
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    let before = length(&log(folder.path()));
    let sent: Vec<NewBatch> =
        (1..=6u8).map(|id| batch("topic", id.into(), vec![record(START, id.into()); 2])).collect();
    for batch in &sent {
        store.append(std::slice::from_ref(batch), START).unwrap();
    }
    let after = length(&log(folder.path()));
    let mut seen = BTreeSet::new();
    for step in 0..=20 {
        let torn = copy(folder.path());
        let file = File::options().write(true).open(log(torn.path())).unwrap();
        file.set_len(before + (after - before) * step / 20).unwrap();
        let store = Store::open(torn.path()).unwrap();
        let whole = rows(&store, "topic").len() / 2;
        assert_eq!(files(torn.path()).len(), whole, "what the catalog does not name stands aside");
        let fates = store.append(&sent, START).unwrap();
        assert_eq!(fates.iter().filter(|fate| **fate == BatchFate::AlreadyStored).count(), whole);
        assert_eq!(rows(&store, "topic").len(), 12);
        seen.insert(whole);
    }
    assert_eq!(seen, BTreeSet::from([0, 1, 2, 3, 4, 5, 6]), "the log was torn after every batch");
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let (folder, store) = store_with(&[]);
    let second = Store::open(folder.path());
    assert!(matches!(second, Err(StoreError::Locked { .. })), "{second:?}");
    drop(store);
    Store::open(folder.path()).unwrap();
}

#[test]
fn opening_sweeps_left_overs_and_leaves_strangers_alone() {
    let (folder, store) = store_with(&[("topic", 7)]);
    store.append(&[batch("topic", 1, vec![record(START, 1)])], START).unwrap();
    drop(store);
    let topic = folder.path().join("segments/100001/ap-guangzhou/topic-100001");
    for name in
        ["segment-0000000000.parquet", "segment-0000000001.parquet.new", "notes.txt", "segment-9.parquet"]
    {
        std::fs::write(topic.join(name), "left over").unwrap();
    }
    std::fs::write(folder.path().join("segments/README"), "a stranger's").unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(
        files(folder.path()),
        ["README", "notes.txt", "segment-0000000001.parquet", "segment-9.parquet"]
    );
    assert_eq!(store.metrics().files_swept, 2);
    assert_eq!(rows(&store, "topic").len(), 1);
}

#[test]
fn segments_that_an_older_catalog_does_not_know_are_moved_aside_whole() {
    let (folder, store) = store_with(&[("topic", 7)]);
    store.append(&[batch("topic", 1, vec![record(START, 1)])], START).unwrap();
    drop(store);
    let backup = copy(folder.path());
    let aside = folder.path().join("unnamed/100001/ap-guangzhou/topic-100001");
    let unknown = |name: &str| rows_of_file(&aside.join(name)).into_iter().map(|(_, record)| record.bytes);
    for (id, moved_to) in [(2, "segment-0000000002.parquet"), (3, "segment-0000000002.1.parquet")] {
        let store = Store::open(folder.path()).unwrap();
        store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
        drop(store);
        copy_into(backup.path(), folder.path());
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(rows(&store, "topic").len(), 1);
        assert_eq!((store.metrics().files_moved_aside, store.metrics().files_swept), (1, 0));
        assert_eq!(unknown(moved_to).collect::<Vec<_>>(), [Some(id)]);
    }
}

#[test]
fn a_batch_id_is_forgotten_after_its_time() {
    let (_folder, store) = store_with(&[("topic", store::PERIOD_FOREVER_DAYS)]);
    let one = [batch("topic", 1, vec![record(START, 1)])];
    store.append(&one, START).unwrap();
    let later = START.plus(BATCH_MEMORY);
    assert_eq!(store.expire(later).unwrap().batches, 0);
    assert_eq!(store.append(&one, later).unwrap(), [BatchFate::AlreadyStored]);
    assert_eq!(store.expire(later.plus(Duration::from_millis(1))).unwrap().batches, 1);
    assert_eq!(store.append(&one, later).unwrap(), [BatchFate::Stored]);
}

#[test]
fn what_was_acknowledged_is_on_the_disk_before_the_answer() {
    let (_folder, store) = store_with(&[("a-topic", 7), ("b-topic", 7)]);
    let before = store.metrics();
    let sent = [batch("a-topic", 1, vec![record(START, 1)]), batch("b-topic", 2, vec![record(START, 2)])];
    store.append(&sent, START).unwrap();
    let after = store.metrics();
    assert_eq!(after.commits - before.commits, 1, "all batches of a call share one transaction");
    // For each topic a file and its folder, and the first time the three folders above.
    assert_eq!(after.syncs - before.syncs, 10);
    store.append(&[batch("a-topic", 3, vec![record(START, 3)])], START).unwrap();
    assert_eq!(store.metrics().syncs - after.syncs, 2, "a file and its folder");
}
