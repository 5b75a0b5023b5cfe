//! Logsets: named groups of topics.
//!
//! Hides: their rows in the catalog.
//! Knows nothing of: what the topics hold.

use flow::{LogsetId, Timestamp};
use rusqlite::{Row, params};

use crate::catalog::owner::{Listing, Owner, Page, Tag, TagFilter, wanted};
use crate::catalog::{stored, tags_from, tags_text};
use crate::error::StoreError;
use crate::store::Store;

/// One logset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogsetRow {
    /// Its id, unique in account and region.
    pub id: LogsetId,
    /// Its name, unique in account and region.
    pub name: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// How many topics stand in it; ignored when creating.
    pub topics: u64,
    /// When it was created.
    pub created: Timestamp,
}

/// What to change; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsetChange {
    /// A new name.
    pub name: Option<String>,
    /// New tags, in place of all old ones.
    pub tags: Option<Vec<Tag>>,
}

/// Which logsets are wanted; an empty list wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsetFilter {
    /// One of these ids.
    pub ids: Vec<LogsetId>,
    /// The name contains one of these.
    pub names: Vec<String>,
    /// With these tags.
    pub tags: TagFilter,
}

impl Store {
    /// Creates a logset. Fails with `AlreadyExists` when the id or the name is taken.
    pub fn create_logset(&self, owner: &Owner, logset: &LogsetRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction
                .execute(
                    "INSERT INTO logsets (account, region, id, name, tags, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        owner.account.as_str(),
                        owner.region.as_str(),
                        logset.id.as_str(),
                        logset.name,
                        tags_text(&logset.tags),
                        logset.created.millis()
                    ],
                )
                .map_err(StoreError::taken("logset", &logset.name))?;
            Ok(())
        })
    }

    /// Lists logsets, newest first.
    pub fn describe_logsets(
        &self,
        owner: &Owner,
        filter: &LogsetFilter,
        page: Page,
    ) -> Result<Listing<LogsetRow>, StoreError> {
        let mut rows = self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, name, tags, created_ms,
                        (SELECT count(*) FROM topics t
                         WHERE t.account = l.account AND t.region = l.region AND t.logset = l.id)
                 FROM logsets l WHERE account = ?1 AND region = ?2 ORDER BY created_ms DESC, id",
            )?;
            let rows = select.query_and_then([owner.account.as_str(), owner.region.as_str()], logset)?;
            rows.collect::<Result<Vec<_>, StoreError>>()
        })?;
        rows.retain(|row| {
            let named = filter.names.is_empty() || filter.names.iter().any(|name| row.name.contains(name));
            named && wanted(&filter.ids, &row.id) && filter.tags.admits(&row.tags)
        });
        Ok(page.of(rows))
    }

    /// Changes name or tags.
    pub fn modify_logset(
        &self,
        owner: &Owner,
        id: &LogsetId,
        change: &LogsetChange,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let changed = transaction
                .execute(
                    "UPDATE logsets SET name = coalesce(?4, name), tags = coalesce(?5, tags)
                     WHERE account = ?1 AND region = ?2 AND id = ?3",
                    params![
                        owner.account.as_str(),
                        owner.region.as_str(),
                        id.as_str(),
                        change.name,
                        change.tags.as_deref().map(tags_text)
                    ],
                )
                .map_err(StoreError::taken("logset", change.name.as_deref().unwrap_or_default()))?;
            if changed == 0 { Err(StoreError::not_found("logset", id)) } else { Ok(()) }
        })
    }

    /// Deletes an empty logset. Fails with `NotEmpty` while topics stand in it.
    pub fn delete_logset(&self, owner: &Owner, id: &LogsetId) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let key = [owner.account.as_str(), owner.region.as_str(), id.as_str()];
            let topics: i64 = transaction.query_row(
                "SELECT count(*) FROM topics WHERE account = ?1 AND region = ?2 AND logset = ?3",
                key,
                |row| row.get(0),
            )?;
            if topics > 0 {
                return Err(StoreError::NotEmpty { what: "logset", id: id.to_string() });
            }
            let gone = transaction
                .execute("DELETE FROM logsets WHERE account = ?1 AND region = ?2 AND id = ?3", key)?;
            if gone == 0 { Err(StoreError::not_found("logset", id)) } else { Ok(()) }
        })
    }
}

fn logset(row: &Row<'_>) -> Result<LogsetRow, StoreError> {
    Ok(LogsetRow {
        id: stored("logset id", row.get(0)?)?,
        name: row.get(1)?,
        tags: tags_from(row.get(2)?)?,
        created: Timestamp::from_millis(row.get(3)?),
        topics: row.get(4)?,
    })
}
