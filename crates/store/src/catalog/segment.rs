//! Segments as the catalog names them.
//!
//! Hides: their rows in the catalog.
//! Knows nothing of: files and what they hold.

use std::ops::RangeInclusive;

use flow::{TimeRange, Timestamp, TopicId};
use rusqlite::{Connection, Row, Transaction, params};

use crate::catalog::owner::Owner;
use crate::catalog::topic::{BYTES_UNBOUNDED, PERIOD_FOREVER_DAYS};
use crate::catalog::{Sequence, raise, stored};
use crate::digest::Digest;
use crate::error::StoreError;
use crate::schema::SEGMENT_SCHEMA_VERSION;

/// How far a segment was merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// Written by one call of `append`.
    Commit,
    /// Merged while its hour was open.
    Part,
    /// Merged after its hour.
    Hour,
    /// Merged after its day.
    Day,
}

impl Level {
    const ALL: [Self; 4] = [Self::Commit, Self::Part, Self::Hour, Self::Day];

    const fn number(self) -> i64 {
        match self {
            Self::Commit => 0,
            Self::Part => 1,
            Self::Hour => 2,
            Self::Day => 3,
        }
    }
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub(crate) id: i64,
    pub(crate) owner: Owner,
    pub(crate) topic: TopicId,
    /// Which columns its file has, in which order of rows.
    pub(crate) version: i64,
    pub(crate) level: Level,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The earliest and the latest moment of a row.
    pub(crate) moments: RangeInclusive<Timestamp>,
    pub(crate) created: Timestamp,
    /// Of its file; `None` until a catalog of format 1 has got its chains.
    pub(crate) digest: Option<Digest>,
}

/// Unit: milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 3600 * 1000;

const COLUMNS: &str =
    "id, account, region, topic, level, rows, bytes, first_ms, last_ms, created_ms, version, digest";

/// The segments of a topic with a moment in `range`, newest first.
pub(crate) fn segments_of(
    connection: &Connection,
    (owner, topic): (&Owner, &TopicId),
    range: TimeRange,
) -> Result<Vec<SegmentRow>, StoreError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM segments
         WHERE account = ?1 AND region = ?2 AND topic = ?3 AND last_ms >= ?4 AND first_ms < ?5
         ORDER BY last_ms DESC, id DESC"
    ))?;
    let key = params![
        owner.account.as_str(),
        owner.region.as_str(),
        topic.as_str(),
        range.from.millis(),
        range.to.millis()
    ];
    let rows = select.query_and_then(key, segment)?;
    rows.collect()
}

/// Every segment of every topic, in the order of account, region, topic.
pub(crate) fn all_segments(connection: &Connection) -> Result<Vec<SegmentRow>, StoreError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM segments ORDER BY account, region, topic, last_ms, id"
    ))?;
    let rows = select.query_and_then([], segment)?;
    rows.collect()
}

/// Segments whose newest row is older than their topic keeps rows.
pub(crate) fn expired(connection: &Connection, now: Timestamp) -> Result<Vec<SegmentRow>, StoreError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM segments s
         WHERE last_ms < ?1 - {DAY_MS} * (SELECT period_days FROM topics t WHERE t.account = s.account
                                          AND t.region = s.region AND t.id = s.topic AND period_days <> ?2)"
    ))?;
    let rows = select.query_and_then(params![now.millis(), PERIOD_FOREVER_DAYS], segment)?;
    rows.collect()
}

/// The oldest segments of topics that hold more than they may. The newest of each stays, however large it is.
pub(crate) fn excess(connection: &Connection) -> Result<Vec<SegmentRow>, StoreError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM
             (SELECT s.*, t.bytes_max, sum(s.bytes) OVER newer AS bytes_to_here, row_number() OVER newer AS place
              FROM segments s JOIN topics t ON t.account = s.account AND t.region = s.region AND t.id = s.topic
              WHERE t.bytes_max <> ?1
              WINDOW newer AS (PARTITION BY s.account, s.region, s.topic ORDER BY s.last_ms DESC, s.id DESC
                               ROWS UNBOUNDED PRECEDING))
         WHERE bytes_to_here > bytes_max AND place > 1"
    ))?;
    let rows = select.query_and_then([BYTES_UNBOUNDED], segment)?;
    rows.collect()
}

/// Whether the catalog names all of these.
pub(crate) fn are_named(connection: &Connection, segments: &[SegmentRow]) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached("SELECT 1 FROM segments WHERE id = ?1")?;
    for segment in segments {
        if !select.exists([segment.id])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Names a segment.
pub(crate) fn name(transaction: &Transaction<'_>, segment: &SegmentRow) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO segments (id, account, region, topic, version, level, rows, bytes, first_ms, last_ms, created_ms,
                               digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            segment.id,
            segment.owner.account.as_str(),
            segment.owner.region.as_str(),
            segment.topic.as_str(),
            segment.version,
            segment.level.number(),
            segment.rows,
            segment.bytes,
            segment.moments.start().millis(),
            segment.moments.end().millis(),
            segment.created.millis(),
            segment.digest.map(|digest| *digest.as_bytes())
        ],
    )?;
    raise(transaction, Sequence::Segment, segment.id)?;
    Ok(())
}

/// Notes the digest of a segment that was named without one.
pub(crate) fn note_digest(transaction: &Transaction<'_>, id: i64, digest: Digest) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached("UPDATE segments SET digest = ?2 WHERE id = ?1")?;
    update.execute(params![id, digest.as_bytes()])?;
    Ok(())
}

/// Forgets a segment.
pub(crate) fn forget(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    let mut delete = transaction.prepare_cached("DELETE FROM segments WHERE id = ?1")?;
    delete.execute([id])?;
    Ok(())
}

fn segment(row: &Row<'_>) -> Result<SegmentRow, StoreError> {
    let version: i64 = row.get(10)?;
    if version > SEGMENT_SCHEMA_VERSION {
        let path = format!("segment {}", row.get::<_, i64>(0)?).into();
        return Err(StoreError::NewerFormat { path, found: version, known: SEGMENT_SCHEMA_VERSION });
    }
    let number: i64 = row.get(4)?;
    let level = Level::ALL.into_iter().find(|level| level.number() == number);
    Ok(SegmentRow {
        id: row.get(0)?,
        owner: Owner { account: stored("account id", row.get(1)?)?, region: stored("region", row.get(2)?)? },
        topic: stored("topic id", row.get(3)?)?,
        version,
        level: level.ok_or(rusqlite::Error::IntegralValueOutOfRange(4, number))?,
        rows: row.get(5)?,
        bytes: row.get(6)?,
        moments: Timestamp::from_millis(row.get(7)?)..=Timestamp::from_millis(row.get(8)?),
        created: Timestamp::from_millis(row.get(9)?),
        digest: row.get::<_, Option<Vec<u8>>>(11)?.and_then(|bytes| Digest::from_bytes(&bytes)),
    })
}
