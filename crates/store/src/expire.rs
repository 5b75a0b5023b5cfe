//! Retention: forgets what is past its time, and what a topic has no room for.
//!
//! Hides: that rows go segment by segment.
//! Knows nothing of: when it is called.

use flow::Timestamp;
use rusqlite::Transaction;

use crate::append::BATCH_MEMORY;
use crate::catalog::chain::{Deed, Happening, unlink};
use crate::catalog::former::forget_old;
use crate::catalog::segment::{excess, expired, forget};
use crate::catalog::sign_in::forget_ended;
use crate::catalog::usage::{forget_usage, note_stored};
use crate::error::StoreError;
use crate::store::Store;

/// The most batch ids that one call forgets: appending waits meanwhile, and this many take less than a second.
const BATCHES_PER_CALL_MAX: i64 = 100_000;

/// What one call of `expire` forgot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// Segments whose newest row was past the retention of its topic, and the oldest of topics that held too much.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Unit: bytes of their files.
    pub bytes: u64,
    /// Batch ids older than `BATCH_MEMORY`.
    pub batches: u64,
    /// Deleted flow logs whose records their topics keep no longer.
    pub flow_logs: u64,
    /// Files that were moved aside longer ago than `UNNAMED_KEPT`.
    pub unnamed: u64,
    /// Sessions, enrolment tokens and one-time links that had ended.
    pub secrets: u64,
}

impl Store {
    /// Forgets what is past its time: segments whose newest row is older than its topic keeps rows, the oldest segments of
    /// a topic that holds more bytes than it may, the ids of old batches, deleted flow logs, sessions and tokens that have ended, usage
    /// older than `USAGE_MEMORY`. Notes what is left as what topics store in this hour.
    ///
    /// A segment goes as a whole, so the oldest rows of a segment outlive their time by the span of the segment:
    /// a day at most, unless its rows came late. The newest segment of a topic stays, however large it is.
    ///
    /// # Errors
    /// The catalog's; then everything stays as it was. After that the disk's, when files that were moved aside cannot be listed.
    #[tracing::instrument(name = "store.expire", skip_all)]
    pub fn expire(&self, now: Timestamp) -> Result<Expiry, StoreError> {
        let (segments, mut done) = self.catalog().transact(|transaction| {
            let mut segments = expired(transaction, now)?;
            for segment in &segments {
                forget(transaction, segment.id)?;
            }
            // Only what is left counts.
            let excess = excess(transaction)?;
            for segment in &excess {
                forget(transaction, segment.id)?;
            }
            segments.extend(excess);
            unlink(transaction, &Happening::new(Deed::Expire, now, self.signer()), &segments)?;
            let batches = forget_batches(transaction, now.minus(BATCH_MEMORY))?;
            let flow_logs = forget_old(transaction, now)?;
            let secrets = forget_ended(transaction, now)?;
            forget_usage(transaction, now)?;
            // What is left is what topics store.
            note_stored(transaction, now)?;
            Ok((segments, Expiry { batches, flow_logs, secrets, ..Expiry::default() }))
        })?;
        for segment in &segments {
            done.segments += 1;
            done.rows += segment.rows;
            done.bytes += segment.bytes;
        }
        self.live().condemn(&segments);
        self.counters().segments_expired.add(done.segments);
        done.unnamed = self.forget_unnamed(now)?;
        Ok(done)
    }
}

/// Forgets batches stored before `oldest`, the oldest first; what is too much for one call is left for the next.
fn forget_batches(transaction: &Transaction<'_>, oldest: Timestamp) -> rusqlite::Result<u64> {
    let forgotten = transaction.execute(
        "DELETE FROM batches WHERE (account, region, id) IN (
             SELECT account, region, id FROM batches WHERE stored_ms < ?1 ORDER BY stored_ms LIMIT ?2)",
        [oldest.millis(), BATCHES_PER_CALL_MAX],
    )?;
    Ok(forgotten as u64)
}
