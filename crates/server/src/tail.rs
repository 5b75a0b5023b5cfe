//! Tells records to those who watch a topic, as they are stored.
//!
//! Hides: who watches what, and what becomes of records that come faster than they are read.
//! Knows nothing of: HTTP, segments.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use flow::{Record, TopicId};
use query::{IndexedFields, Search};
use store::{NewBatch, Owner};
use tokio::sync::mpsc;

use crate::failure::Failure;

/// The most watchers at once. Each record is compared with the search of each of them.
const WATCHERS_MAX: usize = 64;

/// The most records that are told at once; more are skipped, because nobody reads them one by one.
const NEWS_RECORDS_MAX: usize = 1000;

/// How much news may wait for a watcher who reads slowly.
const NEWS_WAITING_MAX: usize = 8;

/// How many commits may wait to be looked through; with those of `ingest` this bounds them to 600 000 records.
const COMMITS_WAITING_MAX: usize = 2;

/// Where stored records are announced and watched for.
#[derive(Debug)]
pub(crate) struct Tails {
    watchers: Arc<Watchers>,
    commits: SyncSender<Vec<NewBatch>>,
}

/// What was stored and found since the news before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct News {
    /// In the order of their arrival.
    pub(crate) records: Vec<Record>,
    /// Records that were left out.
    pub(crate) skipped: u64,
}

/// What somebody watches for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) owner: Owner,
    pub(crate) topic: TopicId,
    pub(crate) search: Search,
    pub(crate) index: IndexedFields,
}

#[derive(Debug)]
struct Watcher {
    wanted: Wanted,
    skipped: AtomicU64,
    news: mpsc::Sender<News>,
}

/// `None` once the server stops.
#[derive(Debug)]
struct Watchers(Mutex<Option<Vec<Arc<Watcher>>>>);

impl Tails {
    /// Starts the thread that looks through what was stored. It ends with the last handle.
    pub(crate) fn start() -> std::io::Result<Self> {
        let watchers = Arc::new(Watchers(Mutex::new(Some(Vec::new()))));
        let (commits, stored) = sync_channel(COMMITS_WAITING_MAX);
        let told = Arc::clone(&watchers);
        thread::Builder::new().name("tail".to_owned()).spawn(move || tell_all(&stored, &told))?;
        Ok(Self { watchers, commits })
    }

    /// News of records that are stored from now on; it ends when the server stops.
    pub(crate) fn watch(&self, wanted: Wanted) -> Result<mpsc::Receiver<News>, Failure> {
        let (news, receiver) = mpsc::channel(NEWS_WAITING_MAX);
        let mut watchers = self.watchers.lock();
        let Some(watchers) = watchers.as_mut() else {
            return Err(Failure::new("FailedOperation", "the server stops: try again when it is back"));
        };
        watchers.retain(|watcher| !watcher.news.is_closed());
        if watchers.len() >= WATCHERS_MAX {
            let message = format!("{WATCHERS_MAX} watch already, the most that are served: try again later");
            return Err(Failure::new("LimitExceeded", message));
        }
        watchers.push(Arc::new(Watcher { wanted, skipped: AtomicU64::new(0), news }));
        Ok(receiver)
    }

    /// Announces batches that are durable. Never waits.
    pub(crate) fn stored(&self, batches: Vec<NewBatch>) {
        let watchers = self.watchers.current();
        if watchers.is_empty() {
            return;
        }
        if let Err(TrySendError::Full(batches) | TrySendError::Disconnected(batches)) =
            self.commits.try_send(batches)
        {
            for watcher in watchers {
                let records = watcher.arrivals(&batches).map(|batch| batch.records.len() as u64);
                watcher.skip(records.sum());
            }
        }
    }

    /// Ends all news.
    pub(crate) fn close(&self) {
        self.watchers.lock().take();
    }
}

fn tell_all(stored: &Receiver<Vec<NewBatch>>, watchers: &Watchers) {
    for batches in stored {
        for watcher in watchers.current() {
            watcher.tell(&batches);
        }
    }
}

impl Watchers {
    fn lock(&self) -> MutexGuard<'_, Option<Vec<Arc<Watcher>>>> {
        // No invariant spans two changes of the list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Vec<Arc<Watcher>> {
        self.lock().as_ref().map(Vec::clone).unwrap_or_default()
    }
}

impl Watcher {
    fn arrivals<'a>(&self, batches: &'a [NewBatch]) -> impl Iterator<Item = &'a NewBatch> {
        batches.iter().filter(|batch| batch.topic == self.wanted.topic && batch.owner == self.wanted.owner)
    }

    fn skip(&self, records: u64) {
        // Nothing is ordered by this number.
        self.skipped.fetch_add(records, Ordering::Relaxed);
    }

    fn tell(&self, batches: &[NewBatch]) {
        let Wanted { search, index, .. } = &self.wanted;
        let mut found = self
            .arrivals(batches)
            .flat_map(|batch| &batch.records)
            .filter(|record| search.finds(record, index));
        let records: Vec<Record> = found.by_ref().take(NEWS_RECORDS_MAX).cloned().collect();
        self.skip(found.count() as u64);
        if records.is_empty() {
            return;
        }
        let skipped = self.skipped.swap(0, Ordering::Relaxed);
        let told = records.len() as u64;
        if self.news.try_send(News { records, skipped }).is_err() {
            self.skip(skipped + told);
        }
    }
}

#[cfg(test)]
mod tests {
    use flow::{LogStatus, Timestamp};
    use query::Syntax;

    use super::*;

    fn owner(region: &str) -> Owner {
        Owner { account: "1".parse().unwrap(), region: region.parse().unwrap() }
    }

    fn batch(topic: &str, region: &str, ports: std::ops::Range<u16>) -> NewBatch {
        let at = Timestamp::from_seconds(60);
        let record = |port| Record { srcport: Some(port), ..Record::empty(at, at, LogStatus::Ok) };
        NewBatch {
            id: uuid::Uuid::nil(),
            owner: owner(region),
            topic: topic.parse().unwrap(),
            gateway: "nat-00000000".parse().unwrap(),
            records: ports.map(record).collect(),
        }
    }

    fn wanted(text: &str) -> Wanted {
        let index = IndexedFields::all();
        let search = query::parse(text, Syntax::Cql, &index).unwrap().search;
        Wanted { owner: owner("here"), topic: "edge-1".parse().unwrap(), search, index }
    }

    fn ports(news: &News) -> Vec<u16> {
        news.records.iter().map(|record| record.srcport.unwrap()).collect()
    }

    #[test]
    fn a_watcher_is_told_what_it_searches_in_its_topic_and_nothing_else() {
        let tails = Tails::start().unwrap();
        let mut news = tails.watch(wanted("srcport>=3")).unwrap();
        tails.stored(vec![batch("edge-1", "there", 3..9), batch("edge-2", "here", 3..9)]);
        tails.stored(vec![batch("edge-1", "here", 0..5)]);
        let told = news.blocking_recv().unwrap();
        assert_eq!((ports(&told), told.skipped), (vec![3, 4], 0));
    }

    #[test]
    fn what_comes_faster_than_it_is_read_is_counted_and_the_rest_is_told_in_order() {
        let (sender, mut receiver) = mpsc::channel(1);
        let watcher = Watcher { wanted: wanted("*"), skipped: AtomicU64::new(0), news: sender };
        watcher.tell(&[batch("edge-1", "here", 0..1003)]);
        watcher.tell(&[batch("edge-1", "here", 0..5)]);
        let first = receiver.blocking_recv().unwrap();
        assert_eq!((first.records.len(), first.skipped), (NEWS_RECORDS_MAX, 3));
        watcher.tell(&[batch("edge-1", "here", 7..8)]);
        let second = receiver.blocking_recv().unwrap();
        assert_eq!((ports(&second), second.skipped), (vec![7], 5));
    }

    #[test]
    fn places_are_limited_and_free_again_when_somebody_leaves_and_all_end_with_the_server() {
        let tails = Tails::start().unwrap();
        let mut all: Vec<_> = (0..WATCHERS_MAX).map(|_| tails.watch(wanted("*")).unwrap()).collect();
        assert_eq!(tails.watch(wanted("*")).unwrap_err().code, "LimitExceeded");
        all.pop();
        let mut last = tails.watch(wanted("*")).unwrap();
        tails.close();
        assert_eq!(last.blocking_recv(), None);
        assert_eq!(tails.watch(wanted("*")).unwrap_err().code, "FailedOperation");
    }
}
