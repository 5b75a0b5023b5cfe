//! Whatever goes wrong with the disk, what was acknowledged is there once, and every damage is found.
//!
//! Hides: how a seed becomes a story.
//! Knows nothing of: how the store writes.
//!
//! `NATLENS_SEEDS=FIRST..END cargo test -p store --test model storm -- --nocapture` plays these stories; a story that breaks the law names
//! its seed.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::ops::{AddAssign, Range};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use fastrand::Rng;
use flow::{TimeRange, Timestamp};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rusqlite::Connection;
use store::{BatchFate, Fault, NewBatch, PERIOD_FOREVER_DAYS, Snapshot, Store, StoreError};
use tempfile::TempDir;

use crate::folder::{START, batch, owner, record, store_with, topic_id};
use crate::simulated::{Failure, Plan, SimulatedDisk};

/// The stories of a usual run of the tests.
const SEEDS: Range<u64> = 0..60;

/// Names other stories: `0..10000`.
const SEEDS_VARIABLE: &str = "NATLENS_SEEDS";

/// Steps of a story.
const STEPS: usize = 24;

/// Changes of the disk that an append or a merge makes, and some more, so that some plans never come true.
const CHANGES: usize = 40;

/// The topics, with how long each keeps records. Unit: days.
const TOPICS: [(&str, u32); 2] = [("forever", PERIOD_FOREVER_DAYS), ("one-day", 1)];

const HOUR: Duration = Duration::from_secs(3600);

/// What happened in stories, to be printed.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    stories: u64,
    steps: u64,
    batches: u64,
    records: u64,
    delivered_again: u64,
    power_losses: u64,
    failures: u64,
    refused_by_catalog: u64,
    merges: u64,
    damages: u64,
}

impl Tally {
    fn named(self) -> [(&'static str, u64); 10] {
        [
            ("stories", self.stories),
            ("steps", self.steps),
            ("batches acknowledged", self.batches),
            ("records acknowledged", self.records),
            ("batches delivered again", self.delivered_again),
            ("losses of power, with what was not flushed lost or torn", self.power_losses),
            ("failures of the disk: full, read-only, an error", self.failures),
            ("transactions that failed", self.refused_by_catalog),
            ("merges", self.merges),
            ("segments damaged: a bit, cut short, lost", self.damages),
        ]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.stories += more.stories;
        self.steps += more.steps;
        self.batches += more.batches;
        self.records += more.records;
        self.delivered_again += more.delivered_again;
        self.power_losses += more.power_losses;
        self.failures += more.failures;
        self.refused_by_catalog += more.refused_by_catalog;
        self.merges += more.merges;
        self.damages += more.damages;
    }
}

/// What is known of a batch that was sent.
#[derive(Clone, Debug)]
struct Sent {
    batch: NewBatch,
    topic: usize,
    /// Whether the store said that it is stored. Otherwise it may be, as a whole.
    acknowledged: bool,
}

/// A store on a bad disk, beside what it must remember.
struct Story {
    chance: Rng,
    folder: TempDir,
    disk: SimulatedDisk,
    store: Option<Store>,
    now: Timestamp,
    sent: Vec<Sent>,
    /// Rows that retention may have taken, told by their bytes.
    fading: BTreeSet<u64>,
    records: u64,
    tally: Tally,
}

impl Story {
    fn new(seed: u64) -> Self {
        let (folder, store) = store_with(&TOPICS);
        drop(store);
        let (disk, store) = open(folder.path(), seed).unwrap();
        Self {
            chance: Rng::with_seed(seed),
            folder,
            disk,
            store: Some(store),
            now: START,
            sent: Vec::new(),
            fading: BTreeSet::new(),
            records: 0,
            tally: Tally { stories: 1, ..Tally::default() },
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn step(&mut self) {
        self.tally.steps += 1;
        match self.chance.u32(0..20) {
            0..=7 => self.append(),
            8..=10 => self.on_a_bad_disk(Self::compact),
            11 => self.on_a_bad_disk(Self::expire),
            12 => self.on_a_bad_disk(Self::append_once),
            13 => self.without_catalog(),
            14..=15 => self.lose_power(),
            16..=17 => self.damage(),
            _ => self.now = self.now.plus(HOUR * self.chance.u32(1..12)),
        }
    }

    /// Appends, half of the time while the disk goes bad.
    fn append(&mut self) {
        if self.chance.bool() {
            self.on_a_bad_disk(Self::append_once);
        } else {
            self.append_once().unwrap();
        }
    }

    /// Does `deed` while something may go wrong at any change of the disk, and starts again if the power went.
    fn on_a_bad_disk(&mut self, deed: fn(&mut Self) -> Result<(), StoreError>) {
        let failures = [Failure::Full, Failure::ReadOnly, Failure::Error, Failure::PowerLoss];
        let failure = self.chance.choice(failures).unwrap();
        self.disk.plan(Plan { failure, after: self.chance.usize(..CHANGES) });
        let outcome = deed(self);
        if self.disk.is_dead() {
            self.lose_power();
            return;
        }
        let happened = self.disk.heal();
        assert!(happened || outcome.is_ok(), "nothing went wrong, and yet: {outcome:?}");
        self.tally.failures += u64::from(happened);
        self.store().try_writing().unwrap();
        assert_eq!(self.left_over(), [""; 0], "nothing is left that was not finished");
    }

    /// Appends while the catalog fails at the end of its transaction.
    fn without_catalog(&mut self) {
        let catalog = Connection::open(self.folder.path().join("catalog.sqlite")).unwrap();
        let fails = "CREATE TRIGGER fails BEFORE UPDATE OF rows_ever ON topics BEGIN SELECT RAISE(ABORT, 'fails'); END";
        catalog.execute_batch(fails).unwrap();
        let outcome = self.append_once();
        catalog.execute_batch("DROP TRIGGER fails").unwrap();
        drop(catalog);
        self.tally.refused_by_catalog += u64::from(outcome.is_err());
    }

    /// Sends new batches and old ones in one call.
    fn append_once(&mut self) -> Result<(), StoreError> {
        let first_new = self.sent.len();
        let mut numbers: Vec<usize> = Vec::new();
        for _ in 0..self.chance.usize(1..4) {
            let again = !self.sent.is_empty() && self.chance.u8(0..3) == 0;
            if again {
                numbers.push(self.chance.usize(..self.sent.len()));
                continue;
            }
            let topic = self.chance.usize(..TOPICS.len());
            let mut records = Vec::new();
            for _ in 0..self.chance.usize(1..5) {
                self.records += 1;
                let start = self.now.minus(HOUR / 60 * self.chance.u32(0..3000));
                records.push(record(start, self.records));
            }
            let batch = batch(TOPICS[topic].0, self.sent.len() as u128, records);
            self.sent.push(Sent { batch, topic, acknowledged: false });
            numbers.push(self.sent.len() - 1);
        }
        let batches: Vec<NewBatch> = numbers.iter().map(|number| self.sent[*number].batch.clone()).collect();
        let fates = self.store().append(&batches, self.now)?;
        for (number, fate) in numbers.into_iter().zip(fates) {
            assert!(!matches!(fate, BatchFate::Refused(_)), "{fate:?}");
            let sent = &mut self.sent[number];
            let known = sent.acknowledged;
            assert!(!known || fate == BatchFate::AlreadyStored, "batch {number} would be stored twice");
            assert!(number < first_new || known || fate == BatchFate::Stored, "{number} was never sent");
            sent.acknowledged = true;
            if known {
                self.tally.delivered_again += 1;
            } else {
                self.tally.batches += 1;
                self.tally.records += sent.batch.records.len() as u64;
            }
        }
        Ok(())
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        let done = self.store().compact(self.now)?;
        self.tally.merges += done.merges;
        Ok(())
    }

    fn expire(&mut self) -> Result<(), StoreError> {
        for sent in &self.sent {
            let days = TOPICS[sent.topic].1;
            if days != PERIOD_FOREVER_DAYS {
                let oldest = self.now.minus(HOUR * 24 * days);
                let old = sent.batch.records.iter().filter(|record| record.start < oldest);
                self.fading.extend(old.filter_map(|record| record.bytes));
            }
        }
        self.store().expire(self.now).map(drop)
    }

    /// The process dies with the power; another one opens what is there.
    fn lose_power(&mut self) {
        self.tally.power_losses += 1;
        let survivors = self.disk.after_power_loss();
        let folder = TempDir::new().unwrap();
        copy_catalog(self.folder.path(), folder.path());
        for (path, bytes) in survivors {
            let path = folder.path().join(path.strip_prefix(self.folder.path()).unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        self.store = None;
        self.folder = folder;
        let (disk, store) = open(self.folder.path(), self.chance.u64(..)).unwrap();
        (self.disk, self.store) = (disk, Some(store));
        assert_eq!(self.store().damages(), [], "what is named is durable");
    }

    /// A file is damaged, found to be so, left alone, and put back.
    fn damage(&mut self) {
        let snapshots: Vec<Snapshot> = (0..TOPICS.len()).map(|topic| self.snapshot(topic)).collect();
        let mut segments: Vec<_> = snapshots.into_iter().flat_map(|snapshot| snapshot.segments).collect();
        if segments.is_empty() {
            return;
        }
        let hurt = Arc::clone(&segments[self.chance.usize(..segments.len())]);
        let sound = fs::read(hurt.path()).unwrap();
        match self.chance.u8(0..5) {
            0 => fs::remove_file(hurt.path()).unwrap(),
            1 => fs::write(hurt.path(), &sound[..self.chance.usize(..sound.len())]).unwrap(),
            _ => {
                let mut bytes = sound.clone();
                bytes[self.chance.usize(..sound.len())] ^= 1 << self.chance.u8(0..8);
                fs::write(hurt.path(), bytes).unwrap();
            }
        }
        self.tally.damages += 1;
        let found: Vec<i64> = self.store().examine(&segments).iter().map(|damage| damage.segment).collect();
        assert_eq!(found, [hurt.id()], "the damage is found, and no other");
        match self.store().compact(self.now) {
            Ok(done) => self.tally.merges += done.merges,
            Err(error) => assert!(matches!(error, StoreError::Damaged(_)), "{error:?}"),
        }
        let now: Vec<i64> = (0..TOPICS.len())
            .flat_map(|topic| self.snapshot(topic).segments)
            .map(|segment| segment.id())
            .collect();
        assert!(now.contains(&hurt.id()), "what is damaged is not merged");
        fs::write(hurt.path(), sound).unwrap();
        segments.retain(|segment| segment.id() == hurt.id());
        assert_eq!(self.store().examine(&segments), [], "what was put back is sound");
    }

    fn snapshot(&self, topic: usize) -> Snapshot {
        self.store().snapshot(&owner(), &topic_id(TOPICS[topic].0), TimeRange::ALWAYS).unwrap()
    }

    /// What was acknowledged is there once; what was not is there as a whole, or not at all.
    fn hold_to_the_law(&self) {
        for topic in 0..TOPICS.len() {
            let mut found: HashMap<u64, u32> = HashMap::new();
            for segment in self.snapshot(topic).segments {
                for row in told_apart(segment.path()) {
                    *found.entry(row).or_default() += 1;
                }
            }
            assert!(found.values().all(|times| *times == 1), "a record is stored twice");
            for (number, sent) in self.sent.iter().enumerate().filter(|(_, sent)| sent.topic == topic) {
                let rows = sent.batch.records.iter().filter_map(|record| record.bytes);
                let kept: Vec<u64> = rows.clone().filter(|row| !self.fading.contains(row)).collect();
                let there = kept.iter().filter(|row| found.contains_key(row)).count();
                let whole = there == kept.len();
                assert!(
                    whole || (there == 0 && !sent.acknowledged),
                    "batch {number}: {there} of {}",
                    kept.len()
                );
                rows.for_each(|row| {
                    found.remove(&row);
                });
            }
            assert!(found.is_empty(), "records that nobody sent");
        }
    }

    /// Files that are not finished.
    fn left_over(&self) -> Vec<String> {
        let files = crate::folder::files(self.folder.path()).into_iter();
        files.filter(|name| name.ends_with(".new")).collect()
    }

    /// Everything that was sent comes again until it is acknowledged.
    fn end(mut self) -> Tally {
        let open: Vec<usize> =
            (0..self.sent.len()).filter(|number| !self.sent[*number].acknowledged).collect();
        for number in open {
            let fates =
                self.store().append(std::slice::from_ref(&self.sent[number].batch), self.now).unwrap();
            assert!(matches!(fates[..], [BatchFate::Stored | BatchFate::AlreadyStored]));
            self.sent[number].acknowledged = true;
            self.tally.batches += 1;
            self.tally.records += self.sent[number].batch.records.len() as u64;
        }
        self.hold_to_the_law();
        self.store = None;
        for proof in store::verify(self.folder.path(), None).unwrap() {
            assert_eq!(proof.faults, Vec::<Fault>::new(), "the chain proves all of it");
        }
        self.tally
    }
}

fn open(folder: &Path, seed: u64) -> Result<(SimulatedDisk, Store), StoreError> {
    let disk = SimulatedDisk::under(&folder.join("segments"), seed);
    let store = Store::open_on(Arc::new(disk.clone()), folder)?;
    Ok((disk, store))
}

/// The catalog's own library keeps it whole: what is in its files is durable after each transaction.
fn copy_catalog(from: &Path, to: &Path) {
    for name in ["catalog.sqlite", "catalog.sqlite-wal"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// What tells the rows of a segment apart: their bytes.
fn told_apart(path: &Path) -> Vec<u64> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let bytes = ProjectionMask::columns(reader.parquet_schema(), ["bytes"]);
    let batches = reader.with_projection(bytes).build().unwrap();
    let rows = |rows: RecordBatch| rows.column(0).as_primitive::<Int64Type>().values().to_vec();
    batches.flat_map(|batch| rows(batch.unwrap())).map(|row| u64::try_from(row).unwrap()).collect()
}

fn play(seed: u64) -> Tally {
    let mut story = Story::new(seed);
    for _ in 0..STEPS {
        story.step();
        story.hold_to_the_law();
    }
    story.end()
}

fn seeds() -> Range<u64> {
    let Some(named) = std::env::var_os(SEEDS_VARIABLE) else { return SEEDS };
    let named = named.into_string().unwrap();
    let (first, end) = named.split_once("..").unwrap();
    first.parse().unwrap()..end.parse().unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_and_every_damage_is_found_on_the_worst_of_disks() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let tally = Mutex::new(Tally::default());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let played =
                        thread::Builder::new().spawn_scoped(scope, move || play(seed)).unwrap().join();
                    let played = played.unwrap_or_else(|_| panic!("the story of seed {seed} breaks the law"));
                    *tally.lock().unwrap() += played;
                }
            });
        }
    });
    for (name, number) in tally.into_inner().unwrap().named() {
        println!("storm: {name}: {number}");
    }
}
