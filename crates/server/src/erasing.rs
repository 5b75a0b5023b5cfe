//! Carries out erasures: finds the records, and has the store take them out, segment by segment.
//!
//! Hides: that segments are merged meanwhile, and that what a restart cut short is carried on.
//! Knows nothing of: who may order an erasure; how a segment is written anew.
//!
//! What is stored after the last look is not taken: a late batch of the same time range needs another order.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use engine::{Asker, Engine, EngineError, Finder, Run, Scope};
use query::{IndexedFields, Search, Syntax};
use store::{Erased, ErasureRow, Owner, Segment, Snapshot, StoreError};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::with_causes;
use crate::object::index_rule::indexed_fields;
use crate::server::Server;

/// How often what could not be carried out, because the engine was busy or the catalog did not answer, is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Segments whose records are counted in one query, which has to end in time.
const SEGMENTS_PER_COUNT: usize = 16;

/// How often a topic is looked through at most: each time, merges may have moved records into segments that were not there.
const PASSES_MAX: usize = 16;

type Cause = Box<dyn Error + Send + Sync>;

/// Wakes who carries out erasures.
#[derive(Debug, Default)]
pub(crate) struct Erasing {
    ordered: Notify,
}

impl Erasing {
    /// Something was ordered.
    pub(crate) fn ordered(&self) {
        self.ordered.notify_one();
    }
}

/// How one attempt ended.
enum Attempt {
    /// Nothing is left, or, with the reason, something that cannot be taken.
    Ended(Option<String>),
    /// The server stops; the next start carries on.
    Stopped,
}

/// Works until the server stops.
pub(crate) async fn work(server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let mut retry = interval(RETRY_INTERVAL);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // The first tick comes at once: what a restart cut short is carried on.
        tokio::select! {
            biased;
            () = async { stopped.wait_for(|stop| *stop).await.ok(); } => return,
            () = server.erasing.ordered.notified() => {}
            _ = retry.tick() => {}
        }
        let all = tokio::select! {
            biased;
            () = async { stopped.wait_for(|stop| *stop).await.ok(); } => return,
            done = all_running(&server) => done,
        };
        if let Err(cause) = all {
            server.metrics.upkeep_failed();
            tracing::error!(cause = &*cause, "an erasure could not be carried out; it is tried again");
        }
    }
}

async fn all_running(server: &Arc<Server>) -> Result<(), Cause> {
    let working = Arc::clone(server);
    let running = tokio::task::spawn_blocking(move || working.store.running_erasures()).await??;
    for (owner, order) in running {
        let Attempt::Ended(failure) = carry_out(server, &owner, &order).await? else { return Ok(()) };
        let (working, id) = (Arc::clone(server), order.id.clone());
        let end = move || {
            let now = (working.clock)();
            working.store.end_erasure(&owner, &order.id, failure.as_deref(), now).map(|()| failure)
        };
        match tokio::task::spawn_blocking(end).await?? {
            None => tracing::info!(%id, "an erasure is done"),
            Some(failure) => tracing::error!(%id, failure, "an erasure failed"),
        }
    }
    Ok(())
}

/// What is looked for, and where.
struct Order {
    owner: Owner,
    row: ErasureRow,
    index: IndexedFields,
    search: Search,
}

/// Looks through the topic until nothing is found.
async fn carry_out(server: &Arc<Server>, owner: &Owner, row: &ErasureRow) -> Result<Attempt, Cause> {
    let index = indexed_fields(&row.index);
    let search = match query::parse(&row.search, Syntax::Cql, &index) {
        Ok(query) => query.search,
        Err(error) => return Ok(Attempt::Ended(Some(error.to_string()))),
    };
    let finder = Arc::new(server.engine.finder(&search, &index, row.range)?);
    let order = Arc::new(Order { owner: owner.clone(), row: row.clone(), index, search });
    for _pass in 0..PASSES_MAX {
        let Some(snapshot) = snapshot(server, &order).await? else { return Ok(Attempt::Ended(None)) };
        let found = match segments_with_rows(&server.engine, &order, &snapshot.segments).await {
            Ok(found) => found,
            Err(error @ EngineError::Failed(_)) => return Ok(Attempt::Ended(Some(with_causes(&error)))),
            Err(error) => return Err(error.into()),
        };
        // Held no longer: what is replaced shall go from the disk.
        drop(snapshot);
        if found.is_empty() {
            return Ok(Attempt::Ended(None));
        }
        for segment in found {
            let (working, order, finder) = (Arc::clone(server), Arc::clone(&order), Arc::clone(&finder));
            let taken =
                tokio::task::spawn_blocking(move || take(&working, &order, (segment, &finder))).await?;
            match taken {
                Ok(Erased::Rows(_) | Erased::Gone) => {}
                Ok(Erased::Stopped) => return Ok(Attempt::Stopped),
                // It would fail again: whoever ordered it has to look.
                Err(
                    error @ (StoreError::Damaged(_) | StoreError::Rows { .. } | StoreError::Search { .. }),
                ) => return Ok(Attempt::Ended(Some(with_causes(&error)))),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Attempt::Ended(Some(
        "records that it finds come faster than they are taken: order it again".to_owned(),
    )))
}

/// `None` when the topic is gone, and all its records with it.
async fn snapshot(server: &Arc<Server>, order: &Arc<Order>) -> Result<Option<Snapshot>, Cause> {
    let (working, order) = (Arc::clone(server), Arc::clone(order));
    let taken = tokio::task::spawn_blocking(move || {
        working.store.snapshot(&order.owner, &order.row.topic, order.row.range)
    });
    match taken.await? {
        Ok(snapshot) => Ok(Some(snapshot)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The segments that hold something to erase.
async fn segments_with_rows(
    engine: &Engine,
    order: &Order,
    segments: &[Arc<Segment>],
) -> Result<Vec<i64>, EngineError> {
    let mut all = Vec::new();
    for segments in segments.chunks(SEGMENTS_PER_COUNT) {
        let asker = Asker { account: order.owner.account.to_string(), user: order.row.ordered_by.clone() };
        let scope = Scope {
            snapshot: Snapshot { segments: segments.to_vec() },
            range: order.row.range,
            index: order.index.clone(),
            run: Arc::new(Run::new(asker)),
        };
        all.extend(engine.count_by_segment(&scope, &order.search).await?.into_keys());
    }
    Ok(all)
}

fn take(server: &Server, order: &Order, (segment, finder): (i64, &Finder)) -> Result<Erased, StoreError> {
    let now = (server.clock)();
    server.store.erase((&order.owner, &order.row), segment, &mut |rows| Ok(finder.finds(rows)?), now)
}
