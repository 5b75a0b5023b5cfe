//! Takes batches in: stored once, durable on return.
//!
//! Hides: the order of the steps that makes it so, and how rows are numbered and sorted.
//! Knows nothing of: how a batch travelled.
//!
//! The steps: each topic's rows become one segment file; files and folders are flushed; then one transaction of
//! the catalog names the segments and remembers the ids of the batches. A crash before its end leaves a file that
//! nothing names, which opening the folder moves aside; a batch that was not acknowledged comes again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use flow::{GatewayId, Record, Timestamp, TopicId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use crate::catalog::chain::{Deed, Happening, link};
use crate::catalog::owner::Owner;
use crate::catalog::segment::{Level, SegmentRow, name};
use crate::error::StoreError;
use crate::order::RowKey;
use crate::schema::columns_of;
use crate::segment::{Life, READ_ROWS, SegmentWriter, Written};
use crate::store::{Store, Writer};
use crate::usage::{Sizes, note_written};

/// How long the id of a stored batch is remembered: a batch that comes again later than this is stored again.
///
/// It must outlast the longest time that an agent can be cut off right after it sent a batch. An id costs about
/// 120 bytes, so a thousand gateways with one batch a minute need 5 GB.
pub const BATCH_MEMORY: Duration = Duration::from_secs(30 * 24 * 3600);

/// Records on their way into a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    /// Names the content: a batch with the same id holds the same records.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Owner,
    /// Where the records go.
    pub topic: TopicId,
    /// Which gateway they come from.
    pub gateway: GatewayId,
    /// The records, in the order of their arrival.
    pub records: Vec<Record>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchFate {
    /// It is stored and durable.
    Stored,
    /// It had been stored before, and is durable.
    AlreadyStored,
    /// It is not stored, and will not be if it comes again.
    Refused(Refusal),
}

/// Why a batch is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Account and region have no such topic.
    #[error("the topic does not exist")]
    UnknownTopic,
    /// The topic takes no batches now.
    #[error("the topic does not collect")]
    NotCollecting,
}

/// The batches of one call that go into one topic.
struct Share<'a> {
    batches: Vec<&'a NewBatch>,
    /// Rows that the topic ever held: no row has a higher number.
    rows_ever: i64,
}

type Shares<'a> = BTreeMap<(&'a Owner, &'a TopicId), Share<'a>>;

/// A segment whose file is durable, and what to remember with it.
struct Prepared<'a> {
    topic: (&'a Owner, &'a TopicId),
    /// `None` when the batches hold no records.
    segment: Option<SegmentRow>,
    batches: Vec<&'a NewBatch>,
    rows_ever: i64,
    sizes: Sizes,
}

impl Store {
    /// Stores batches, each once; returns their fates in the same order.
    ///
    /// On return, what is `Stored` or `AlreadyStored` survives a loss of power. A refused batch does not hinder
    /// the others. The more batches a call brings, the fewer and larger are the segments: one for each topic.
    ///
    /// # Errors
    /// The disk's and the catalog's; then none of the batches counts as stored, and all may come again.
    #[tracing::instrument(name = "store.append", skip_all, fields(batches = batches.len()))]
    pub fn append(&self, batches: &[NewBatch], now: Timestamp) -> Result<Vec<BatchFate>, StoreError> {
        let mut writer = self.writer();
        let (fates, shares) = self.catalog().read(|connection| share_out(connection, batches))?;
        if !shares.is_empty() {
            let stored =
                self.prepare(shares, now).and_then(|prepared| self.commit(prepared, &mut writer, now));
            self.note_trouble(&stored);
            stored?;
        }
        for fate in &fates {
            match fate {
                BatchFate::Stored => self.counters().batches_stored.add(1),
                BatchFate::AlreadyStored => self.counters().batches_already_stored.add(1),
                BatchFate::Refused(_) => self.counters().batches_refused.add(1),
            }
        }
        Ok(fates)
    }

    /// Writes the segment of each share and makes the files durable; nothing names them yet.
    fn prepare<'a>(&self, shares: Shares<'a>, now: Timestamp) -> Result<Vec<Prepared<'a>>, StoreError> {
        let folder = self.live().folder();
        self.files().check_room(folder, 0)?;
        let mut prepared = Vec::with_capacity(shares.len());
        for (topic, share) in shares {
            let rows = numbered(&share);
            let rows_ever = share.rows_ever + i64::try_from(rows.len()).unwrap_or(i64::MAX);
            let mut sizes = Sizes::default();
            let segment = match self.write_rows(topic, (&rows, &mut sizes), now) {
                Ok(segment) => segment,
                Err(error) => {
                    self.discard(&prepared);
                    return Err(error);
                }
            };
            prepared.push(Prepared { topic, segment, batches: share.batches, rows_ever, sizes });
        }
        // Rows that leave no room for the transaction would hinder the next one as well.
        self.files().check_room(folder, 0).inspect_err(|_| self.discard(&prepared))?;
        Ok(prepared)
    }

    /// Writes rows into a new segment, and adds how large they are; none for no rows.
    fn write_rows(
        &self,
        (owner, topic): (&Owner, &TopicId),
        (rows, sizes): (&[(i64, &Record)], &mut Sizes),
        now: Timestamp,
    ) -> Result<Option<SegmentRow>, StoreError> {
        if rows.is_empty() {
            return Ok(None);
        }
        let id = self.next_segment();
        let path = self.live().path(owner, topic, id);
        self.create_folder_of(&path)?;
        let mut writer = SegmentWriter::create(self.files(), &path, Life::Short)?;
        for rows in rows.chunks(READ_ROWS) {
            let columns = columns_of(rows);
            sizes.add(&columns);
            writer.write(&columns)?;
        }
        let written = self.settle(writer, &path)?;
        assert_eq!(written.rows, rows.len() as u64, "a segment holds every row that it was given");
        Ok(Some(written.row(id, (owner, topic), Level::Commit, now)))
    }

    /// Names the prepared segments and remembers their batches, all or nothing.
    fn commit(
        &self,
        prepared: Vec<Prepared<'_>>,
        writer: &mut Writer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let named = self.catalog().transact(|transaction| {
            let mut usages = Vec::with_capacity(prepared.len());
            for Prepared { topic, segment, batches, rows_ever, sizes } in &prepared {
                if let Some(segment) = segment {
                    name(transaction, segment)?;
                    let came = Happening::new(Deed::Append, now, self.signer());
                    link(transaction, *topic, &came, &[segment], &[])?;
                }
                for batch in batches {
                    remember(transaction, batch, now)?;
                }
                count_rows(transaction, *topic, *rows_ever)?;
                usages.push(note_written(transaction, *topic, (sizes, batches.len()), now)?);
            }
            Ok(usages)
        });
        let segments = prepared.iter().filter_map(|prepared| prepared.segment.as_ref());
        let usages = match named {
            Ok(usages) => usages,
            Err(error) => {
                for SegmentRow { owner, topic, id, .. } in segments {
                    writer.doubt(self.live().path(owner, topic, *id));
                }
                return Err(error);
            }
        };
        for (Prepared { topic, .. }, usage) in prepared.iter().zip(usages) {
            self.count_written(*topic, usage);
        }
        for segment in segments {
            self.counters().records_stored.add(segment.rows);
            self.live().count(segment);
        }
        writer.settle_doubts(self.files());
        self.files().remove_left();
        Ok(())
    }

    /// Removes segments that nothing named yet.
    fn discard(&self, prepared: &[Prepared<'_>]) {
        for SegmentRow { owner, topic, id, .. } in
            prepared.iter().filter_map(|prepared| prepared.segment.as_ref())
        {
            self.files().remove(&self.live().path(owner, topic, *id));
        }
    }

    /// Finishes a segment file and makes its name durable.
    pub(crate) fn settle(&self, writer: SegmentWriter, path: &Path) -> Result<Written, StoreError> {
        let written = writer.finish()?;
        let folder = path.parent().expect("a segment stands in the folder of its topic");
        if let Err(error) = self.sync_folder(folder) {
            self.files().remove(path);
            return Err(error);
        }
        self.counters().syncs.add(1);
        self.counters().segments_written.add(1);
        self.counters().segment_bytes_written.add(written.bytes);
        Ok(written)
    }
}

/// Decides the fate of each batch, and sorts those to be stored by topic.
fn share_out<'a>(
    connection: &Connection,
    batches: &'a [NewBatch],
) -> Result<(Vec<BatchFate>, Shares<'a>), StoreError> {
    let mut shares = Shares::new();
    let mut first_of_id: HashMap<(&Owner, Uuid), BatchFate> = HashMap::new();
    let mut fates = Vec::with_capacity(batches.len());
    for batch in batches {
        let seen = first_of_id.get(&(&batch.owner, batch.id)).copied();
        let fate = match seen {
            Some(BatchFate::Stored | BatchFate::AlreadyStored) => BatchFate::AlreadyStored,
            Some(BatchFate::Refused(_)) | None => fate(connection, batch, &mut shares)?,
        };
        first_of_id.insert((&batch.owner, batch.id), fate);
        fates.push(fate);
    }
    Ok((fates, shares))
}

fn fate<'a>(
    connection: &Connection,
    batch: &'a NewBatch,
    shares: &mut Shares<'a>,
) -> Result<BatchFate, StoreError> {
    if is_remembered(connection, batch)? {
        return Ok(BatchFate::AlreadyStored);
    }
    match shares.entry((&batch.owner, &batch.topic)) {
        Entry::Occupied(mut share) => share.get_mut().batches.push(batch),
        Entry::Vacant(share) => match topic_state(connection, batch)? {
            None => return Ok(BatchFate::Refused(Refusal::UnknownTopic)),
            Some((false, _)) => return Ok(BatchFate::Refused(Refusal::NotCollecting)),
            Some((true, rows_ever)) => {
                share.insert(Share { batches: vec![batch], rows_ever });
            }
        },
    }
    Ok(BatchFate::Stored)
}

fn is_remembered(connection: &Connection, batch: &NewBatch) -> rusqlite::Result<bool> {
    let mut select =
        connection.prepare_cached("SELECT 1 FROM batches WHERE account = ?1 AND region = ?2 AND id = ?3")?;
    select.exists(params![batch.owner.account.as_str(), batch.owner.region.as_str(), batch.id.as_bytes()])
}

/// Whether the topic collects, and how many rows it ever held; `None` when it does not exist.
fn topic_state(connection: &Connection, batch: &NewBatch) -> rusqlite::Result<Option<(bool, i64)>> {
    let mut select = connection.prepare_cached(
        "SELECT collecting, rows_ever FROM topics WHERE account = ?1 AND region = ?2 AND id = ?3",
    )?;
    let key = [batch.owner.account.as_str(), batch.owner.region.as_str(), batch.topic.as_str()];
    select.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Rows in the order of a segment, each with its number: that of the first row of the share, and as many more as there
/// are earlier rows of the same moment in it. So few numbers come in a segment, and they take little room.
fn numbered<'a>(share: &Share<'a>) -> Vec<(i64, &'a Record)> {
    let mut next_of_moment: HashMap<Timestamp, i64> = HashMap::new();
    let records = share.batches.iter().flat_map(|batch| &batch.records);
    let mut rows: Vec<(RowKey, i64, &Record)> = records
        .map(|record| {
            let next = next_of_moment.entry(record.start).or_insert(share.rows_ever + 1);
            let number = *next;
            *next += 1;
            (RowKey::of_record(number, record), number, record)
        })
        .collect();
    rows.sort_unstable_by(|(one, ..), (next, ..)| one.cmp(next));
    rows.into_iter().map(|(_, number, record)| (number, record)).collect()
}

fn remember(transaction: &Transaction<'_>, batch: &NewBatch, now: Timestamp) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO batches (account, region, id, topic, gateway, rows, stored_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(params![
        batch.owner.account.as_str(),
        batch.owner.region.as_str(),
        batch.id.as_bytes(),
        batch.topic.as_str(),
        batch.gateway.as_str(),
        batch.records.len() as u64,
        now.millis()
    ])?;
    Ok(())
}

fn count_rows(
    transaction: &Transaction<'_>,
    (owner, topic): (&Owner, &TopicId),
    rows_ever: i64,
) -> rusqlite::Result<()> {
    let mut update = transaction
        .prepare_cached("UPDATE topics SET rows_ever = ?4 WHERE account = ?1 AND region = ?2 AND id = ?3")?;
    update.execute(params![owner.account.as_str(), owner.region.as_str(), topic.as_str(), rows_ever])?;
    Ok(())
}

#[cfg(test)]
mod tests;
