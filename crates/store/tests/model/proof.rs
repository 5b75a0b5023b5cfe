//! What was stored can be proven, and what was changed is found.
//!
//! Hides: nothing.
//! Knows nothing of: how.

use std::path::{Path, PathBuf};
use std::time::Duration;

use store::{Deed, Fault, Proof, Store, StoreError, verify};
use tempfile::TempDir;

use crate::folder::{START, batch, copy, files, record, store_with, topic_id};

const HOUR: Duration = Duration::from_secs(3600);

/// Three commits, and a segment that was made of eight.
fn folder() -> TempDir {
    let (folder, store) = store_with(&[("topic", 7)]);
    for id in 1..=8 {
        store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
    }
    assert_eq!(store.compact(START).unwrap().merges, 1);
    for id in 9..=11 {
        let later = START.plus(HOUR * 24 * 5);
        store.append(&[batch("topic", id.into(), vec![record(later, id)])], later).unwrap();
    }
    folder
}

fn proof(folder: &Path) -> Result<Proof, StoreError> {
    verify(folder, Some(&topic_id("topic"))).map(|proofs| proofs.into_iter().next().unwrap())
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let topic = folder.join("segments/100001/ap-guangzhou/topic-100001");
    files(folder).into_iter().map(|name| topic.join(name)).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1 << (at % 8);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_there_and_what_went_rightly_is_proven() {
    let folder = folder();
    let before = proof(folder.path()).unwrap();
    assert_eq!((before.rows, before.segments, &before.faults[..]), (11, 4, &[][..]));
    let store = Store::open(folder.path()).unwrap();
    let week_later = START.plus(HOUR * 24 * 8);
    assert_eq!(store.expire(week_later).unwrap().rows, 8);
    drop(store);
    let after = proof(folder.path()).unwrap();
    assert_eq!((after.rows, after.segments, &after.faults[..]), (3, 3, &[][..]));
    let [gap] = &after.gaps[..] else { panic!("{:?}", after.gaps) };
    assert_eq!((gap.deed, gap.at, gap.rows, gap.first), (Deed::Expire, week_later, 8, START));
    assert!(after.went_through(&before.head()) && !before.went_through(&after.head()));
}

#[test]
fn a_deleted_topic_leaves_its_chain() {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    store.delete_topic(&crate::folder::owner(), &topic_id("topic"), START.plus(HOUR)).unwrap();
    drop(store);
    let proof = proof(folder.path()).unwrap();
    assert_eq!((proof.rows, proof.gaps.last().unwrap().rows, &proof.faults[..]), (0, 11, &[][..]));
}

#[test]
fn a_bit_that_flips_anywhere_in_a_segment_is_found() {
    let folder = folder();
    let path = segments(folder.path()).remove(0);
    let length = std::fs::read(&path).unwrap().len();
    for at in (0..length).step_by(61).chain([length - 1]) {
        flip(&path, at);
        let found = proof(folder.path()).unwrap().faults;
        assert_eq!(found, [Fault::Altered { path: path.clone() }], "byte {at}");
        flip(&path, at);
    }
    assert_eq!(proof(folder.path()).unwrap().faults, []);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(proof(folder.path()).unwrap().faults, [Fault::Missing { path }]);
}

#[test]
fn a_change_of_the_catalog_is_found() {
    let folder = folder();
    for change in [
        "UPDATE segments SET rows = rows + 1 WHERE id = 9",
        "UPDATE segments SET bytes = bytes + 1 WHERE id = 9",
        "UPDATE segments SET first_ms = first_ms - 1 WHERE id = 9",
        "UPDATE segments SET last_ms = last_ms + 1 WHERE id = 9",
        "UPDATE segments SET digest = zeroblob(32) WHERE id = 9",
        "UPDATE segments SET id = 99 WHERE id = 9",
        "UPDATE segments SET topic = 'other-100001' WHERE id = 9",
        "DELETE FROM segments WHERE id = 9",
        "UPDATE chain SET deed = 'expire' WHERE number = 9",
        "UPDATE chain SET at_ms = at_ms + 1 WHERE number = 1",
        "UPDATE chain SET added = replace(added, '\"rows\":1', '\"rows\":2') WHERE number = 3",
        "UPDATE chain SET removed = '[1]' WHERE number = 9",
        "UPDATE chain SET digest = zeroblob(32) WHERE number = 12",
        "UPDATE chain SET topic = 'other-100001' WHERE number = 12",
        "DELETE FROM chain WHERE number = 12",
        "DELETE FROM chain WHERE number = 1",
        "DELETE FROM chain",
    ] {
        let changed = copy(folder.path());
        let catalog = rusqlite::Connection::open(changed.path().join("catalog.sqlite")).unwrap();
        assert!(catalog.execute(change, []).unwrap() > 0, "{change}");
        drop(catalog);
        let proofs = verify(changed.path(), None).unwrap();
        assert!(proofs.iter().any(|proof| !proof.faults.is_empty()), "{change}");
    }
}

#[test]
fn a_bit_that_flips_anywhere_in_the_catalog_is_found_or_changes_nothing_about_records() {
    let folder = folder();
    drop(Store::open(folder.path()).unwrap());
    let before = proof(folder.path()).unwrap();
    let path = folder.path().join("catalog.sqlite");
    let whole = std::fs::read(&path).unwrap();
    let mut found = 0;
    for at in (0..whole.len()).step_by(211) {
        flip(&path, at);
        match proof_or_none(folder.path()) {
            Some(proof) if proof.faults.is_empty() => assert_eq!(proof, before, "byte {at}"),
            Some(_) | None => found += 1,
        }
        std::fs::write(&path, &whole).unwrap();
    }
    assert!(found > 20, "{found} flips were found: most of the file is empty");
}

/// `None` when the catalog is so damaged that nothing can be proven.
fn proof_or_none(folder: &Path) -> Option<Proof> {
    verify(folder, Some(&topic_id("topic"))).ok()?.into_iter().next()
}

#[test]
fn a_history_that_was_written_anew_is_found_by_a_head_that_was_kept() {
    let kept = proof(folder().path()).unwrap().head();
    let (forged, store) = store_with(&[("topic", 7)]);
    store.append(&[batch("topic", 1, vec![record(START, 666)])], START).unwrap();
    drop(store);
    let proof = proof(forged.path()).unwrap();
    assert_eq!(proof.faults, []);
    assert!(!proof.went_through(&kept));
}

#[test]
fn an_altered_segment_is_not_merged() {
    let (folder, store) = store_with(&[("topic", 7)]);
    for id in 1..=8 {
        store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
    }
    let path = segments(folder.path()).remove(3);
    flip(&path, 99);
    let error = store.compact(START).unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged(Fault::Altered { path: altered }) if *altered == path),
        "{error}"
    );
    assert_eq!(files(folder.path()).len(), 8, "nothing was replaced");
}

#[test]
fn nothing_is_proven_beside_a_server_or_where_nothing_is() {
    let (folder, _store) = store_with(&[("topic", 7)]);
    assert!(matches!(verify(folder.path(), None), Err(StoreError::Locked { .. })));
    let empty = TempDir::new().unwrap();
    assert!(matches!(verify(empty.path(), None), Err(StoreError::NotFound { .. })));
}
