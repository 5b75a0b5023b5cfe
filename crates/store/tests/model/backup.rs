//! A back-up holds what was acknowledged, and is a data folder itself.
//!
//! Hides: nothing.
//! Knows nothing of: how.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use flow::TimeRange;
use store::{Backup, Store, StoreError, back_up, restore, verify};
use tempfile::{TempDir, tempdir};

use crate::folder::{START, batch, files, record, rows, rows_of, store_with};

/// Eight commits of a record.
fn store() -> (TempDir, Store) {
    let (folder, store) = store_with(&[("topic", 7)]);
    (1..=8).for_each(|id| append(&store, id));
    (folder, store)
}

fn append(store: &Store, id: u64) {
    store.append(&[batch("topic", id.into(), vec![record(START, id)])], START).unwrap();
}

/// Whether every topic of a folder is as it was stored.
fn is_proven(folder: &Path) -> bool {
    verify(folder, None).unwrap().iter().all(|proof| proof.faults.is_empty())
}

#[test]
fn what_is_restored_is_what_was_stored() {
    let (folder, store) = store();
    let (backup, restored) = (tempdir().unwrap(), tempdir().unwrap());
    let made = back_up(folder.path(), backup.path()).unwrap();
    assert_eq!((made.segments, made.rows, made.copied, made.removed), (8, 8, 8, 0));
    assert!(is_proven(backup.path()));
    let again = restore(backup.path(), restored.path()).unwrap();
    assert_eq!(again, made);
    assert!(is_proven(restored.path()));
    let restored = Store::open(restored.path()).unwrap();
    assert_eq!(rows(&restored, "topic"), rows(&store, "topic"));
    append(&restored, 9);
}

#[test]
fn a_second_back_up_copies_what_is_new_and_lets_go_of_what_is_gone() {
    let (folder, store) = store();
    let backup = tempdir().unwrap();
    back_up(folder.path(), backup.path()).unwrap();
    append(&store, 9);
    let second = back_up(folder.path(), backup.path()).unwrap();
    assert_eq!((second.segments, second.copied, second.removed), (9, 1, 0));
    assert_eq!(store.compact(START).unwrap().merges, 1);
    let third = back_up(folder.path(), backup.path()).unwrap();
    assert_eq!((third.segments, third.copied, third.rows), (files(folder.path()).len() as u64, 1, 9));
    assert_eq!(files(backup.path()), files(folder.path()));
    assert!(is_proven(backup.path()));
    let none = Backup { copied: 0, bytes: 0, removed: 0, ..third };
    assert_eq!(back_up(folder.path(), backup.path()).unwrap(), none);
}

#[test]
fn files_of_others_in_a_back_up_stay() {
    let (folder, store) = store();
    let backup = tempdir().unwrap();
    back_up(folder.path(), backup.path()).unwrap();
    let note = backup.path().join("segments/100001/ap-guangzhou/topic-100001/note");
    std::fs::write(&note, b"of a person").unwrap();
    assert_eq!(store.compact(START).unwrap().merges, 1);
    assert_eq!(back_up(folder.path(), backup.path()).unwrap().removed, 8);
    assert!(note.is_file());
}

#[test]
fn a_back_up_of_a_store_that_is_written_and_merged_is_whole() {
    let (folder, store) = store_with(&[("topic", 7)]);
    let backup = tempdir().unwrap();
    let acknowledged = AtomicU64::new(0);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for id in 1..=120 {
                append(&store, id);
                acknowledged.store(id, Ordering::SeqCst);
                store.compact(START).unwrap();
            }
        });
        loop {
            let before = acknowledged.load(Ordering::SeqCst);
            let made = back_up(folder.path(), backup.path()).unwrap();
            assert!(before <= made.rows, "{} of {before} acknowledged", made.rows);
            assert!(made.faulty.is_empty() && is_proven(backup.path()));
            if before == 120 {
                break;
            }
        }
    });
}

#[test]
fn a_missing_or_altered_segment_is_named_and_the_others_are_kept() {
    let (folder, _store) = store();
    let topic = folder.path().join("segments/100001/ap-guangzhou/topic-100001");
    let names = files(folder.path());
    let (lost, altered) = (topic.join(&names[2]), topic.join(&names[5]));
    std::fs::remove_file(&lost).unwrap();
    std::fs::write(&altered, b"other bytes").unwrap();
    let backup = tempdir().unwrap();
    let made = back_up(folder.path(), backup.path()).unwrap();
    assert_eq!((made.segments, made.copied), (8, 6));
    assert_eq!(made.faulty, [lost, altered].into());
}

#[test]
fn nothing_but_a_back_up_is_written_over() {
    let (folder, store) = store();
    let backup = tempdir().unwrap();
    let own = back_up(folder.path(), folder.path()).unwrap_err();
    assert!(matches!(own, StoreError::NotABackup { .. }), "{own}");
    back_up(folder.path(), backup.path()).unwrap();
    let over = restore(backup.path(), folder.path()).unwrap_err();
    assert!(matches!(over, StoreError::Occupied { .. }), "{over}");
    let nothing = back_up(&folder.path().join("none"), backup.path()).unwrap_err();
    assert!(matches!(nothing, StoreError::NoStore { .. }), "{nothing}");
    // A store that lives in it makes a folder no back-up any more.
    let lives = Store::open(backup.path()).unwrap();
    append(&lives, 9);
    drop(lives);
    let lived = back_up(folder.path(), backup.path()).unwrap_err();
    assert!(matches!(lived, StoreError::NotABackup { .. }), "{lived}");
    assert_eq!(rows(&store, "topic").len(), 8);
}

#[test]
fn an_older_catalog_becomes_a_newer_one_on_the_way() {
    let old = crate::formats::folder_of((1, 1));
    let backup = tempdir().unwrap();
    let made = back_up(old.path(), backup.path()).unwrap();
    assert!(made.segments > 0 && made.faulty.is_empty());
    // Its segments get their chains where the folder is opened.
    drop(Store::open(backup.path()).unwrap());
    assert!(is_proven(backup.path()));
    let seen = |folder: &Path| {
        let store = Store::open(folder).unwrap();
        let (owner, topic) = (crate::v1::owner(), crate::v1::topic().id);
        rows_of(&store.snapshot(&owner, &topic, TimeRange::ALWAYS).unwrap())
    };
    assert_eq!(seen(backup.path()), seen(old.path()));
}
