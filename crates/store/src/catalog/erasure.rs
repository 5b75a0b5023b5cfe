//! Erasures: what was ordered to be taken out of topics, by whom, and how far that is.
//!
//! Hides: their rows in the catalog.
//! Knows nothing of: how rows are found and taken out; `erase.rs` does it.

use std::str::FromStr;

use flow::{TimeRange, Timestamp, TopicId};
use rusqlite::{Row, Transaction, params};

use crate::catalog::index::IndexSettings;
use crate::catalog::owner::{Listing, Owner, Page};
use crate::catalog::stored;
use crate::catalog::topic::one_topic;
use crate::error::StoreError;
use crate::store::Store;

/// Where an erasure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErasureState {
    /// It is carried out, or will be.
    Running,
    /// Everything that it found is gone.
    Done,
    /// Something is still there.
    Failed,
}

/// A word that is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of an erasure: expected `running`, `done` or `failed`")]
pub struct UnknownErasureState(String);

impl ErasureState {
    /// The word in the catalog.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for ErasureState {
    type Err = UnknownErasureState;

    fn from_str(word: &str) -> Result<Self, UnknownErasureState> {
        match word {
            "running" => Ok(Self::Running),
            "done" => Ok(Self::Done),
            "failed" => Ok(Self::Failed),
            _ => Err(UnknownErasureState(word.to_owned())),
        }
    }
}

/// One erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRow {
    /// Its id, unique in account and region.
    pub id: String,
    /// The topic; it may be gone.
    pub topic: TopicId,
    /// The search in canonical text.
    pub search: String,
    /// The index by which the search was read: a later one may read it otherwise.
    pub index: IndexSettings,
    /// Only records that start in it.
    pub range: TimeRange,
    /// Who ordered it.
    pub ordered_by: String,
    /// When.
    pub ordered: Timestamp,
    /// Where it stands.
    pub state: ErasureState,
    /// Rows that are gone.
    pub rows: u64,
    /// Segments that were written anew, or removed, without them.
    pub segments: u64,
    /// When it was done or failed.
    pub ended: Option<Timestamp>,
    /// Why it failed; empty otherwise.
    pub failure: String,
}

impl Store {
    /// Notes what is to be erased; `erase` does it. Fails with `NotFound` for an unknown topic, `AlreadyExists` when the id
    /// is taken.
    pub fn order_erasure(&self, owner: &Owner, order: &ErasureRow) -> Result<(), StoreError> {
        let settings =
            serde_json::to_string(&order.index).expect("settings are plain texts, numbers and lists");
        self.catalog().transact(|transaction| {
            one_topic(transaction, owner, &order.topic)?;
            let written = transaction.execute(
                "INSERT INTO erasures (account, region, id, topic, search, settings, from_ms, to_ms, ordered_by,
                                       ordered_ms, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    owner.account.as_str(),
                    owner.region.as_str(),
                    order.id,
                    order.topic.as_str(),
                    order.search,
                    settings,
                    order.range.from.millis(),
                    order.range.to.millis(),
                    order.ordered_by,
                    order.ordered.millis(),
                    ErasureState::Running.as_str()
                ],
            );
            written.map(drop).map_err(StoreError::taken("erasure", &order.id))
        })
    }

    /// Everything that an owner ever ordered, the newest first.
    pub fn erasures(&self, owner: &Owner, page: Page) -> Result<Listing<ErasureRow>, StoreError> {
        let rows = self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM erasures WHERE account = ?1 AND region = ?2 ORDER BY ordered_ms DESC, id"
            ))?;
            let rows = select.query_and_then([owner.account.as_str(), owner.region.as_str()], erasure)?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(page.of(rows))
    }

    /// What is still to be carried out, of all owners, the oldest first.
    pub fn running_erasures(&self) -> Result<Vec<(Owner, ErasureRow)>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS}, account, region FROM erasures WHERE state = ?1 ORDER BY ordered_ms, id"
            ))?;
            let rows = select.query_and_then([ErasureState::Running.as_str()], |row| {
                let account = stored("account id", row.get(13)?)?;
                Ok::<_, StoreError>((
                    Owner { account, region: stored("region", row.get(14)?)? },
                    erasure(row)?,
                ))
            })?;
            rows.collect()
        })
    }

    /// Says that an erasure is done, or, with a reason, that it failed.
    pub fn end_erasure(
        &self,
        owner: &Owner,
        id: &str,
        failure: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let state = if failure.is_none() { ErasureState::Done } else { ErasureState::Failed };
        self.catalog().transact(|transaction| {
            let changed = transaction.execute(
                "UPDATE erasures SET state = ?4, failure = ?5, ended_ms = ?6
                 WHERE account = ?1 AND region = ?2 AND id = ?3",
                params![
                    owner.account.as_str(),
                    owner.region.as_str(),
                    id,
                    state.as_str(),
                    failure.unwrap_or_default(),
                    now.millis()
                ],
            )?;
            if changed == 0 { Err(StoreError::not_found("erasure", id)) } else { Ok(()) }
        })
    }
}

/// Adds to what an erasure has taken, in the transaction that takes it.
pub(crate) fn note_erased(
    transaction: &Transaction<'_>,
    owner: &Owner,
    id: &str,
    rows: u64,
) -> Result<(), StoreError> {
    let changed = transaction.execute(
        "UPDATE erasures SET rows = rows + ?4, segments = segments + 1
         WHERE account = ?1 AND region = ?2 AND id = ?3",
        params![owner.account.as_str(), owner.region.as_str(), id, rows],
    )?;
    if changed == 0 { Err(StoreError::not_found("erasure", id)) } else { Ok(()) }
}

const COLUMNS: &str = "id, topic, search, settings, from_ms, to_ms, ordered_by, ordered_ms, state, rows, segments, ended_ms, failure";

fn erasure(row: &Row<'_>) -> Result<ErasureRow, StoreError> {
    let settings: String = row.get(3)?;
    let index = serde_json::from_str(&settings).ok();
    Ok(ErasureRow {
        id: row.get(0)?,
        topic: stored("topic id", row.get(1)?)?,
        search: row.get(2)?,
        index: index.ok_or(StoreError::Corrupt { what: "index settings", text: settings })?,
        range: TimeRange {
            from: Timestamp::from_millis(row.get(4)?),
            to: Timestamp::from_millis(row.get(5)?),
        },
        ordered_by: row.get(6)?,
        ordered: Timestamp::from_millis(row.get(7)?),
        state: stored("state of an erasure", row.get(8)?)?,
        rows: row.get(9)?,
        segments: row.get(10)?,
        ended: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_millis),
        failure: row.get(12)?,
    })
}
