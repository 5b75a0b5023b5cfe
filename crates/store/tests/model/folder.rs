//! A data folder for a test, and what is read back from it.
//!
//! Hides: how a row of a segment becomes a record again.
//! Knows nothing of: any particular test.

use std::collections::HashSet;
use std::fs::File;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use flow::{FIELDS, FieldKind, FlowId, LogStatus, Record, TimeRange, Timestamp, TopicId, Value, field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use store::{
    AGE_COLUMN, BYTES_UNBOUNDED, DURATION_COLUMN, FLOW_ID_FOLLOWS, FOLLOWS_COLUMN, LogsetRow, NewBatch,
    Owner, ROW_COLUMN, SAME_AS, SameAs, Snapshot, StorageType, Store, StoreError, TIMESTAMP_COLUMN, TopicRow,
    address_of,
};
use tempfile::TempDir;
use uuid::Uuid;

/// Where most tests begin: 2026-11-25 00:00 UTC.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_795_564_800);

pub(crate) fn owner() -> Owner {
    owner_of("100001", "ap-guangzhou")
}

pub(crate) fn owner_of(account: &str, region: &str) -> Owner {
    Owner { account: account.parse().unwrap(), region: region.parse().unwrap() }
}

pub(crate) fn topic_id(name: &str) -> TopicId {
    format!("{name}-100001").parse().unwrap()
}

/// An empty store with topics of these names and retentions, all in one logset.
pub(crate) fn store_with(topics: &[(&str, u32)]) -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = store_in(folder.path(), topics);
    (folder, store)
}

/// The same in this folder.
pub(crate) fn store_in(folder: &Path, topics: &[(&str, u32)]) -> Store {
    let store = Store::open(folder).unwrap();
    let logset = LogsetRow {
        id: "logset-100001".parse().unwrap(),
        name: "logset".to_owned(),
        tags: Vec::new(),
        topics: 0,
        created: START,
    };
    store.create_logset(&owner(), &logset).unwrap();
    for (name, period_days) in topics {
        create_topic(&store, name, *period_days).unwrap();
    }
    store
}

pub(crate) fn create_topic(store: &Store, name: &str, period_days: u32) -> Result<(), StoreError> {
    let topic = TopicRow {
        id: topic_id(name),
        logset: "logset-100001".parse().unwrap(),
        name: name.to_owned(),
        period_days,
        bytes_max: BYTES_UNBOUNDED,
        storage_type: StorageType::Hot,
        describes: String::new(),
        tags: Vec::new(),
        collecting: true,
        indexed: false,
        created: START,
    };
    store.create_topic(&owner(), &topic)
}

/// A batch for `topic`; its id is made of `id`.
pub(crate) fn batch(topic: &str, id: u128, records: Vec<Record>) -> NewBatch {
    NewBatch {
        id: Uuid::from_u128(id),
        owner: owner(),
        topic: topic_id(topic),
        gateway: "nat-a1b2c3d4".parse().unwrap(),
        records,
    }
}

/// A record that starts at `start` and is told from others by its bytes.
pub(crate) fn record(start: Timestamp, bytes: u64) -> Record {
    let mut record = Record::empty(start, start, LogStatus::Ok);
    record.srcaddr = Some(IpAddr::from([10, 0, 0, 1]));
    record.dstaddr = Some("2001:db8::1".parse().unwrap());
    record.protocol = Some(6);
    record.action = Some("ACCEPT".into());
    record.bytes = Some(bytes);
    record
}

/// A copy of a folder as it stands now: what a crash at this moment leaves.
pub(crate) fn copy(folder: &Path) -> TempDir {
    let target = TempDir::new().unwrap();
    copy_into(folder, target.path());
    target
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy_into(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Every file below the folder of segments, by name.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.join("segments")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

/// All rows of a topic with their numbers, in the order of their bytes, by which tests count records.
pub(crate) fn rows(store: &Store, topic: &str) -> Vec<(i64, Record)> {
    rows_of(&store.snapshot(&owner(), &topic_id(topic), TimeRange::ALWAYS).unwrap())
}

/// All rows of a snapshot with their numbers, in the order of their bytes.
pub(crate) fn rows_of(snapshot: &Snapshot) -> Vec<(i64, Record)> {
    let mut rows = Vec::new();
    for segment in &snapshot.segments {
        let of_segment = rows_of_file(segment.path());
        assert_eq!(
            of_segment.len() as u64,
            segment.rows(),
            "the catalog knows how many rows a segment holds"
        );
        assert_eq!(std::fs::metadata(segment.path()).unwrap().len(), segment.bytes());
        assert!(of_segment.iter().all(|(_, record)| segment.range().contains(record.start)));
        let hour = |(_, record): &(i64, Record)| std::cmp::Reverse(record.start.seconds().div_euclid(3600));
        assert!(of_segment.iter().map(hour).is_sorted(), "the newest hour stands first");
        rows.extend(of_segment);
    }
    let positions: HashSet<(Timestamp, i64)> =
        rows.iter().map(|(number, record)| (record.start, *number)).collect();
    assert_eq!(positions.len(), rows.len(), "no position comes twice");
    rows.sort_by_key(|(number, record)| (record.bytes, *number));
    rows
}

/// All rows of a segment file, in its order.
pub(crate) fn rows_of_file(path: &Path) -> Vec<(i64, Record)> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().flat_map(|rows| rows_of_batch(&rows.unwrap())).collect()
}

fn rows_of_batch(rows: &RecordBatch) -> Vec<(i64, Record)> {
    (0..rows.num_rows()).map(|row| row_of_batch(rows, row)).collect()
}

/// Adds what follows by the rules that the row keeps.
fn restore(record: &mut Record, rules: i64) {
    for SameAs { field: name, other, rule } in SAME_AS {
        if rules & rule != 0 {
            let value = (field(other).unwrap().get)(record).unwrap();
            (field(name).unwrap().set)(record, value);
        }
    }
    if rules & FLOW_ID_FOLLOWS != 0 {
        record.flow_id = Some(FlowId::of_record(record).unwrap().to_string().into());
    }
}

fn row_of_batch(rows: &RecordBatch, row: usize) -> (i64, Record) {
    let numbers = rows.column_by_name(ROW_COLUMN).unwrap().as_primitive::<Int64Type>();
    let moments = rows.column_by_name(TIMESTAMP_COLUMN).unwrap().as_primitive::<TimestampMillisecondType>();
    let mut record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::Ok);
    record.start = Timestamp::from_millis(moments.value(row));
    let number = |name: &str| {
        let column = rows.column_by_name(name)?.as_primitive::<Int64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    record.end = record.start;
    if let Some(duration) = number(DURATION_COLUMN) {
        record.end = Timestamp::from_millis(record.start.millis() + duration);
    }
    record.flow_start = number(AGE_COLUMN).map(|age| Timestamp::from_millis(record.start.millis() - age));
    for field in FIELDS {
        // What follows from other columns stands only in old segments.
        let Some(column) = rows.column_by_name(field.name) else { continue };
        if column.is_valid(row) {
            let value = match field.kind {
                FieldKind::Text => Value::Text(Arc::from(column.as_string::<i32>().value(row))),
                FieldKind::Long => Value::Long(column.as_primitive::<Int64Type>().value(row)),
                FieldKind::Address => {
                    Value::Address(address_of(column.as_fixed_size_binary().value(row)).unwrap())
                }
            };
            (field.set)(&mut record, value);
        }
    }
    restore(&mut record, number(FOLLOWS_COLUMN).unwrap_or_default());
    assert_eq!(record.start.millis(), moments.value(row), "the moment of a row is the start of its record");
    (numbers.value(row), record)
}
