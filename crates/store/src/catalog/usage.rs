//! Usage as the catalog keeps it: one row for each topic and hour.
//!
//! Hides: how amounts are added to what an hour has.
//! Knows nothing of: how amounts are measured.

use std::time::Duration;

use flow::{TimeRange, Timestamp, TopicId};
use rusqlite::{Connection, Transaction, params};

use crate::catalog::owner::Owner;
use crate::catalog::stored;
use crate::error::StoreError;

/// How long usage is kept: thirteen months, so that a month can be held against that of the year before.
pub const USAGE_MEMORY: Duration = Duration::from_secs(396 * 24 * 3600);

/// The most hours that one call forgets: appending waits meanwhile.
const HOURS_PER_CALL_MAX: i64 = 100_000;

/// Unit: milliseconds.
const HOUR_MS: i64 = 3600 * 1000;

/// What a topic took in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Records that were stored, each once. Unit: bytes of their values: a number 8, an address 16, a text as UTF-8.
    pub written_bytes: u64,
    /// Of them, what the index in force covers: the whole record with full text, else the values of its keys.
    pub indexed_bytes: u64,
    /// Segments, when they were last looked at in the hour. Unit: bytes of their files.
    pub stored_bytes: u64,
    /// What queries read. Unit: bytes, as they stand in segments.
    pub queried_bytes: u64,
    /// Batches that were stored.
    pub write_requests: u64,
    /// Queries that ended.
    pub query_requests: u64,
}

impl Usage {
    /// Both together; `stored_bytes` is that of `later`.
    pub fn and(self, later: Self) -> Self {
        Self {
            written_bytes: self.written_bytes.saturating_add(later.written_bytes),
            indexed_bytes: self.indexed_bytes.saturating_add(later.indexed_bytes),
            stored_bytes: later.stored_bytes,
            queried_bytes: self.queried_bytes.saturating_add(later.queried_bytes),
            write_requests: self.write_requests.saturating_add(later.write_requests),
            query_requests: self.query_requests.saturating_add(later.query_requests),
        }
    }
}

/// The beginning of the hour that a moment lies in.
pub(crate) fn hour_of(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.millis().div_euclid(HOUR_MS) * HOUR_MS)
}

/// Adds to what a topic took in the hour of `at`; what is stored is left alone.
pub(crate) fn add_usage(
    transaction: &Transaction<'_>,
    (owner, topic): (&Owner, &TopicId),
    at: Timestamp,
    more: &Usage,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(
        "INSERT INTO usage (account, region, topic, hour_ms, written_bytes, indexed_bytes, queried_bytes,
                            write_requests, query_requests)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET
             written_bytes = written_bytes + excluded.written_bytes,
             indexed_bytes = indexed_bytes + excluded.indexed_bytes,
             queried_bytes = queried_bytes + excluded.queried_bytes,
             write_requests = write_requests + excluded.write_requests,
             query_requests = query_requests + excluded.query_requests",
    )?;
    add.execute(params![
        owner.account.as_str(),
        owner.region.as_str(),
        topic.as_str(),
        hour_of(at).millis(),
        more.written_bytes,
        more.indexed_bytes,
        more.queried_bytes,
        more.write_requests,
        more.query_requests
    ])?;
    Ok(())
}

/// Notes for the hour of `now` what each topic stores.
pub(crate) fn note_stored(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let hour = [hour_of(now).millis()];
    // A topic without segments has no row in the sums below.
    transaction.execute("UPDATE usage SET stored_bytes = 0 WHERE hour_ms = ?1", hour)?;
    transaction.execute(
        "INSERT INTO usage (account, region, topic, hour_ms, stored_bytes)
         SELECT account, region, topic, ?1, sum(bytes) FROM segments WHERE true GROUP BY account, region, topic
         ON CONFLICT DO UPDATE SET stored_bytes = excluded.stored_bytes",
        hour,
    )?;
    Ok(())
}

/// Forgets the oldest hours that are older than `USAGE_MEMORY`; what is too much for one call is left for the next.
pub(crate) fn forget_usage(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM usage WHERE (account, region, topic, hour_ms) IN (
             SELECT account, region, topic, hour_ms FROM usage WHERE hour_ms < ?1 ORDER BY hour_ms LIMIT ?2)",
        [now.minus(USAGE_MEMORY).millis(), HOURS_PER_CALL_MAX],
    )?;
    Ok(())
}

/// The hours of a topic that begin in `range`, the oldest first.
pub(crate) fn usage_of(
    connection: &Connection,
    (owner, topic): (&Owner, &TopicId),
    range: TimeRange,
) -> rusqlite::Result<Vec<(Timestamp, Usage)>> {
    let mut select = connection.prepare_cached(
        "SELECT hour_ms, written_bytes, indexed_bytes, stored_bytes, queried_bytes, write_requests, query_requests
         FROM usage WHERE account = ?1 AND region = ?2 AND topic = ?3 AND hour_ms >= ?4 AND hour_ms < ?5
         ORDER BY hour_ms",
    )?;
    let key = params![
        owner.account.as_str(),
        owner.region.as_str(),
        topic.as_str(),
        range.from.millis(),
        range.to.millis()
    ];
    let rows = select.query_map(key, |row| {
        let usage = Usage {
            written_bytes: row.get(1)?,
            indexed_bytes: row.get(2)?,
            stored_bytes: row.get(3)?,
            queried_bytes: row.get(4)?,
            write_requests: row.get(5)?,
            query_requests: row.get(6)?,
        };
        Ok((Timestamp::from_millis(row.get(0)?), usage))
    })?;
    rows.collect()
}

/// Whether an owner ever had usage in a topic that is perhaps gone.
pub(crate) fn has_usage(
    connection: &Connection,
    (owner, topic): (&Owner, &TopicId),
) -> rusqlite::Result<bool> {
    let mut select = connection
        .prepare_cached("SELECT 1 FROM usage WHERE account = ?1 AND region = ?2 AND topic = ?3 LIMIT 1")?;
    select.exists([owner.account.as_str(), owner.region.as_str(), topic.as_str()])
}

/// What each topic that exists stores now. Unit: bytes.
pub(crate) fn stored_now(connection: &Connection) -> Result<Vec<(Owner, TopicId, u64)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT t.account, t.region, t.id,
                coalesce((SELECT sum(bytes) FROM segments s
                          WHERE s.account = t.account AND s.region = t.region AND s.topic = t.id), 0)
         FROM topics t ORDER BY t.account, t.region, t.id",
    )?;
    let rows = select.query_and_then([], |row| {
        let owner =
            Owner { account: stored("account id", row.get(0)?)?, region: stored("region", row.get(1)?)? };
        Ok((owner, stored("topic id", row.get(2)?)?, row.get(3)?))
    })?;
    rows.collect()
}
