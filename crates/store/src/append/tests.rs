//! What a crash or a failure between two steps of storing leaves.
//!
//! Hides: nothing.
//! Knows nothing of: what happens when all goes well; the tests of the whole store tell that.

use flow::{LogStatus, TimeRange};
use tempfile::TempDir;

use super::*;
use crate::catalog::logset::LogsetRow;
use crate::catalog::topic::{BYTES_UNBOUNDED, StorageType, TopicRow};

const NOW: Timestamp = Timestamp::from_seconds(1_795_564_800);

fn owner() -> Owner {
    Owner { account: "100001".parse().unwrap(), region: "ap-guangzhou".parse().unwrap() }
}

fn store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id: flow::LogsetId = "logset-100001".parse().unwrap();
    let logset =
        LogsetRow { id: id.clone(), name: "logset".to_owned(), tags: Vec::new(), topics: 0, created: NOW };
    store.create_logset(&owner(), &logset).unwrap();
    let topic = TopicRow {
        id: batch().topic,
        logset: id,
        name: "topic".to_owned(),
        period_days: 7,
        bytes_max: BYTES_UNBOUNDED,
        storage_type: StorageType::Hot,
        describes: String::new(),
        tags: Vec::new(),
        collecting: true,
        indexed: false,
        created: NOW,
    };
    store.create_topic(&owner(), &topic).unwrap();
    (folder, store)
}

fn batch() -> NewBatch {
    NewBatch {
        id: Uuid::from_u128(1),
        owner: owner(),
        topic: "topic-100001".parse().unwrap(),
        gateway: "nat-a1b2c3d4".parse().unwrap(),
        records: vec![Record::empty(NOW, NOW, LogStatus::NoData)],
    }
}

fn rows(store: &Store) -> u64 {
    let snapshot = store.snapshot(&owner(), &batch().topic, TimeRange::ALWAYS).unwrap();
    snapshot.segments.iter().map(|segment| segment.rows()).sum()
}

fn files(folder: &TempDir) -> usize {
    let topic = folder.path().join("segments/100001/ap-guangzhou/topic-100001");
    std::fs::read_dir(topic).map_or(0, Iterator::count)
}

#[test]
fn a_crash_between_file_and_catalog_leaves_no_row_and_a_file_that_is_moved_aside() {
    let (folder, store) = store();
    let batches = [batch()];
    let (_, shares) = store.catalog().read(|connection| share_out(connection, &batches)).unwrap();
    store.prepare(shares, NOW).unwrap();
    assert_eq!((files(&folder), rows(&store)), (1, 0));
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!((files(&folder), rows(&store), store.metrics().files_moved_aside), (0, 0, 1));
    assert_eq!(store.append(&batches, NOW).unwrap(), [BatchFate::Stored]);
    assert_eq!((files(&folder), rows(&store)), (1, 1));
}

#[test]
fn a_catalog_that_fails_stores_nothing_and_its_file_goes_after_the_next_success() {
    let (folder, store) = store();
    let sql = |text: &str| store.catalog().transact(|catalog| Ok(catalog.execute_batch(text)?)).unwrap();
    sql("CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    store.append(&[batch()], NOW).unwrap_err();
    assert_eq!((files(&folder), rows(&store)), (1, 0));
    sql("DROP TRIGGER full");
    assert_eq!(store.append(&[batch()], NOW).unwrap(), [BatchFate::Stored]);
    assert_eq!((files(&folder), rows(&store)), (1, 1));
}

#[test]
fn a_disk_that_fails_stores_nothing_and_leaves_nothing() {
    let (folder, store) = store();
    let topic = folder.path().join("segments/100001/ap-guangzhou/topic-100001");
    std::fs::create_dir_all(&topic).unwrap();
    // A folder in the place of the file: writing goes well, giving the file its name does not.
    let in_the_way = topic.join("segment-0000000001.parquet");
    std::fs::create_dir(&in_the_way).unwrap();
    store.append(&[batch()], NOW).unwrap_err();
    assert_eq!((files(&folder), rows(&store)), (1, 0), "only what stood in the way");
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(store.append(&[batch()], NOW).unwrap(), [BatchFate::Stored]);
    assert_eq!((files(&folder), rows(&store)), (1, 1));
}
