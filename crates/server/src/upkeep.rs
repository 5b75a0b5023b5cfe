//! What is done from time to time: merging small segments, forgetting what is past its time, noting usage, looking
//! for trouble and damage.
//!
//! Hides: the intervals.
//! Knows nothing of: how segments are merged.

use std::sync::Arc;
use std::time::Duration;

use flow::Timestamp;
use store::StoreError;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::server::Server;

/// How often small segments are merged, and what queries read is noted. Every commit makes a segment, so a busy server
/// has a few dozen by then.
const COMPACT_INTERVAL: Duration = Duration::from_secs(30);

/// How often retention is applied, and ended sessions and tokens are forgotten.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Works until the server stops.
pub(crate) async fn work(server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let mut compact_due = interval(COMPACT_INTERVAL);
    let mut expire_due = interval(EXPIRE_INTERVAL);
    // After a long merge the next one is due an interval later, not at once.
    compact_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    expire_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = async { stopped.wait_for(|stop| *stop).await.ok(); } => return,
            _ = compact_due.tick() => {
                attempt(&server, "try writing", try_writing).await;
                attempt(&server, "note usage", |server, _| server.store.flush_usage()).await;
                attempt(&server, "compact", compact).await;
                attempt(&server, "examine", examine).await;
            }
            _ = expire_due.tick() => attempt(&server, "expire", expire).await,
        }
    }
}

/// Does `deed` beside the threads that answer. A failure is logged and tried again at the next time.
async fn attempt(
    server: &Arc<Server>,
    name: &'static str,
    deed: fn(&Server, Timestamp) -> Result<(), StoreError>,
) {
    let working = Arc::clone(server);
    let done = tokio::task::spawn_blocking(move || deed(&working, (working.clock)())).await;
    let cause: Box<dyn std::error::Error + Send + Sync> = match done {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.into(),
        Err(panicked) => panicked.into(),
    };
    server.metrics.upkeep_failed();
    tracing::error!(deed = name, cause = &*cause, "upkeep failed; it is tried again");
}

fn compact(server: &Server, now: Timestamp) -> Result<(), StoreError> {
    loop {
        let done = server.store.compact(now)?;
        if done.merges > 0 {
            tracing::debug!(
                merges = done.merges,
                segments = done.segments_merged,
                rows = done.rows,
                "compacted"
            );
        }
        if !done.more || done.merges == 0 {
            return Ok(());
        }
    }
}

/// So that trouble is known before a batch comes.
fn try_writing(server: &Server, _: Timestamp) -> Result<(), StoreError> {
    // What stands in the way is told by the store itself, once, and by `/readyz` and the numbers.
    server.store.try_writing().or(Ok(()))
}

fn examine(server: &Server, now: Timestamp) -> Result<(), StoreError> {
    server.store.examine_next(now).map(drop)
}

fn expire(server: &Server, now: Timestamp) -> Result<(), StoreError> {
    let done = server.store.expire(now)?;
    if done.segments > 0 {
        tracing::info!(segments = done.segments, rows = done.rows, "records passed their retention");
    }
    Ok(())
}
