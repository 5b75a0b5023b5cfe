//! Retention: forgets what is past its time.
//!
//! Hides: that rows go segment by segment.
//! Knows nothing of: when it is called.

use flow::Timestamp;

use crate::append::BATCH_MEMORY;
use crate::catalog::segment::{expired, forget};
use crate::catalog::sign_in::forget_ended;
use crate::error::StoreError;
use crate::store::Store;

/// What one call of `expire` forgot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// Segments whose newest row was past the retention of its topic.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Unit: bytes of their files.
    pub bytes: u64,
    /// Batch ids older than `BATCH_MEMORY`.
    pub batches: u64,
    /// Sessions, enrolment tokens and one-time links that had ended.
    pub secrets: u64,
}

impl Store {
    /// Forgets what is past its time: segments whose newest row is older than its topic keeps rows, the ids of old
    /// batches, sessions and tokens that have ended.
    ///
    /// A segment goes as a whole, so the oldest rows of a segment outlive their time by the span of the segment:
    /// a day at most, unless its rows came late.
    ///
    /// # Errors
    /// The catalog's; then everything stays as it was.
    pub fn expire(&self, now: Timestamp) -> Result<Expiry, StoreError> {
        let (segments, mut done) = self.catalog().transact(|transaction| {
            let segments = expired(transaction, now)?;
            for segment in &segments {
                forget(transaction, segment.id)?;
            }
            let oldest = now.minus(BATCH_MEMORY).millis();
            let batches = transaction.execute("DELETE FROM batches WHERE stored_ms < ?1", [oldest])? as u64;
            let secrets = forget_ended(transaction, now)?;
            Ok((segments, Expiry { batches, secrets, ..Expiry::default() }))
        })?;
        for segment in &segments {
            done.segments += 1;
            done.rows += segment.rows;
            done.bytes += segment.bytes;
        }
        self.live().condemn(&segments);
        self.counters().segments_expired.add(done.segments);
        Ok(done)
    }
}
