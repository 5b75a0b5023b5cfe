//! Index settings: which fields of a topic can be searched and counted.
//!
//! Hides: the JSON that they are kept as, and its version.
//! Knows nothing of: how a search uses them.

use flow::{Timestamp, TopicId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::catalog::owner::Owner;
use crate::catalog::topic::one_topic;
use crate::error::StoreError;
use crate::store::Store;

/// The version of the stored settings that this program writes.
const INDEX_SETTINGS_VERSION: i64 = 1;

/// The index settings of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexSettings {
    /// Words anywhere in a record; `None` switches them off.
    pub full_text: Option<FullText>,
    /// Whether `keys` are in force (an API rule without key-value part switches them off).
    pub key_value: bool,
    /// Whether values of keys keep upper and lower case apart.
    pub keys_case_sensitive: bool,
    /// The fields that can be searched by name.
    pub keys: Vec<IndexKey>,
    /// Whether internal fields belong to the full text.
    pub include_internal_fields: bool,
    /// Which metadata fields belong to the full text: 0 indexed ones, 1 all, 2 none.
    pub metadata_flag: u8,
}

/// Settings of the full text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullText {
    /// Whether upper and lower case differ.
    pub case_sensitive: bool,
    /// Each character is one delimiter.
    pub tokenizer: String,
    /// Whether each Chinese character is a token.
    pub contain_zh: bool,
}

/// One field that can be searched by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexKey {
    /// The field.
    pub name: String,
    /// How its values are compared.
    pub kind: IndexKeyKind,
    /// Each character is one delimiter; empty for numbers and for values that are found whole.
    pub tokenizer: String,
    /// Whether SQL may use it.
    pub sql_flag: bool,
    /// Whether each Chinese character is a token.
    pub contain_zh: bool,
    /// Another name for it in SQL; empty for none.
    pub alias: String,
}

/// How values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexKeyKind {
    /// Words.
    Text,
    /// Whole numbers.
    Long,
    /// Numbers.
    Double,
}

/// The settings of one topic as the catalog keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// What can be searched and counted.
    pub settings: IndexSettings,
    /// Whether they are in force.
    pub enabled: bool,
    /// When they were last changed.
    pub modified: Timestamp,
}

impl Store {
    /// Gives a topic an index. Fails with `NotFound` for an unknown topic, `AlreadyExists` when it has one.
    pub fn create_index(&self, owner: &Owner, topic: &TopicId, index: &IndexRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            one_topic(transaction, owner, topic)?;
            insert(transaction, "INSERT", (owner, topic), index)
                .map_err(StoreError::taken("index of topic", topic))
        })
    }

    /// The index of a topic, or `None`.
    pub fn index(&self, owner: &Owner, topic: &TopicId) -> Result<Option<IndexRow>, StoreError> {
        self.catalog().read(|connection| index(connection, (owner, topic)))
    }

    /// Replaces the index of a topic. Fails with `NotFound` when it has none.
    pub fn modify_index(&self, owner: &Owner, topic: &TopicId, index: &IndexRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let before = self::index(transaction, (owner, topic))?;
            before.ok_or_else(|| StoreError::not_found("index of topic", topic))?;
            Ok(insert(transaction, "REPLACE", (owner, topic), index)?)
        })
    }

    /// Takes the index of a topic away. Fails with `NotFound` when it has none.
    pub fn delete_index(&self, owner: &Owner, topic: &TopicId) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let gone = transaction.execute(
                "DELETE FROM indexes WHERE account = ?1 AND region = ?2 AND topic = ?3",
                [owner.account.as_str(), owner.region.as_str(), topic.as_str()],
            )?;
            if gone == 0 { Err(StoreError::not_found("index of topic", topic)) } else { Ok(()) }
        })
    }
}

pub(crate) fn index(
    connection: &Connection,
    (owner, topic): (&Owner, &TopicId),
) -> Result<Option<IndexRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT version, settings, enabled, modified_ms FROM indexes
         WHERE account = ?1 AND region = ?2 AND topic = ?3",
    )?;
    let key = [owner.account.as_str(), owner.region.as_str(), topic.as_str()];
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found: Option<(i64, String, bool, i64)> = select.query_row(key, row).optional()?;
    let Some((version, text, enabled, modified)) = found else { return Ok(None) };
    if version > INDEX_SETTINGS_VERSION {
        return Err(StoreError::NewerFormat {
            path: format!("index of topic {topic}").into(),
            found: version,
            known: INDEX_SETTINGS_VERSION,
        });
    }
    match serde_json::from_str(&text) {
        Ok(settings) => Ok(Some(IndexRow { settings, enabled, modified: Timestamp::from_millis(modified) })),
        Err(_) => Err(StoreError::Corrupt { what: "index settings", text }),
    }
}

fn insert(
    connection: &Connection,
    verb: &str,
    (owner, topic): (&Owner, &TopicId),
    index: &IndexRow,
) -> rusqlite::Result<()> {
    let settings =
        serde_json::to_string(&index.settings).expect("settings are plain texts, numbers and lists");
    connection.execute(
        &format!(
            "{verb} INTO indexes (account, region, topic, version, settings, enabled, modified_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        ),
        params![
            owner.account.as_str(),
            owner.region.as_str(),
            topic.as_str(),
            INDEX_SETTINGS_VERSION,
            settings,
            index.enabled,
            index.modified.millis()
        ],
    )?;
    Ok(())
}
