//! The spool on a disk that loses power, on one that is damaged, and on one that is full.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::files::Folder;
use crate::metrics::AgentMetrics;
use crate::ship::{Answer, Next, Shipper};

/// A disk in memory that loses power: what was not made durable may be gone, whole or in part.
#[derive(Clone, Debug, Default)]
struct Disk {
    state: Arc<Mutex<DiskState>>,
}

#[derive(Debug, Default)]
struct DiskState {
    files: BTreeMap<String, Vec<u8>>,
    durable: BTreeMap<String, Vec<u8>>,
    /// Changes of names since the last `sync`, each with the content that goes along.
    unsynced: Vec<Change>,
    /// How many operations succeed before the power is cut.
    power: Option<u32>,
}

#[derive(Clone, Debug)]
enum Change {
    Put(String, Vec<u8>),
    Remove(String),
}

impl Disk {
    /// Lets `operations` succeed, and none after them.
    fn cut_power_after(&self, operations: u32) {
        self.state.lock().unwrap().power = Some(operations);
    }

    /// What is on the disk when power is back: each change since the last `sync` happened if its bit is set.
    fn reboot(&self, survivors: u64) {
        let mut state = self.state.lock().unwrap();
        let unsynced = std::mem::take(&mut state.unsynced);
        for (place, change) in unsynced.into_iter().enumerate() {
            if survivors >> (place % 64) & 1 == 1 {
                state.make_durable(change);
            }
        }
        state.files = state.durable.clone();
        state.power = None;
    }

    fn operate<T>(&self, operation: impl FnOnce(&mut DiskState) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state.lock().unwrap();
        match &mut state.power {
            Some(0) => return Err(io::Error::other("no power")),
            Some(left) => *left -= 1,
            None => {}
        }
        operation(&mut state)
    }
}

impl DiskState {
    fn make_durable(&mut self, change: Change) {
        match change {
            Change::Put(name, content) => drop(self.durable.insert(name, content)),
            Change::Remove(name) => drop(self.durable.remove(&name)),
        }
    }
}

impl Files for Disk {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        self.operate(|state| {
            Ok(state.files.iter().map(|(name, content)| (name.clone(), content.len() as u64)).collect())
        })
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.operate(|state| state.files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let written = self.operate(|state| {
            state.files.insert(name.to_owned(), content.to_vec());
            state.unsynced.push(Change::Put(name.to_owned(), content.to_vec()));
            Ok(())
        });
        if written.is_err() {
            // The power went while the file was written.
            let half = content[..content.len() / 2].to_vec();
            self.state.lock().unwrap().unsynced.push(Change::Put(name.to_owned(), half));
        }
        written
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.operate(|state| {
            let content = state.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.files.insert(to.to_owned(), content.clone());
            state.unsynced.extend([Change::Put(to.to_owned(), content), Change::Remove(from.to_owned())]);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.operate(|state| {
            state.files.remove(name).ok_or(io::ErrorKind::NotFound)?;
            state.unsynced.push(Change::Remove(name.to_owned()));
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.operate(|state| {
            for change in std::mem::take(&mut state.unsynced) {
                state.make_durable(change);
            }
            Ok(())
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new("/disk").join(name)
    }
}

/// What can happen to a spool and the server it is sent to.
#[derive(Clone, Debug)]
enum Step {
    /// A window closes with this many batches.
    Close(u8),
    Send(Outcome),
    /// The agent tells what will not arrive.
    Tell,
    /// The power is cut within the next operations; those set in `survivors` of the unfinished ones took place.
    Cut {
        operations: u32,
        survivors: u64,
    },
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Stored,
    /// The server stored the batch, but its answer was lost.
    AnswerLost,
    Unreachable,
    Busy,
    Refused,
}

/// The spool, the server it is sent to, and what must hold of both.
struct World {
    disk: Disk,
    spool: Spool,
    shipper: Shipper,
    /// The number of the next window.
    next: i64,
    /// The last window that was noted as closed; 0 for none.
    noted: i64,
    /// Everything that was ever offered to the spool.
    offered: BTreeMap<Uuid, Vec<u8>>,
    /// What the spool took, by window.
    promised: BTreeMap<i64, BTreeSet<Uuid>>,
    stored: BTreeMap<Uuid, Vec<u8>>,
    refused: BTreeSet<Uuid>,
    /// The batches that are told of as lost, by the marks that bear their ids.
    told: String,
}

const WINDOW_MS: i64 = 60_000;

impl World {
    fn new() -> Self {
        let disk = Disk::default();
        let spool = Spool::open(Box::new(disk.clone()), u64::MAX).unwrap();
        Self {
            disk,
            spool,
            shipper: Shipper::new("", AgentMetrics::default()),
            next: 1,
            noted: 0,
            offered: BTreeMap::new(),
            promised: BTreeMap::new(),
            stored: BTreeMap::new(),
            refused: BTreeSet::new(),
            told: String::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Close(batches) => self.close(batches),
            Step::Send(outcome) => drop(self.send(outcome)),
            Step::Tell => self.tell(),
            Step::Cut { operations, survivors } => {
                self.disk.cut_power_after(operations);
                self.close(2);
                self.send(Outcome::Stored);
                self.send(Outcome::Refused);
                self.close(1);
                self.disk.reboot(survivors);
                self.restart();
            }
        }
    }

    /// A window closes, as the agent's loop does it: first the batches, then the note.
    fn close(&mut self, count: u8) {
        let window = self.next;
        let batches: Vec<EncodedBatch> = (0..count)
            .map(|part| EncodedBatch {
                id: Uuid::new_v4(),
                first: Timestamp::from_millis(window * WINDOW_MS),
                content: records(7),
                records: 1,
                bytes: format!("window {window} part {part}").into_bytes(),
            })
            .collect();
        self.offered.extend(batches.iter().map(|batch| (batch.id, batch.bytes.clone())));
        self.next += 1;
        if self.spool.add(&batches).is_ok() {
            self.promised.insert(window, batches.iter().map(|batch| batch.id).collect());
            // A failure is no harm: the windows since the last note then count as lost.
            if self.spool.note(noted(Timestamp::from_millis((window + 1) * WINDOW_MS))).is_ok() {
                self.noted = window;
            }
        }
    }

    fn send(&mut self, outcome: Outcome) -> Next {
        let Self { shipper, spool, offered, stored, refused, .. } = self;
        let later = |retry_after| Answer::Later { retry_after, reason: String::new() };
        shipper.turn(spool, &mut |batch| {
            let (id, _) = offered.iter().find(|(_, bytes)| *bytes == batch).expect("no batch is invented");
            match outcome {
                Outcome::Stored => {
                    let again = stored.insert(*id, batch.to_vec()).is_some();
                    Answer::Stored { again, records: 1 }
                }
                Outcome::AnswerLost => {
                    stored.insert(*id, batch.to_vec());
                    later(None)
                }
                Outcome::Unreachable => later(None),
                Outcome::Busy => later(Some(Duration::from_secs(3))),
                Outcome::Refused => {
                    refused.insert(*id);
                    Answer::Refused { reason: "the topic is gone".to_owned() }
                }
            }
        })
    }

    fn tell(&mut self) {
        let marks: Vec<String> = self.spool.take_lost().into_iter().map(|lost| lost.mark).collect();
        self.spool.told(&marks);
        self.told += &marks.concat();
    }

    fn restart(&mut self) {
        self.spool = Spool::open(Box::new(self.disk.clone()), u64::MAX).unwrap();
        let noted = self.spool.noted().map_or(0, |noted| noted.closed_until.millis() / WINDOW_MS - 1);
        assert!(noted >= self.noted, "the note of window {} is forgotten: {noted}", self.noted);
        assert!(
            noted == 0 || self.promised.contains_key(&noted),
            "window {noted} was never taken, but noted"
        );
        self.noted = noted;
    }

    /// Sends everything that is left, and checks that nothing is missing.
    fn settle(&mut self) {
        while self.send(Outcome::Stored) == Next::Now {}
        self.restart();
        self.tell();
        let promised: BTreeSet<Uuid> = self.promised.values().flatten().copied().collect();
        for id in &promised {
            let told = self.told.contains(&id.simple().to_string());
            assert!(self.stored.contains_key(id) || told, "batch {id} is forgotten");
            assert!(!told || self.refused.contains(id), "batch {id} is told as lost, but nobody refused it");
        }
        assert_eq!(self.spool.waiting(), (0, 0));
        assert_eq!(self.told.matches(".torn.").count(), 0, "no power cut tears a batch that was promised");
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    use Outcome::{AnswerLost, Busy, Refused, Stored, Unreachable};
    prop_oneof![4 => Just(Stored), 2 => Just(AnswerLost), 1 => Just(Unreachable), 1 => Just(Busy), 1 => Just(Refused)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u8..4).prop_map(Step::Close),
        4 => outcome().prop_map(Step::Send),
        1 => Just(Step::Tell),
        2 => (0_u32..24, any::<u64>()).prop_map(|(operations, survivors)| Step::Cut { operations, survivors }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_spooled_is_delivered_whatever_happens(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.settle();
    }
}

fn batch(text: &str) -> EncodedBatch {
    let first = Timestamp::from_seconds(60);
    let bytes = text.as_bytes().to_vec();
    EncodedBatch { id: Uuid::new_v4(), first, content: records(7), records: 1, bytes }
}

/// What a batch with so many packets holds.
fn records(packets: u64) -> Content {
    let told = Counters { packets, bytes: packets * 100 };
    Content::Records { flow_log: "fl-00000001".parse().unwrap(), told }
}

/// Why batches of seven packets will not arrive, since somebody last asked.
#[track_caller]
fn lost(spool: &Spool) -> Vec<LossCause> {
    let cause = |lost: LostBatch| {
        assert_eq!((lost.first, lost.content), (Timestamp::from_seconds(60), records(7)));
        lost.cause
    };
    spool.take_lost().into_iter().map(cause).collect()
}

fn noted(closed_until: Timestamp) -> Noted {
    Noted { closed_until, gap: LossCause::AgentDown }
}

/// Sends all that can be sent; returns what arrived.
fn sent(spool: &Spool, metrics: &AgentMetrics) -> Vec<String> {
    let mut arrived = Vec::new();
    let mut shipper = Shipper::new("", metrics.clone());
    while shipper.turn(spool, &mut |batch| {
        arrived.push(String::from_utf8(batch.to_vec()).unwrap());
        Answer::Stored { again: false, records: 1 }
    }) == Next::Now
    {}
    arrived
}

#[test]
fn a_damaged_file_is_set_aside_and_the_others_are_sent() {
    let place = tempfile::tempdir().unwrap();
    let open = || Spool::open(Box::new(Folder::open(place.path()).unwrap()), u64::MAX).unwrap();
    let spool = open();
    spool.add(&[batch("first"), batch("second"), batch("third"), batch("fourth")]).unwrap();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    std::fs::write(&paths[0], b"NLSP").unwrap();
    let mut content = std::fs::read(&paths[2]).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(&paths[2], content).unwrap();

    let (spool, metrics) = (open(), AgentMetrics::default());
    assert_eq!(sent(&spool, &metrics), ["second", "fourth"]);
    assert_eq!(metrics.read().torn_batches_total, 2);
    assert_eq!(lost(&spool), [LossCause::BatchTorn; 2]);
    let names: Vec<(String, u64)> = Folder::open(place.path()).unwrap().list().unwrap();
    assert_eq!(names.iter().filter(|(name, _)| name.ends_with(".torn")).count(), 2, "{names:?}");
    assert_eq!(open().waiting(), (0, 0));
}

#[test]
fn a_refused_batch_is_kept_with_its_reason_and_blocks_nothing() {
    let place = tempfile::tempdir().unwrap();
    let spool = Spool::open(Box::new(Folder::open(place.path()).unwrap()), u64::MAX).unwrap();
    spool.add(&[batch("poison"), batch("fine")]).unwrap();
    let metrics = AgentMetrics::default();
    let mut shipper = Shipper::new("", metrics.clone());
    let refuse = |_: &[u8]| Answer::Refused { reason: "topic `gone` does not exist".to_owned() };
    assert_eq!(shipper.turn(&spool, &mut { refuse }), Next::Now);
    assert_eq!(sent(&spool, &metrics), ["fine"]);
    assert_eq!(metrics.read().refused_batches_total, 1);
    assert_eq!(lost(&spool), [LossCause::BatchRefused]);
    let folder = Folder::open(place.path()).unwrap();
    let (reason, _) =
        folder.list().unwrap().into_iter().find(|(name, _)| name.ends_with(REASON_SUFFIX)).unwrap();
    assert_eq!(folder.read(&reason).unwrap(), b"topic `gone` does not exist");
}

#[test]
fn an_upload_that_outlasts_its_run_leaves_the_files_to_the_next() {
    let place = tempfile::tempdir().unwrap();
    let open = || Spool::open(Box::new(Folder::open(place.path()).unwrap()), u64::MAX).unwrap();
    let answers = [Answer::Stored { again: false, records: 1 }, Answer::Refused { reason: "no".to_owned() }];
    for answer in answers {
        let spool = open();
        spool.add(&[batch("one")]).unwrap();
        let before = open().waiting();
        let mut shipper = Shipper::new("", AgentMetrics::default());
        shipper.turn(&spool, &mut |_| {
            spool.abandon();
            answer.clone()
        });
        assert_eq!(open().waiting(), before);
    }
}

#[test]
fn a_batch_that_somebody_removed_is_lost_not_damaged_and_blocks_nothing() {
    let place = tempfile::tempdir().unwrap();
    let spool = Spool::open(Box::new(Folder::open(place.path()).unwrap()), u64::MAX).unwrap();
    spool.add(&[batch("gone"), batch("fine")]).unwrap();
    std::fs::remove_file(place.path().join(spool.oldest().unwrap().name)).unwrap();
    let metrics = AgentMetrics::default();
    assert_eq!(sent(&spool, &metrics), ["fine"]);
    assert_eq!((metrics.read().torn_batches_total, spool.waiting()), (0, (0, 0)));
    assert_eq!(lost(&spool), [LossCause::BatchTorn]);
}

#[test]
fn what_will_not_arrive_is_told_after_a_restart_unless_it_was_told() {
    let place = tempfile::tempdir().unwrap();
    let open = || Spool::open(Box::new(Folder::open(place.path()).unwrap()), u64::MAX).unwrap();
    let spool = open();
    spool.add(&[batch("refused"), batch("torn"), batch("gone")]).unwrap();
    spool.set_aside(&spool.oldest().unwrap(), &SetAside::Refused { reason: "no".to_owned() });
    spool.set_aside(&spool.oldest().unwrap(), &SetAside::Torn);
    std::fs::remove_file(place.path().join(spool.oldest().unwrap().name)).unwrap();
    spool.gone(&spool.oldest().unwrap());
    let mut causes = lost(&open());
    causes.sort_unstable();
    assert_eq!(causes, [LossCause::BatchTorn, LossCause::BatchTorn, LossCause::BatchRefused]);

    let marks: Vec<String> = spool.take_lost().into_iter().map(|lost| lost.mark).collect();
    spool.told(&marks);
    assert_eq!(lost(&open()), []);
    assert_eq!(open().waiting(), (0, 0), "and it is not sent either");
}

#[test]
fn what_is_set_aside_stays_within_its_limit() {
    let disk = Disk::default();
    let spool = Spool::open(Box::new(disk.clone()), u64::MAX).unwrap();
    let large = || EncodedBatch { bytes: vec![7; 5 << 20], ..batch("") };
    for _ in 0..20 {
        spool.add(&[large()]).unwrap();
        spool.set_aside(&spool.oldest().unwrap(), &SetAside::Refused { reason: "no".to_owned() });
    }
    let bytes: u64 = disk.list().unwrap().iter().map(|(_, bytes)| bytes).sum();
    assert!((SET_ASIDE_BYTES_MAX - (6 << 20)..=SET_ASIDE_BYTES_MAX).contains(&bytes), "{bytes}");
}

#[test]
fn a_full_spool_takes_nothing_new_and_keeps_what_it_promised() {
    let spool = Spool::open(Box::new(Disk::default()), 2 * BLOCK_BYTES).unwrap();
    spool.add(&[batch("first")]).unwrap();
    let error = spool.add(&[batch("second"), batch("third")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the spool is full: 8192 bytes do not fit beside 4096 of 8192; \
         is the server reachable? raise `spool_bytes_max` to bridge longer outages"
    );
    spool.add(&[batch("fourth")]).unwrap();
    assert_eq!(sent(&spool, &AgentMetrics::default()), ["first", "fourth"]);
    spool.add(&[batch("fifth")]).unwrap();
}

#[test]
fn a_disk_that_refuses_takes_all_or_nothing() {
    for operations in 0..6 {
        let disk = Disk::default();
        let spool = Spool::open(Box::new(disk.clone()), u64::MAX).unwrap();
        spool.add(&[batch("first")]).unwrap();
        disk.cut_power_after(operations);
        let taken = spool.add(&[batch("second"), batch("third")]).is_ok();
        disk.state.lock().unwrap().power = None;
        let arrived = sent(&spool, &AgentMetrics::default());
        let expected: &[&str] = if taken { &["first", "second", "third"] } else { &["first"] };
        assert_eq!(arrived, expected, "{operations}");
        assert_eq!(taken, operations >= 5, "two writes, two renames, one sync");
    }
}

#[test]
fn no_packet_is_missing_without_a_batch_that_tells_of_none() {
    let spool = Spool::open(Box::new(Disk::default()), u64::MAX).unwrap();
    for content in [records(0), Content::Ledger] {
        spool.add(&[EncodedBatch { content, ..batch("silence") }]).unwrap();
        spool.set_aside(&spool.oldest().unwrap(), &SetAside::Torn);
    }
    assert_eq!(spool.take_lost(), []);
}

#[test]
fn a_note_says_why_the_record_has_a_gap_and_one_of_an_earlier_version_blames_the_agent() {
    let disk = Disk::default();
    let open = || Spool::open(Box::new(disk.clone()), u64::MAX).unwrap();
    let gap = Noted { gap: LossCause::ClockSet, ..noted(Timestamp::from_seconds(60)) };
    open().note(gap).unwrap();
    assert_eq!(open().noted(), Some(gap));
    disk.write(CLOSED_UNTIL_FILE, br#"{"version":1,"closed_until_ms":60000}"#).unwrap();
    assert_eq!(open().noted(), Some(noted(Timestamp::from_seconds(60))));
}
