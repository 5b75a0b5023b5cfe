//! Usage: what each topic takes, hour by hour.
//!
//! Hides: how the size of records is told from columns, and that queries are summed in memory before they reach the catalog.
//! Knows nothing of: prices, who asks.
//!
//! What is written is counted in the transaction that stores it: once, and exactly. What queries read is no promise to
//! anybody; it is kept in memory until `flush_usage`, and a crash loses what came since.

use std::collections::BTreeMap;
use std::sync::Mutex;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use flow::{FIELDS, FieldKind, TimeRange, Timestamp, TopicId};
use rusqlite::Transaction;

use crate::catalog::index::{IndexRow, index};
use crate::catalog::lock;
use crate::catalog::owner::Owner;
use crate::catalog::topic::one_topic;
use crate::catalog::usage::{Usage, add_usage, has_usage, hour_of, stored_now, usage_of};
use crate::error::StoreError;
use crate::follows::{FOLLOWS_COLUMN, rule_of};
use crate::schema::AGE_COLUMN;
use crate::store::Store;

/// The most hours of topics whose queries wait in memory to be noted: only a catalog that cannot be written lets so many
/// come together. What queries of further ones read is not noted.
const PENDING_MAX: usize = 10_000;

/// Unit: bytes.
const LONG_BYTES: u64 = 8;
const ADDRESS_BYTES: u64 = 16;

/// A flow id that is not stored has sixteen digits.
const FLOW_ID_BYTES: u64 = 16;

/// Fields that every record has, and that are computed from its moments.
const ALWAYS_THERE: [&str; 4] = ["start", "end", "start-ms", "end-ms"];

/// How large records are, field by field, in the order of `FIELDS`. Unit: bytes of their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sizes(Vec<u64>);

impl Default for Sizes {
    fn default() -> Self {
        Self(vec![0; FIELDS.len()])
    }
}

impl Sizes {
    /// Adds rows that have the columns of a segment. What they do not hold because it follows counts as well.
    pub(crate) fn add(&mut self, rows: &RecordBatch) {
        let count = rows.num_rows() as u64;
        let there = |column: &dyn Array| (column.len() - column.null_count()) as u64;
        for (field, size) in FIELDS.iter().zip(&mut self.0) {
            let bytes = if ALWAYS_THERE.contains(&field.name) {
                count * LONG_BYTES
            } else if field.name == "flow-start" {
                rows.column_by_name(AGE_COLUMN).map_or(0, |ages| there(ages) * LONG_BYTES)
            } else {
                let stored = rows.column_by_name(field.name).map_or(0, |column| match field.kind {
                    FieldKind::Text => texts_bytes(column),
                    FieldKind::Long => there(column) * LONG_BYTES,
                    FieldKind::Address => there(column) * ADDRESS_BYTES,
                });
                stored + following(rows, field.name) * bytes_of(field.kind)
            };
            *size += bytes;
        }
    }

    /// All values of all records.
    fn whole(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What `index` covers of it.
    fn covered(&self, index: &IndexRow) -> u64 {
        let settings = &index.settings;
        if !index.enabled {
            return 0;
        }
        // Full text has the whole record; what keys have of it is not counted again.
        if settings.full_text.is_some() {
            return self.whole();
        }
        let is_key = |name: &str| settings.key_value && settings.keys.iter().any(|key| key.name == name);
        FIELDS.iter().zip(&self.0).filter(|(field, _)| is_key(field.name)).map(|(_, size)| size).sum()
    }
}

/// The bytes of a value that is not stored because it follows.
const fn bytes_of(kind: FieldKind) -> u64 {
    match kind {
        FieldKind::Text => FLOW_ID_BYTES,
        FieldKind::Long => LONG_BYTES,
        FieldKind::Address => ADDRESS_BYTES,
    }
}

fn texts_bytes(column: &dyn Array) -> u64 {
    let texts = column.as_string::<i32>();
    let (first, last) = (texts.value_offsets().first(), texts.value_offsets().last());
    first.zip(last).and_then(|(first, last)| u64::try_from(last - first).ok()).unwrap_or(0)
}

/// In how many rows a field follows from others.
fn following(rows: &RecordBatch, field: &str) -> u64 {
    let rule = rule_of(field);
    let Some(rules) = rows.column_by_name(FOLLOWS_COLUMN).filter(|_| rule != 0) else { return 0 };
    let rules = rules.as_primitive::<Int64Type>();
    rules.iter().flatten().filter(|rules| rules & rule != 0).count() as u64
}

/// A topic, and whose it is.
type Place = (Owner, TopicId);

/// What is counted in memory.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// What queries took and the catalog does not know yet, by topic and hour.
    pending: Mutex<BTreeMap<(Place, Timestamp), Usage>>,
    /// Since the store was opened.
    since_open: Mutex<BTreeMap<Place, Usage>>,
}

impl Meter {
    fn count(&self, place: Place, usage: Usage) {
        let mut all = lock(&self.since_open);
        let sum = all.entry(place).or_default();
        *sum = sum.and(usage);
    }

    /// Forgets a topic that is gone.
    pub(crate) fn forget(&self, owner: &Owner, topic: &TopicId) {
        lock(&self.since_open).remove(&(owner.clone(), topic.clone()));
    }
}

impl Store {
    /// What a topic took in the hours that begin in `range`, the oldest first; hours in which nothing was noted are left out.
    /// Also of a topic that is gone. Fails with `NotFound` for one that never was.
    pub fn usage(
        &self,
        owner: &Owner,
        topic: &TopicId,
        range: TimeRange,
    ) -> Result<Vec<(Timestamp, Usage)>, StoreError> {
        let mut hours: BTreeMap<Timestamp, Usage> = self.catalog().read(|connection| {
            if !has_usage(connection, (owner, topic))? {
                one_topic(connection, owner, topic)?;
            }
            Ok(usage_of(connection, (owner, topic), range)?.into_iter().collect())
        })?;
        for (((of, name), hour), usage) in &*lock(&self.meter().pending) {
            if of == owner && name == topic && range.contains(*hour) {
                let sum = hours.entry(*hour).or_default();
                *sum = usage.and(*sum);
            }
        }
        Ok(hours.into_iter().collect())
    }

    /// What each topic took since the store was opened, and what it stores now. Waits for the catalog.
    pub fn usage_since_open(&self) -> Result<Vec<(Owner, TopicId, Usage)>, StoreError> {
        let now = self.catalog().read(stored_now)?;
        let counted = lock(&self.meter().since_open);
        let all = now.into_iter().map(|(owner, topic, stored_bytes)| {
            let place = (owner, topic);
            let usage = Usage { stored_bytes, ..counted.get(&place).copied().unwrap_or_default() };
            (place.0, place.1, usage)
        });
        Ok(all.collect())
    }

    /// A query of a topic ended and had read `bytes`. Kept in memory until `flush_usage`.
    pub fn count_query(&self, owner: &Owner, topic: &TopicId, bytes: u64, now: Timestamp) {
        let place = (owner.clone(), topic.clone());
        let usage = Usage { queried_bytes: bytes, query_requests: 1, ..Usage::default() };
        self.meter().count(place.clone(), usage);
        let mut pending = lock(&self.meter().pending);
        let key = (place, hour_of(now));
        if pending.len() < PENDING_MAX || pending.contains_key(&key) {
            let sum = pending.entry(key).or_default();
            *sum = sum.and(usage);
        }
    }

    /// Notes in the catalog what queries took since the last time.
    ///
    /// # Errors
    /// The catalog's; then it is kept in memory.
    pub fn flush_usage(&self) -> Result<(), StoreError> {
        let taken = std::mem::take(&mut *lock(&self.meter().pending));
        if taken.is_empty() {
            return Ok(());
        }
        let noted = self.catalog().transact(|transaction| {
            for (((owner, topic), hour), usage) in &taken {
                add_usage(transaction, (owner, topic), *hour, usage)?;
            }
            Ok(())
        });
        if noted.is_err() {
            let mut pending = lock(&self.meter().pending);
            for (key, usage) in taken {
                let sum = pending.entry(key).or_default();
                *sum = usage.and(*sum);
            }
        }
        noted
    }

    /// Counts what was written, once it is certain.
    pub(crate) fn count_written(&self, (owner, topic): (&Owner, &TopicId), usage: Usage) {
        self.meter().count((owner.clone(), topic.clone()), usage);
    }
}

/// Notes in the transaction that stores them what `batches` batches of `sizes` are to a topic.
pub(crate) fn note_written(
    transaction: &Transaction<'_>,
    (owner, topic): (&Owner, &TopicId),
    (sizes, batches): (&Sizes, usize),
    now: Timestamp,
) -> Result<Usage, StoreError> {
    let index = index(transaction, (owner, topic))?;
    let usage = Usage {
        written_bytes: sizes.whole(),
        indexed_bytes: index.map_or(0, |index| sizes.covered(&index)),
        write_requests: batches as u64,
        ..Usage::default()
    };
    add_usage(transaction, (owner, topic), now, &usage)?;
    Ok(usage)
}

#[cfg(test)]
mod tests;
