//! Topics: named tables of records with retention and index.
//!
//! Hides: their rows in the catalog, and what deleting one takes along.
//! Knows nothing of: the columns of a record.

use std::str::FromStr;

use flow::{LogsetId, TimeRange, Timestamp, TopicId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::catalog::chain::{Deed, Happening, unlink};
use crate::catalog::former::forget_of_topic;
use crate::catalog::owner::{Listing, Owner, Page, Tag, TagFilter, wanted};
use crate::catalog::segment::{SegmentRow, forget, segments_of};
use crate::catalog::{Sequence, step, stored, tags_from, tags_text};
use crate::error::StoreError;
use crate::store::Store;

/// The period that means "for ever". Unit: days. Source: the published API.
pub const PERIOD_FOREVER_DAYS: u32 = 3640;

/// The bound in bytes that means "none".
pub const BYTES_UNBOUNDED: u64 = 0;

/// How a topic is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StorageType {
    /// Standard.
    #[default]
    Hot,
    /// Infrequent access.
    Cold,
}

/// A word that is no storage type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no storage type: expected `hot` or `cold`")]
pub struct UnknownStorageType(String);

impl StorageType {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Cold => "cold",
        }
    }
}

impl FromStr for StorageType {
    type Err = UnknownStorageType;

    fn from_str(word: &str) -> Result<Self, UnknownStorageType> {
        match word {
            "hot" => Ok(Self::Hot),
            "cold" => Ok(Self::Cold),
            _ => Err(UnknownStorageType(word.to_owned())),
        }
    }
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRow {
    /// Its id, unique in account and region.
    pub id: TopicId,
    /// The logset that it stands in.
    pub logset: LogsetId,
    /// Its name, unique in the logset.
    pub name: String,
    /// How long records are kept. Unit: days; `PERIOD_FOREVER_DAYS` keeps them for ever.
    pub period_days: u32,
    /// The most bytes of its segments together; `BYTES_UNBOUNDED` sets no bound.
    pub bytes_max: u64,
    /// How it is stored.
    pub storage_type: StorageType,
    /// A description.
    pub describes: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Whether batches are taken.
    pub collecting: bool,
    /// Whether its index is in force; ignored when creating.
    pub indexed: bool,
    /// When it was created.
    pub created: Timestamp,
}

/// What to change; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicChange {
    /// A new name.
    pub name: Option<String>,
    /// A new retention. Unit: days.
    pub period_days: Option<u32>,
    /// A new bound of its segments. Unit: bytes.
    pub bytes_max: Option<u64>,
    /// Another way of storing.
    pub storage_type: Option<StorageType>,
    /// A new description.
    pub describes: Option<String>,
    /// New tags, in place of all old ones.
    pub tags: Option<Vec<Tag>>,
    /// Whether batches are taken.
    pub collecting: Option<bool>,
}

/// How names in a filter are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameMatch {
    /// The name contains the text.
    #[default]
    Contains,
    /// The name is the text.
    Exact,
}

impl NameMatch {
    fn meets(self, names: &[String], name: &str) -> bool {
        names.is_empty()
            || names.iter().any(|wanted| match self {
                Self::Contains => name.contains(wanted.as_str()),
                Self::Exact => name == wanted,
            })
    }
}

/// Which topics are wanted; an empty list wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicFilter {
    /// One of these ids.
    pub ids: Vec<TopicId>,
    /// In one of these logsets.
    pub logsets: Vec<LogsetId>,
    /// With one of these names.
    pub names: Vec<String>,
    /// How names are compared.
    pub name_match: NameMatch,
    /// In a logset with one of these names.
    pub logset_names: Vec<String>,
    /// How names of logsets are compared.
    pub logset_name_match: NameMatch,
    /// Stored like this.
    pub storage_types: Vec<StorageType>,
    /// With these tags.
    pub tags: TagFilter,
}

impl Store {
    /// Creates a topic. Fails with `NotFound` for an unknown logset, `AlreadyExists` when id or name is taken.
    pub fn create_topic(&self, owner: &Owner, topic: &TopicRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let logset = transaction
                .query_row(
                    "SELECT 1 FROM logsets WHERE account = ?1 AND region = ?2 AND id = ?3",
                    [owner.account.as_str(), owner.region.as_str(), topic.logset.as_str()],
                    |_| Ok(()),
                )
                .optional()?;
            logset.ok_or_else(|| StoreError::not_found("logset", &topic.logset))?;
            transaction
                .execute(
                    "INSERT INTO topics (account, region, id, logset, name, period_days, storage_type, describes,
                                         tags, collecting, created_ms, bytes_max)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                    params![
                        owner.account.as_str(),
                        owner.region.as_str(),
                        topic.id.as_str(),
                        topic.logset.as_str(),
                        topic.name,
                        topic.period_days,
                        topic.storage_type.as_str(),
                        topic.describes,
                        tags_text(&topic.tags),
                        topic.collecting,
                        topic.created.millis(),
                        topic.bytes_max
                    ],
                )
                .map_err(StoreError::taken("topic", &topic.name))?;
            // Flow logs may have waited for it.
            Ok(step(transaction, Sequence::FlowLogs)?)
        })
    }

    /// The topic of that id. Fails with `NotFound`.
    pub fn topic(&self, owner: &Owner, id: &TopicId) -> Result<TopicRow, StoreError> {
        self.catalog().read(|connection| one_topic(connection, owner, id))
    }

    /// Lists topics, newest first.
    pub fn describe_topics(
        &self,
        owner: &Owner,
        filter: &TopicFilter,
        page: Page,
    ) -> Result<Listing<TopicRow>, StoreError> {
        let rows = self.catalog().read(|connection| topics(connection, owner, None))?;
        let admitted = |(row, logset_name): &(TopicRow, String)| {
            filter.name_match.meets(&filter.names, &row.name)
                && filter.logset_name_match.meets(&filter.logset_names, logset_name)
                && wanted(&filter.ids, &row.id)
                && wanted(&filter.logsets, &row.logset)
                && wanted(&filter.storage_types, &row.storage_type)
                && filter.tags.admits(&row.tags)
        };
        Ok(page.of(rows.into_iter().filter(admitted).map(|(row, _)| row).collect()))
    }

    /// Changes a topic.
    pub fn modify_topic(&self, owner: &Owner, id: &TopicId, change: &TopicChange) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let changed = transaction
                .execute(
                    "UPDATE topics SET name = coalesce(?4, name), period_days = coalesce(?5, period_days),
                            storage_type = coalesce(?6, storage_type), describes = coalesce(?7, describes),
                            tags = coalesce(?8, tags), collecting = coalesce(?9, collecting),
                            bytes_max = coalesce(?10, bytes_max)
                     WHERE account = ?1 AND region = ?2 AND id = ?3",
                    params![
                        owner.account.as_str(),
                        owner.region.as_str(),
                        id.as_str(),
                        change.name,
                        change.period_days,
                        change.storage_type.map(StorageType::as_str),
                        change.describes,
                        change.tags.as_deref().map(tags_text),
                        change.collecting,
                        change.bytes_max
                    ],
                )
                .map_err(StoreError::taken("topic", change.name.as_deref().unwrap_or_default()))?;
            if changed == 0 { Err(StoreError::not_found("topic", id)) } else { Ok(()) }
        })
    }

    /// Deletes a topic with its index and its segments; files go when the last snapshot of them is dropped.
    pub fn delete_topic(&self, owner: &Owner, id: &TopicId, now: Timestamp) -> Result<(), StoreError> {
        // The writer's lock: no batch is stored into the topic while it goes.
        let _writer = self.writer();
        let gone = Happening::new(Deed::Delete, now, self.signer());
        let segments = self.catalog().transact(|transaction| remove(transaction, owner, id, &gone))?;
        self.live().condemn(&segments);
        self.meter().forget(owner, id);
        Ok(())
    }
}

fn remove(
    transaction: &Transaction<'_>,
    owner: &Owner,
    id: &TopicId,
    gone: &Happening<'_>,
) -> Result<Vec<SegmentRow>, StoreError> {
    let key = [owner.account.as_str(), owner.region.as_str(), id.as_str()];
    let rows =
        transaction.execute("DELETE FROM topics WHERE account = ?1 AND region = ?2 AND id = ?3", key)?;
    if rows == 0 {
        return Err(StoreError::not_found("topic", id));
    }
    transaction.execute("DELETE FROM indexes WHERE account = ?1 AND region = ?2 AND topic = ?3", key)?;
    forget_of_topic(transaction, owner, id)?;
    // Flow logs into this topic are in force no more.
    step(transaction, Sequence::FlowLogs)?;
    let segments = segments_of(transaction, (owner, id), TimeRange::ALWAYS)?;
    for segment in &segments {
        forget(transaction, segment.id)?;
    }
    unlink(transaction, gone, &segments)?;
    Ok(segments)
}

/// The topics of an owner, newest first, each with the name of its logset; or the one of that id.
fn topics(
    connection: &Connection,
    owner: &Owner,
    id: Option<&TopicId>,
) -> Result<Vec<(TopicRow, String)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT t.id, t.logset, t.name, t.period_days, t.storage_type, t.describes, t.tags, t.collecting,
                t.created_ms, l.name,
                coalesce((SELECT i.enabled FROM indexes i WHERE i.account = t.account
                          AND i.region = t.region AND i.topic = t.id), 0),
                t.bytes_max
         FROM topics t JOIN logsets l ON l.account = t.account AND l.region = t.region AND l.id = t.logset
         WHERE t.account = ?1 AND t.region = ?2 AND (?3 IS NULL OR t.id = ?3) ORDER BY t.created_ms DESC, t.id",
    )?;
    let key = params![owner.account.as_str(), owner.region.as_str(), id.map(TopicId::as_str)];
    let rows = select.query_and_then(key, topic)?;
    rows.collect()
}

/// The topic of that id. Fails with `NotFound`.
pub(crate) fn one_topic(
    connection: &Connection,
    owner: &Owner,
    id: &TopicId,
) -> Result<TopicRow, StoreError> {
    let found = topics(connection, owner, Some(id))?.pop();
    found.map(|(row, _)| row).ok_or_else(|| StoreError::not_found("topic", id))
}

fn topic(row: &Row<'_>) -> Result<(TopicRow, String), StoreError> {
    let topic = TopicRow {
        id: stored("topic id", row.get(0)?)?,
        logset: stored("logset id", row.get(1)?)?,
        name: row.get(2)?,
        period_days: row.get(3)?,
        bytes_max: row.get(11)?,
        storage_type: stored("storage type", row.get(4)?)?,
        describes: row.get(5)?,
        tags: tags_from(row.get(6)?)?,
        collecting: row.get(7)?,
        indexed: row.get(10)?,
        created: Timestamp::from_millis(row.get(8)?),
    };
    Ok((topic, row.get(9)?))
}
