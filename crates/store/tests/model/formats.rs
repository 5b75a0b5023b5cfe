//! What was written once is read for ever.
//!
//! Hides: nothing.
//! Knows nothing of: how fixtures are written; `examples/write_fixtures.rs` did that.

use std::path::{Path, PathBuf};
use std::time::Duration;

use flow::{Record, TimeRange};
use store::{
    BatchFate, FlowLogFilter, FlowLogOrder, LogsetFilter, Page, Store, StoreError, TopicFilter, verify,
};
use tempfile::TempDir;

use crate::folder::{copy_into, rows_of};
use crate::v1;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

/// The formats of catalog and segments that programs wrote together.
const FORMATS: [(u32, u32); 5] = [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)];

/// A data folder as a program of these formats left it; all hold the same.
pub(crate) fn folder_of((catalog, segments): (u32, u32)) -> TempDir {
    let folder = TempDir::new().unwrap();
    copy_into(&fixture(&format!("catalog/v{catalog}")), folder.path());
    copy_into(&fixture(&format!("segments/v{segments}")), &folder.path().join("segments"));
    folder
}

#[test]
fn reads_catalogs_of_every_version() {
    FORMATS.into_iter().for_each(reads_catalog);
}

#[track_caller]
fn reads_catalog(formats: (u32, u32)) {
    let folder = folder_of(formats);
    let store = Store::open(folder.path()).unwrap();
    let (owner, account) = (v1::owner(), v1::owner().account);
    let logsets = store.describe_logsets(&owner, &LogsetFilter::default(), Page::ALL).unwrap();
    assert_eq!(logsets.rows, [v1::logset()]);
    let topics = store.describe_topics(&owner, &TopicFilter::default(), Page::ALL).unwrap();
    assert_eq!(topics.rows, [v1::topic()]);
    assert_eq!(store.index(&owner, &v1::topic().id).unwrap(), Some(v1::index()));
    let all = FlowLogFilter::default();
    let flow_logs = store.describe_flow_logs(&owner, &all, FlowLogOrder::Newest, Page::ALL).unwrap();
    assert_eq!(flow_logs.rows, [v1::flow_log()]);
    let deleted = store.order(&owner, &v1::deleted_flow_log().id).unwrap().map(|order| order.topic);
    let remembers = formats.0 >= 3;
    assert_eq!(deleted, remembers.then(|| v1::topic().id));
    assert_eq!(store.gateway(&owner, &v1::gateway().id).unwrap(), v1::gateway());
    assert_eq!(store.gateway_of_token(&v1::TOKEN_HASH).unwrap(), Some((owner, v1::gateway().id)));
    assert_eq!(store.users(&account).unwrap(), [v1::user()]);
    assert_eq!(
        store.session(&v1::session().hash, v1::CREATED).unwrap(),
        Some((account.clone(), v1::session()))
    );
    assert_eq!(store.access_keys(&account).unwrap(), [v1::access_key()]);
    assert_eq!(store.enrolment_account(&v1::enrolment_token().hash, v1::CREATED).unwrap(), account);
    let link = store.spend_one_time_link(&v1::one_time_link().hash, v1::CREATED).unwrap();
    assert_eq!(link, (account, v1::one_time_link().user));
    let again = store.append(&v1::batches(), v1::CREATED).unwrap();
    assert_eq!(again, [BatchFate::AlreadyStored; 2], "the ids of batches are remembered");
}

#[test]
fn reads_and_proves_segments_of_every_version() {
    FORMATS.into_iter().for_each(reads_segments);
}

#[track_caller]
fn reads_segments(formats: (u32, u32)) {
    let folder = folder_of(formats);
    let store = Store::open(folder.path()).unwrap();
    let mut sent: Vec<Record> = v1::batches().into_iter().flat_map(|batch| batch.records).collect();
    sent.sort_by_key(|record| (record.bytes, record.start));
    let read = || rows_of(&store.snapshot(&v1::owner(), &v1::topic().id, TimeRange::ALWAYS).unwrap());
    let before = read();
    let mut records: Vec<Record> = before.iter().map(|(_, record)| record.clone()).collect();
    records.sort_by_key(|record| (record.bytes, record.start));
    assert_eq!(records, sent);
    let next_day = v1::CREATED.plus(Duration::from_secs(3 * 24 * 3600));
    assert_eq!(store.compact(next_day).unwrap().segments_merged, 2);
    assert_eq!(read(), before, "old segments merge into new ones");
    drop(store);
    let proofs = verify(folder.path(), None).unwrap();
    assert!(proofs.iter().all(|proof| proof.faults.is_empty()), "what was adopted is sealed: {proofs:?}");
}

#[test]
fn a_folder_of_an_older_program_is_proven_as_it_is() {
    for formats in FORMATS {
        let proven = verify(folder_of(formats).path(), None);
        match formats {
            (1, _) => assert!(matches!(proven, Err(StoreError::NoChain { .. })), "{proven:?}"),
            _ => assert!(proven.unwrap().iter().all(|proof| proof.segments > 0 && proof.faults.is_empty())),
        }
    }
}

#[test]
fn a_newer_catalog_is_left_alone() {
    let folder = folder_of((2, 2));
    let path = folder.path().join("catalog.sqlite");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1_000_000).unwrap();
    drop(newer);
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerFormat { found: 1_000_000, .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
