//! Disks that are full, read-only or damaged: nothing acknowledged is lost, and all goes on by itself afterwards.
//!
//! Hides: nothing.
//! Knows nothing of: how the store finds out.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flow::{Record, TimeRange, Timestamp};
use store::{BatchFate, Fault, NewBatch, Store, StoreError, Trouble};
use testkit::on_small_disk;

use crate::folder::{START, batch, files, owner, record, rows, rows_of, store_in, store_with, topic_id};
use crate::simulated::{Failure, Plan, SimulatedDisk};

const TOPIC: &str = "topic";

/// Records that no encoding makes small.
fn large_batch(id: u64) -> NewBatch {
    let mut chance = fastrand::Rng::with_seed(id);
    let records = (0..4000).map(|_| Record {
        packets: Some(chance.u64(..) >> 1),
        reply_bytes: Some(chance.u64(..) >> 1),
        reply_packets: Some(chance.u64(..) >> 1),
        ..record(START, chance.u64(..) >> 1)
    });
    batch(TOPIC, id.into(), records.collect())
}

fn count(store: &Store) -> usize {
    rows(store, TOPIC).len()
}

/// The files of segments, those that are not finished included.
fn segment_files(folder: &Path) -> Vec<String> {
    files(folder).into_iter().filter(|name| name.starts_with("segment-")).collect()
}

/// Appends until the disk refuses; returns how many batches were stored, and why no more are.
fn append_until_refused(store: &Store) -> (u64, StoreError) {
    for id in 1.. {
        match store.append(&[large_batch(id)], START) {
            Ok(fates) => assert_eq!(fates, [BatchFate::Stored]),
            Err(error) => return (id - 1, error),
        }
    }
    unreachable!("no disk is endless")
}

#[test]
fn a_full_disk_takes_no_batch_and_retention_makes_room_for_the_next() {
    on_small_disk("full-disk", 4 << 20, |disk| {
        let folder = disk.folder().join("data");
        let store = store_in(&folder, &[(TOPIC, 1)]);
        let (stored, error) = append_until_refused(&store);
        assert_eq!((error.trouble(), store.trouble()), (Some(Trouble::Full), Some(Trouble::Full)), "{error}");
        assert!(stored > 0 && count(&store) as u64 == stored * 4000, "what was acknowledged is there");
        assert_eq!(segment_files(&folder).len() as u64, stored, "nothing is left of what was refused");
        let done = store.expire(START.plus(Duration::from_secs(3 * 24 * 3600))).unwrap();
        assert_eq!(done.segments, stored);
        store.try_writing().unwrap();
        assert_eq!(store.trouble(), None);
        assert_eq!(store.append(&[large_batch(stored + 1)], START).unwrap(), [BatchFate::Stored]);
        assert_eq!(count(&store), 4000);
    });
}

#[test]
fn a_disk_that_fills_while_rows_are_written_leaves_no_file_and_takes_the_same_batch_later() {
    on_small_disk("fills-up", 16 << 20, |disk| {
        let folder = disk.folder().join("data");
        let store = store_in(&folder, &[(TOPIC, 7)]);
        store.append(&[batch(TOPIC, 1, vec![record(START, 1)])], START).unwrap();
        // More than what is kept free, less than the rows take.
        disk.fill(disk.folder(), 360 << 10).unwrap();
        let large: Vec<NewBatch> = (2..7).map(large_batch).collect();
        let error = store.append(&large, START).unwrap_err();
        assert!(matches!(error, StoreError::Segment { .. } | StoreError::Io { .. }), "{error:?}");
        assert_eq!(store.trouble(), Some(Trouble::Full));
        assert_eq!(segment_files(&folder), ["segment-0000000001.parquet"]);
        disk.free(disk.folder()).unwrap();
        assert_eq!(store.append(&large, START).unwrap(), [BatchFate::Stored; 5]);
        assert_eq!((count(&store), store.trouble()), (1 + 5 * 4000, None));
    });
}

#[test]
fn a_catalog_without_room_stores_nothing_and_goes_on_when_there_is_some() {
    on_small_disk("full-catalog", 1 << 20, |disk| {
        let folder = disk.folder().join("data");
        let store = store_in(&folder, &[(TOPIC, 7)]);
        drop(store);
        // Segments have room, the catalog has none.
        let segments = folder.join("segments");
        disk.add(&segments, 16 << 20).unwrap();
        let store = Store::open(&folder).unwrap();
        disk.fill(disk.folder(), 0).unwrap();
        let mut stored = 0;
        let error = loop {
            match store.append(&[batch(TOPIC, stored.into(), vec![record(START, stored)])], START) {
                Ok(_) => stored += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StoreError::Catalog(_)), "{error:?}");
        assert_eq!((error.trouble(), store.trouble()), (Some(Trouble::Full), Some(Trouble::Full)));
        assert_eq!(count(&store) as u64, stored);
        disk.free(disk.folder()).unwrap();
        let again = [batch(TOPIC, stored.into(), vec![record(START, stored)])];
        assert_eq!(store.append(&again, START).unwrap(), [BatchFate::Stored]);
        assert_eq!((count(&store) as u64, store.trouble()), (stored + 1, None));
        assert_eq!(segment_files(&folder).len() as u64, stored + 1, "the doubtful file is gone");
        drop(store);
        disk.take_away(&segments).unwrap();
    });
}

#[test]
fn a_read_only_disk_refuses_in_words_and_takes_the_batch_once_it_can() {
    on_small_disk("read-only", 4 << 20, |disk| {
        let folder = disk.folder().join("data");
        let store = store_in(&folder, &[(TOPIC, 7)]);
        let topic = folder.join("segments/100001/ap-guangzhou/topic-100001");
        fs::create_dir_all(&topic).unwrap();
        disk.add_read_only(&topic).unwrap();
        let one = [batch(TOPIC, 1, vec![record(START, 1)])];
        let error = store.append(&one, START).unwrap_err();
        assert_eq!((error.trouble(), store.trouble()), (Some(Trouble::ReadOnly), Some(Trouble::ReadOnly)));
        assert!(error.to_string().starts_with("cannot create `"), "{error}");
        disk.take_away(&topic).unwrap();
        assert_eq!(store.append(&one, START).unwrap(), [BatchFate::Stored]);
        assert_eq!((count(&store), store.trouble()), (1, None));
    });
}

/// A disk that fails at every change in turn, each time with a new store.
#[track_caller]
fn check_every_change(failure: Failure, trouble: Trouble) {
    let one = [batch(TOPIC, 1, vec![record(START, 1)])];
    for after in 0.. {
        let (folder, store) = store_with(&[(TOPIC, 7)]);
        drop(store);
        let disk = SimulatedDisk::under(&folder.path().join("segments"), 1);
        let store = Store::open_on(Arc::new(disk.clone()), folder.path()).unwrap();
        disk.plan(Plan { failure, after });
        let outcome = store.append(&one, START);
        if !disk.heal() {
            assert_eq!(outcome.unwrap(), [BatchFate::Stored]);
            assert!(after > 8, "folders, file, rows, flushes and names are changes");
            return;
        }
        if let Err(error) = &outcome {
            assert_eq!((error.trouble(), store.trouble()), (Some(trouble), Some(trouble)), "change {after}");
            assert_eq!(count(&store), 0, "change {after}");
        }
        store.append(&one, START).unwrap();
        assert_eq!((count(&store), store.trouble()), (1, None), "change {after}");
        assert_eq!(segment_files(folder.path()).len(), 1, "change {after}: nothing is left");
    }
}

#[test]
fn an_input_output_error_at_any_change_stores_nothing_and_the_batch_is_taken_again() {
    check_every_change(Failure::Error, Trouble::Failing);
}

#[test]
fn a_disk_that_is_full_at_any_change_stores_nothing_and_the_batch_is_taken_again() {
    check_every_change(Failure::Full, Trouble::Full);
}

/// Eight segments of one row each.
fn eight_segments() -> (tempfile::TempDir, Store) {
    let (folder, store) = store_with(&[(TOPIC, 7)]);
    for id in 1..=8 {
        let at = START.plus(Duration::from_secs(id));
        store.append(&[batch(TOPIC, id.into(), vec![record(at, id)])], START).unwrap();
    }
    (folder, store)
}

type Harm = fn(&Path);

/// What happens to files.
fn damages() -> Vec<(&'static str, Harm)> {
    fn flip(path: &Path, at: impl Fn(usize) -> usize) {
        let mut bytes = fs::read(path).unwrap();
        let place = at(bytes.len());
        bytes[place] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    vec![
        ("a bit of a page", |path| flip(path, |_| 40)),
        ("a bit of the footer", |path| flip(path, |length| length - 100)),
        ("the last bit", |path| flip(path, |length| length - 1)),
        ("bytes behind the end", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, [bytes, vec![0; 9]].concat()).unwrap();
        }),
        ("cut short", |path| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }),
        ("nothing in it", |path| fs::write(path, []).unwrap()),
        ("lost", |path| fs::remove_file(path).unwrap()),
    ]
}

#[test]
fn every_damage_is_found_named_with_its_records_and_forgotten_when_the_file_is_back() {
    let (_folder, store) = eight_segments();
    let snapshot = store.snapshot(&owner(), &topic_id(TOPIC), TimeRange::ALWAYS).unwrap();
    let third = &snapshot.segments[5];
    let sound = fs::read(third.path()).unwrap();
    for (name, damage) in damages() {
        damage(third.path());
        let found = store.examine(&snapshot.segments);
        let [found] = &found[..] else { panic!("{name}: {found:?}") };
        assert_eq!((found.segment, found.rows, found.range), (third.id(), 1, third.range()), "{name}");
        assert_eq!(matches!(found.fault, Fault::Missing { .. }), name == "lost", "{name}");
        assert_eq!(store.damages(), std::slice::from_ref(found), "{name}");
        fs::write(third.path(), &sound).unwrap();
        assert_eq!(store.examine(&snapshot.segments), [], "{name}");
        assert_eq!(store.damages(), [], "{name}");
    }
}

#[test]
fn a_round_through_all_segments_finds_damage_that_nobody_asked_for_and_begins_again_a_day_later() {
    let (_folder, store) = eight_segments();
    let snapshot = store.snapshot(&owner(), &topic_id(TOPIC), TimeRange::ALWAYS).unwrap();
    let (_, flip) = damages()[0];
    assert!(!store.examine_next(START).unwrap(), "one call is enough for eight");
    flip(snapshot.segments[0].path());
    let day = Duration::from_secs(24 * 3600);
    store.examine_next(START.plus(day - Duration::from_secs(1))).unwrap();
    assert_eq!((store.damages().len(), store.metrics().segments_examined), (0, 8));
    store.examine_next(START.plus(day)).unwrap();
    assert_eq!((store.damages().len(), store.metrics().segments_examined), (1, 16));
}

#[test]
fn damage_holds_up_no_merge_but_its_own_and_goes_with_its_topic() {
    let (folder, store) = eight_segments();
    let snapshot = store.snapshot(&owner(), &topic_id(TOPIC), TimeRange::ALWAYS).unwrap();
    let damaged = snapshot.segments[2].id();
    let (_, flip) = damages()[0];
    flip(snapshot.segments[2].path());
    drop(snapshot);
    let later = START.plus(Duration::from_secs(12 * 3600));
    let error = store.compact(later).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(Fault::Altered { .. })), "{error:?}");
    let done = store.compact(later).unwrap();
    assert_eq!((done.merges, done.segments_merged), (1, 7));
    let snapshot = store.snapshot(&owner(), &topic_id(TOPIC), TimeRange::ALWAYS).unwrap();
    assert!(snapshot.segments.iter().any(|segment| segment.id() == damaged), "it stays where it is");
    drop(snapshot);
    store.delete_topic(&owner(), &topic_id(TOPIC), later).unwrap();
    assert_eq!((store.damages(), segment_files(folder.path())), (Vec::new(), Vec::new()));
}

#[test]
fn a_file_that_is_lost_or_cut_short_while_the_server_is_down_is_known_when_it_starts() {
    let (folder, store) = eight_segments();
    let snapshot = store.snapshot(&owner(), &topic_id(TOPIC), TimeRange::ALWAYS).unwrap();
    let (lost, cut) = (&snapshot.segments[0], &snapshot.segments[1]);
    fs::remove_file(lost.path()).unwrap();
    File::options().write(true).open(cut.path()).unwrap().set_len(9).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let mut ids: Vec<i64> = store.damages().iter().map(|damage| damage.segment).collect();
    ids.sort_unstable();
    assert_eq!(ids, [cut.id(), lost.id()]);
    let mut snapshot = store.snapshot(&owner(), &topic_id(TOPIC), TimeRange::ALWAYS).unwrap();
    snapshot.segments.retain(|segment| !ids.contains(&segment.id()));
    let moments: Vec<Timestamp> = rows_of(&snapshot).into_iter().map(|(_, record)| record.start).collect();
    assert_eq!(moments.len(), 6, "the rest is answered");
}
