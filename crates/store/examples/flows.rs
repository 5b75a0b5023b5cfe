//! Fills a data folder with a day of flows, and tells how large and how fast that is:
//! `cargo run --release -p store --example flows -- ROWS FOLDER [HOURS]`, with the first hours of the day alone if they are given.
//!
//! Hides: nothing.
//! Knows nothing of: who reads the folder afterwards. Each line is a name, a tab, and a number.
#![expect(clippy::unwrap_used, reason = "a program for developers fails by panicking")]
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::disallowed_methods, reason = "measures time, and is told by its arguments what to do")]

use std::path::Path;
use std::time::{Duration, Instant};

use flow::{Record, TimeRange};
use store::{
    BYTES_UNBOUNDED, LogsetRow, NewBatch, Owner, PERIOD_FOREVER_DAYS, Snapshot, StorageType, Store, TopicRow,
};
use testkit::flows::{DAY, Flows};
use uuid::Uuid;

/// Records of a batch, at most: what agents send.
const BATCH_RECORDS_MAX: usize = 5000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (rows, folder, hours) = match &arguments[..] {
        [rows, folder] => (rows, folder, "24"),
        [rows, folder, hours] => (rows, folder, hours.as_str()),
        _ => panic!("usage: flows ROWS FOLDER [HOURS]"),
    };
    let rows: u64 = rows.parse().expect("ROWS is a number");
    let windows_max = hours.parse::<usize>().expect("HOURS is a number") * 60;
    let store = Store::open(Path::new(folder)).unwrap();
    let topic = create_topic(&store);

    let (mut appending, mut merging) = (Duration::ZERO, Duration::ZERO);
    let (mut bytes_appended, mut windows) = (0, 0);
    let mut now = DAY;
    for (window, records) in Flows::new(rows).take(windows_max) {
        now = window.plus(Duration::from_secs(61));
        let batches: Vec<NewBatch> = records.chunks(BATCH_RECORDS_MAX).map(batch).collect();
        let (before, bytes_before) = (Instant::now(), store.metrics().segment_bytes_written);
        store.append(&batches, now).unwrap();
        appending += before.elapsed();
        bytes_appended += store.metrics().segment_bytes_written - bytes_before;
        windows += 1;
        if windows % 10 == 0 {
            let before = Instant::now();
            while store.compact(now).unwrap().more {}
            merging += before.elapsed();
        }
    }
    let before = Instant::now();
    // The last hours, then the day.
    for hours in [2, 60] {
        while store.compact(now.plus(Duration::from_secs(hours * 3600))).unwrap().more {}
    }
    merging += before.elapsed();
    let snapshot = store.snapshot(&topic.0, &topic.1, TimeRange::ALWAYS).unwrap();
    tell(&snapshot, bytes_appended, appending, merging);
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn tell(snapshot: &Snapshot, bytes_appended: u64, appending: Duration, merging: Duration) {
    let rows: u64 = snapshot.segments.iter().map(|segment| segment.rows()).sum();
    let bytes: u64 = snapshot.segments.iter().map(|segment| segment.bytes()).sum();
    println!("rows\t{rows}");
    println!("segments\t{}", snapshot.segments.len());
    println!("bytes per record when appended\t{:.2}", bytes_appended as f64 / rows as f64);
    println!("bytes per record after compaction\t{:.2}", bytes as f64 / rows as f64);
    println!("records appended per second\t{:.0}", rows as f64 / appending.as_secs_f64());
    println!(
        "records per second with all compaction\t{:.0}",
        rows as f64 / (appending + merging).as_secs_f64()
    );
}

fn create_topic(store: &Store) -> (Owner, flow::TopicId) {
    let owner = Owner { account: "100001".parse().unwrap(), region: "ap-guangzhou".parse().unwrap() };
    let logset = LogsetRow {
        id: "bench-100001".parse().unwrap(),
        name: "bench".to_owned(),
        tags: Vec::new(),
        topics: 0,
        created: DAY,
    };
    store.create_logset(&owner, &logset).unwrap();
    let topic = TopicRow {
        id: "flows-100001".parse().unwrap(),
        logset: logset.id,
        name: "flows".to_owned(),
        period_days: PERIOD_FOREVER_DAYS,
        bytes_max: BYTES_UNBOUNDED,
        storage_type: StorageType::Hot,
        describes: String::new(),
        tags: Vec::new(),
        collecting: true,
        indexed: true,
        created: DAY,
    };
    store.create_topic(&owner, &topic).unwrap();
    (owner, topic.id)
}

fn batch(records: &[Record]) -> NewBatch {
    NewBatch {
        id: Uuid::new_v4(),
        owner: Owner { account: "100001".parse().unwrap(), region: "ap-guangzhou".parse().unwrap() },
        topic: "flows-100001".parse().unwrap(),
        gateway: "nat-a1b2c3d4".parse().unwrap(),
        records: records.to_vec(),
    }
}
