//! Takes batches in: a bounded queue, and one thread that stores what has come together.
//!
//! Hides: how waiting batches become one commit, and what happens when they come faster than the disk is.
//! Knows nothing of: HTTP; how a segment is written.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flow::Clock;
use store::{BatchFate, NewBatch, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::tail::Tails;

/// The most records that wait or are being stored. At about 600 bytes each this bounds them to 240 MB.
pub(crate) const QUEUE_RECORDS_MAX: usize = 400_000;

/// The most batches that wait: an empty batch takes a place as well.
pub(crate) const QUEUE_BATCHES_MAX: usize = 1024;

/// The most records of one commit: more would make those that wait for it wait too long.
const COMMIT_RECORDS_MAX: usize = 200_000;

/// When an agent shall try again after the queue was full: a few commits later.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The entrance of the queue.
#[derive(Debug)]
pub(crate) struct Ingest {
    queue: mpsc::Sender<Waiting>,
    free_records: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// A batch in the queue.
struct Waiting {
    batch: NewBatch,
    done: oneshot::Sender<Result<BatchFate, Arc<store::StoreError>>>,
    /// Gives its place back when it is dropped.
    _place: OwnedSemaphorePermit,
}

/// What commits batches, and who hears of it.
struct Commits {
    store: Arc<Store>,
    clock: Clock,
    metrics: Arc<Metrics>,
    tails: Arc<Tails>,
}

/// The thread that stores. It ends when the last `Ingest` is gone and the queue is empty.
pub(crate) type Writer = thread::JoinHandle<()>;

impl Ingest {
    /// Starts the thread that stores.
    pub(crate) fn start(
        store: Arc<Store>,
        clock: Clock,
        metrics: Arc<Metrics>,
        tails: Arc<Tails>,
    ) -> std::io::Result<(Self, Writer)> {
        let (queue, waiting) = mpsc::channel(QUEUE_BATCHES_MAX);
        let free_records = Arc::new(Semaphore::new(QUEUE_RECORDS_MAX));
        let free = Arc::clone(&free_records);
        let commits = Commits { store, clock, metrics: Arc::clone(&metrics), tails };
        let writer = thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || write_all(waiting, &free, &commits))?;
        Ok((Self { queue, free_records, metrics }, writer))
    }

    /// Stores a batch; on return it is durable, or it is not stored.
    pub(crate) async fn store(&self, batch: NewBatch) -> Result<BatchFate, Failure> {
        self.check()?;
        let records = u32::try_from(batch.records.len()).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.free_records).try_acquire_many_owned(records);
        let place = place.ok().ok_or_else(|| self.full())?;
        let (done, fate) = oneshot::channel();
        let waiting = Waiting { batch, done, _place: place };
        self.queue.try_send(waiting).ok().ok_or_else(|| self.full())?;
        self.metrics.queued(QUEUE_RECORDS_MAX - self.free_records.available_permits());
        match fate.await {
            Ok(Ok(fate)) => Ok(fate),
            Ok(Err(error)) => Err(match error.trouble() {
                Some(trouble) => Failure::trouble(trouble, error),
                None => Failure::internal(error),
            }),
            Err(gone) => Err(Failure::internal(gone)),
        }
    }

    /// Whether the thread that stores still does: a crash ends it, and then nothing is stored any more.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.queue.is_closed() {
            return Err(Failure::internal(
                "the thread that stores batches has ended: start the server again",
            ));
        }
        Ok(())
    }

    fn full(&self) -> Failure {
        self.metrics.refused_for_room();
        let message = "batches come faster than they are stored: try again, the agent keeps them until then";
        Failure::new("RequestLimitExceeded", message).retry_after(RETRY_AFTER)
    }
}

fn write_all(mut waiting: mpsc::Receiver<Waiting>, free_records: &Semaphore, commits: &Commits) {
    let mut left = VecDeque::new();
    loop {
        if left.is_empty() {
            match waiting.blocking_recv() {
                Some(first) => left.push_back(first),
                None => return,
            }
        }
        while let Ok(next) = waiting.try_recv() {
            left.push_back(next);
        }
        let group = next_group(&mut left);
        commits.commit(group);
        commits.metrics.queued(QUEUE_RECORDS_MAX - free_records.available_permits());
    }
}

/// Takes from the front what one commit may hold: at least one batch.
fn next_group(left: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut records = 0;
    let mut count = 0;
    for waiting in left.iter() {
        records += waiting.batch.records.len();
        if count > 0 && records > COMMIT_RECORDS_MAX {
            break;
        }
        count += 1;
    }
    left.drain(..count).collect()
}

impl Commits {
    fn commit(&self, group: Vec<Waiting>) {
        let mut batches = Vec::with_capacity(group.len());
        let mut callers = Vec::with_capacity(group.len());
        for Waiting { batch, done, _place } in group {
            batches.push(batch);
            callers.push((done, _place));
        }
        let started = (self.clock)();
        let outcome = self.store.append(&batches, started);
        self.metrics.committed(batches.len(), (self.clock)().since(started));
        match outcome {
            Ok(fates) => {
                assert_eq!(fates.len(), callers.len(), "every batch has a fate");
                for ((done, _place), fate) in callers.into_iter().zip(&fates) {
                    answer(done, Ok(*fate));
                }
                let new = batches.into_iter().zip(fates).filter(|(_, fate)| *fate == BatchFate::Stored);
                self.tails.stored(new.map(|(batch, _)| batch).collect());
            }
            Err(error) => {
                self.metrics.commit_failed();
                let error = Arc::new(error);
                for (done, _place) in callers {
                    answer(done, Err(Arc::clone(&error)));
                }
            }
        }
    }
}

fn answer(
    done: oneshot::Sender<Result<BatchFate, Arc<store::StoreError>>>,
    fate: Result<BatchFate, Arc<store::StoreError>>,
) {
    if done.send(fate).is_err() {
        // The agent did not wait; it sends again, and the batch is stored once all the same.
        tracing::debug!("an agent left before its batch was answered");
    }
}

#[cfg(test)]
mod tests {
    use flow::{LogStatus, Record, Timestamp};
    use store::Owner;

    use super::*;

    fn batch(id: u128, records: usize) -> NewBatch {
        let record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::NoData);
        NewBatch {
            id: uuid::Uuid::from_u128(id),
            owner: Owner { account: "1".parse().unwrap(), region: "local".parse().unwrap() },
            topic: "edge-1".parse().unwrap(),
            gateway: "nat-00000000".parse().unwrap(),
            records: vec![record; records],
        }
    }

    fn waiting(records: usize) -> Waiting {
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Waiting { batch: batch(1, records), done: oneshot::channel().0, _place: place }
    }

    #[test]
    fn a_commit_takes_what_fits_and_at_least_one_batch() {
        let mut left: VecDeque<Waiting> =
            [COMMIT_RECORDS_MAX + 1, 10, COMMIT_RECORDS_MAX - 10, 1].map(waiting).into();
        let mut sizes = Vec::new();
        while !left.is_empty() {
            sizes.push(next_group(&mut left).len());
        }
        assert_eq!(sizes, [1, 2, 1]);
    }

    #[test]
    fn a_queue_whose_thread_has_ended_is_not_well() {
        let folder = tempfile::TempDir::new().unwrap();
        let metrics = Arc::new(Metrics::new(Arc::new(Store::open(folder.path()).unwrap())));
        let (queue, waiting) = mpsc::channel(1);
        let ingest = Ingest { queue, free_records: Arc::new(Semaphore::new(1)), metrics };
        assert!(ingest.check().is_ok());
        drop(waiting);
        assert_eq!(ingest.check().unwrap_err().code, "InternalError");
    }

    #[tokio::test]
    async fn a_full_queue_asks_to_come_again_and_takes_more_once_there_is_room() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Arc::new(Store::open(folder.path()).unwrap());
        let metrics = Arc::new(Metrics::new(Arc::clone(&store)));
        let tails = Arc::new(Tails::start().unwrap());
        let (ingest, writer) = Ingest::start(store, Arc::new(Timestamp::default), metrics, tails).unwrap();

        let everything = u32::try_from(QUEUE_RECORDS_MAX).unwrap();
        let taken = ingest.free_records.try_acquire_many(everything).unwrap();
        let refused = ingest.store(batch(1, 1)).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), ("RequestLimitExceeded", Some(RETRY_AFTER)));

        drop(taken);
        // Its topic does not exist, so it is refused for that: the queue took it.
        let fate = ingest.store(batch(1, 1)).await.unwrap();
        assert_eq!(fate, BatchFate::Refused(store::Refusal::UnknownTopic));
        let free_records = Arc::clone(&ingest.free_records);
        drop(ingest);
        writer.join().unwrap();
        assert_eq!(free_records.available_permits(), QUEUE_RECORDS_MAX);
    }
}
