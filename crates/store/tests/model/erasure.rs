//! What is erased is gone, everything else stays, and the chain says who ordered it.
//!
//! Hides: nothing.
//! Knows nothing of: how a search finds rows; here the bytes of a record do.

use std::collections::BTreeSet;
use std::time::Duration;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Int64Type;
use flow::{TimeRange, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{
    Deed, Erased, ErasureRow, ErasureState, Fault, IndexSettings, Page, PublicKey, Store, StoreError,
    public_key, verify,
};

use crate::folder::{START, batch, copy, files, owner, record, rows, rows_of, store_with, topic_id};

const HOUR: Duration = Duration::from_secs(3600);

fn order(id: &str) -> ErasureRow {
    ErasureRow {
        id: id.to_owned(),
        topic: topic_id("topic"),
        search: "srcaddr:10.0.0.1".to_owned(),
        index: IndexSettings::default(),
        range: TimeRange::ALWAYS,
        ordered_by: "admin".to_owned(),
        ordered: START,
        state: ErasureState::Running,
        rows: 0,
        segments: 0,
        ended: None,
        failure: String::new(),
    }
}

/// Finds records by their bytes.
fn found(rows: &RecordBatch, wanted: &BTreeSet<u64>) -> BooleanArray {
    let bytes = rows.column_by_name("bytes").unwrap().as_primitive::<Int64Type>();
    bytes.iter().map(|bytes| Some(wanted.contains(&u64::try_from(bytes?).unwrap()))).collect()
}

fn segments(store: &Store) -> Vec<i64> {
    let snapshot = store.snapshot(&owner(), &topic_id("topic"), TimeRange::ALWAYS).unwrap();
    snapshot.segments.iter().map(|segment| segment.id()).collect()
}

/// Carries out an order, as the server does: segment by segment.
fn erase(store: &Store, order: &ErasureRow, wanted: &BTreeSet<u64>) -> u64 {
    let mut erased = 0;
    for segment in segments(store) {
        let mut find = |rows: &RecordBatch| Ok(found(rows, wanted));
        match store.erase((&owner(), order), segment, &mut find, START).unwrap() {
            Erased::Rows(rows) => erased += rows,
            other @ (Erased::Gone | Erased::Stopped) => panic!("{other:?}"),
        }
    }
    erased
}

fn numbers(store: &Store) -> Vec<u64> {
    rows(store, "topic").iter().filter_map(|(_, record)| record.bytes).collect()
}

/// Ten commits of three records each, numbered from 0.
fn thirty() -> (tempfile::TempDir, Store) {
    let (folder, store) = store_with(&[("topic", 7)]);
    for id in 0..10 {
        let records = (0..3).map(|number| record(START.plus(Duration::from_secs(id)), id * 3 + number));
        store.append(&[batch("topic", id.into(), records.collect())], START).unwrap();
    }
    (folder, store)
}

#[test]
fn what_is_found_is_gone_and_the_rest_is_proven() {
    let (folder, store) = thirty();
    let before = store.snapshot(&owner(), &topic_id("topic"), TimeRange::ALWAYS).unwrap();
    store.order_erasure(&owner(), &order("one")).unwrap();
    assert_eq!(store.running_erasures().unwrap(), [(owner(), order("one"))]);

    // A part of one segment, and all of another.
    let wanted = BTreeSet::from([1, 3, 4, 5]);
    assert_eq!(erase(&store, &order("one"), &wanted), 4);
    let left: Vec<u64> = (0..30).filter(|number| !wanted.contains(number)).collect();
    assert_eq!(numbers(&store), left);
    assert_eq!(rows_of(&before).len(), 30, "who reads goes on reading");
    drop(before);
    assert_eq!(files(folder.path()).len(), 9, "the old files are gone");
    let metrics = store.metrics();
    assert_eq!((metrics.rows, metrics.segments, metrics.rows_erased), (26, 9, 4));

    let later = START.plus(HOUR);
    store.end_erasure(&owner(), "one", None, later).unwrap();
    assert!(store.running_erasures().unwrap().is_empty());
    let told = store.erasures(&owner(), Page::ALL).unwrap().rows;
    let done =
        ErasureRow { state: ErasureState::Done, rows: 4, segments: 2, ended: Some(later), ..order("one") };
    assert_eq!(told, [done]);
    drop(store);

    let proof = verify(folder.path(), None).unwrap().remove(0);
    assert_eq!((proof.rows, proof.segments, &proof.faults[..]), (26, 9, &[][..]));
    assert_eq!(proof.gaps.iter().map(|gap| gap.rows).sum::<u64>(), 4);
    for gap in &proof.gaps {
        assert_eq!(gap.deed, Deed::Erase);
        assert_eq!(gap.order, Some(("admin".to_owned(), "srcaddr:10.0.0.1".to_owned())));
    }
}

#[test]
fn an_erasure_that_finds_nothing_changes_nothing() {
    let (folder, store) = thirty();
    store.order_erasure(&owner(), &order("one")).unwrap();
    let before = (segments(&store), files(folder.path()));
    assert_eq!(erase(&store, &order("one"), &BTreeSet::from([99])), 0);
    assert_eq!((segments(&store), files(folder.path())), before);
}

#[test]
fn a_segment_that_is_merged_meanwhile_is_told_as_gone() {
    let (_folder, store) = thirty();
    store.order_erasure(&owner(), &order("one")).unwrap();
    let before = segments(&store);
    while store.compact(START).unwrap().more {}
    let mut find = |rows: &RecordBatch| Ok(found(rows, &BTreeSet::from([1])));
    let erased = store.erase((&owner(), &order("one")), before[9], &mut find, START).unwrap();
    assert_eq!(erased, Erased::Gone);
    assert_eq!(erase(&store, &order("one"), &BTreeSet::from([1])), 1, "its rows are in another");
}

#[test]
fn what_cannot_be_searched_or_is_altered_stays_as_it_is() {
    let (folder, store) = thirty();
    store.order_erasure(&owner(), &order("one")).unwrap();
    let first = segments(&store)[0];
    let mut fail = |_: &RecordBatch| Err("on purpose".into());
    let error = store.erase((&owner(), &order("one")), first, &mut fail, START).unwrap_err();
    assert!(matches!(error, StoreError::Search { .. }), "{error}");
    assert_eq!(files(folder.path()).len(), 10);

    let snapshot = store.snapshot(&owner(), &topic_id("topic"), TimeRange::ALWAYS).unwrap();
    let path = snapshot.segments[0].path();
    let mut bytes = std::fs::read(path).unwrap();
    bytes[99] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let mut all = |rows: &RecordBatch| Ok(BooleanArray::from(vec![true; rows.num_rows()]));
    let error = store.erase((&owner(), &order("one")), first, &mut all, START).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(Fault::Altered { .. })), "{error}");
    store.end_erasure(&owner(), "one", Some("altered"), START).unwrap();
    let told = store.erasures(&owner(), Page::ALL).unwrap().rows.remove(0);
    assert_eq!((told.state, told.failure.as_str(), told.rows), (ErasureState::Failed, "altered", 0));
}

#[test]
fn an_erasure_belongs_to_its_owner_and_outlives_its_topic() {
    let (_folder, store) = thirty();
    store.order_erasure(&owner(), &order("one")).unwrap();
    let again = store.order_erasure(&owner(), &order("one")).unwrap_err();
    assert!(matches!(again, StoreError::AlreadyExists { .. }), "{again}");
    let elsewhere = crate::folder::owner_of("100002", "ap-guangzhou");
    assert!(store.erasures(&elsewhere, Page::ALL).unwrap().rows.is_empty());
    assert!(matches!(store.order_erasure(&elsewhere, &order("two")), Err(StoreError::NotFound { .. })));
    assert!(matches!(store.end_erasure(&elsewhere, "one", None, START), Err(StoreError::NotFound { .. })));
    store.delete_topic(&owner(), &topic_id("topic"), START).unwrap();
    assert_eq!(store.erasures(&owner(), Page::ALL).unwrap().rows.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Wherever the process dies, and whatever is merged in between, an erasure that is carried out again takes what is
    /// left, counts each row once, and everything else stays as it was.
    #[test]
    fn an_erasure_that_was_cut_short_is_carried_on(
        wanted in vec(0u64..30, 1..20),
        cuts in vec((0usize..12, any::<bool>()), 0..4),
    ) {
        let (mut folder, mut store) = thirty();
        let wanted: BTreeSet<u64> = wanted.into_iter().collect();
        store.order_erasure(&owner(), &order("one")).unwrap();
        for (after, merges) in cuts {
            for segment in segments(&store).into_iter().take(after) {
                let mut find = |rows: &RecordBatch| Ok(found(rows, &wanted));
                store.erase((&owner(), &order("one")), segment, &mut find, START).unwrap();
            }
            if merges {
                while store.compact(START).unwrap().more {}
            }
            folder = copy(folder.path());
            store = Store::open(folder.path()).unwrap();
            prop_assert_eq!(store.running_erasures().unwrap().len(), 1);
        }
        erase(&store, &order("one"), &wanted);
        let left: Vec<u64> = (0..30).filter(|number| !wanted.contains(number)).collect();
        prop_assert_eq!(numbers(&store), left);
        let told = store.erasures(&owner(), Page::ALL).unwrap().rows.remove(0);
        prop_assert_eq!(told.rows, wanted.len() as u64);
        drop(store);
        let proof = verify(folder.path(), None).unwrap().remove(0);
        prop_assert_eq!(&proof.faults, &[]);
        let gone = proof.gaps.iter().filter(|gap| gap.deed == Deed::Erase).map(|gap| gap.rows).sum::<u64>();
        prop_assert_eq!(gone, wanted.len() as u64);
    }
}

fn changed(folder: &std::path::Path, change: &str) -> Vec<Fault> {
    let changed = copy(folder);
    let catalog = rusqlite::Connection::open(changed.path().join("catalog.sqlite")).unwrap();
    assert!(catalog.execute(change, []).unwrap() > 0, "{change}");
    drop(catalog);
    verify(changed.path(), None).unwrap().remove(0).faults
}

#[test]
fn who_ordered_what_and_who_signed_it_cannot_be_changed() {
    let (folder, store) = thirty();
    store.order_erasure(&owner(), &order("one")).unwrap();
    erase(&store, &order("one"), &BTreeSet::from([1]));
    drop(store);
    let key: PublicKey = public_key(folder.path()).unwrap();
    let proof = verify(folder.path(), None).unwrap().remove(0);
    let signed: Vec<_> = proof.signed.iter().map(|signed| (signed.key, signed.links)).collect();
    assert_eq!((proof.unsigned, signed, &proof.faults[..]), (0, vec![(key, 11)], &[][..]));
    for change in [
        "UPDATE chain SET note = replace(note, 'admin', 'other') WHERE number = 11",
        "UPDATE chain SET note = '' WHERE number = 11",
        "UPDATE chain SET note = replace(note, '\"rows\":1', '\"rows\":2') WHERE number = 11",
        "UPDATE chain SET note = '{}' WHERE number = 3",
    ] {
        let faults = changed(folder.path(), change);
        assert!(faults.iter().any(|fault| matches!(fault, Fault::Link { .. })), "{change}: {faults:?}");
    }
    for change in [
        "UPDATE chain SET signature = NULL WHERE number = 5",
        "UPDATE chain SET signature = zeroblob(96) WHERE number = 1",
        "UPDATE chain SET signature = (SELECT signature FROM chain WHERE number = 2) WHERE number = 5",
        "UPDATE chain SET signature = substr(signature, 1, 95) WHERE number = 11",
    ] {
        let faults = changed(folder.path(), change);
        assert!(matches!(faults[..], [Fault::Signature { .. }]), "{change}: {faults:?}");
    }
}

#[test]
fn a_chain_is_signed_from_the_first_program_on_that_signs_and_by_each_key_that_its_folder_had() {
    let (folder, store) = thirty();
    drop(store);
    let first = public_key(folder.path()).unwrap();
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.sqlite")).unwrap();
    catalog.execute("UPDATE chain SET signature = NULL WHERE number <= 4", []).unwrap();
    drop(catalog);
    // As after a restore: back-ups do not hold the key.
    std::fs::remove_file(folder.path().join("chain-key")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.append(&[batch("topic", 99, vec![record(Timestamp::default(), 99)])], START).unwrap();
    drop(store);
    let second = public_key(folder.path()).unwrap();
    assert_ne!(first, second);
    let proof = verify(folder.path(), None).unwrap().remove(0);
    let signed: Vec<_> = proof.signed.iter().map(|signed| (signed.key, signed.links)).collect();
    assert_eq!((proof.unsigned, signed, &proof.faults[..]), (4, vec![(first, 6), (second, 1)], &[][..]));
}
