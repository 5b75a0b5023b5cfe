//! Makes batches of what windows closed with.
//!
//! Hides: splitting at the limits of a batch, batch ids.
//! Knows nothing of: the spool, the server.

use std::collections::BTreeMap;

use api::{BATCH_RECORDS_MAX, Batch, BatchError, Destination};
use flow::{Counters, FlowLogId, Record, Timestamp, TopicId};
use uuid::Uuid;
use window::Collected;

use crate::identity::Identity;
use crate::spool::Content;

/// A batch as bytes, and what the spool must know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedBatch {
    pub(crate) id: Uuid,
    /// When its first record starts.
    pub(crate) first: Timestamp,
    pub(crate) content: Content,
    /// How many records it holds.
    pub(crate) records: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Batches that are made while windows close, so that a window of a million flows never stands as a million records.
#[derive(Debug, Default)]
pub(crate) struct Early {
    batches: Vec<EncodedBatch>,
    told: BTreeMap<FlowLogId, Counters>,
    failed: Option<BatchError>,
}

impl Early {
    /// Makes batches of records that are not complete with it.
    pub(crate) fn add(&mut self, identity: &Identity, collected: Collected) {
        let sum = self.told.entry(collected.flow_log.clone()).or_default();
        *sum = sum.plus(told_of_all(&collected.records));
        match batches(identity, [&collected], &[]) {
            Ok(batches) => self.batches.extend(batches),
            Err(error) => self.failed = Some(error),
        }
    }

    /// What of both directions its records of a flow log tell of.
    pub(crate) fn told(&self, flow_log: &FlowLogId) -> Counters {
        self.told.get(flow_log).copied().unwrap_or_default()
    }

    /// Takes the batches out.
    pub(crate) fn take(&mut self) -> Result<Vec<EncodedBatch>, BatchError> {
        self.failed.take().map_or_else(|| Ok(std::mem::take(&mut self.batches)), Err)
    }
}

/// The batches that hold all records of `collected` and then the rows of the ledger, oldest first and each with a new id.
///
/// Records of one flow log and topic share a batch, so that many quiet windows closing at once are few files.
pub(crate) fn batches<'a>(
    identity: &Identity,
    collected: impl IntoIterator<Item = &'a Collected>,
    ledger: &[Record],
) -> Result<Vec<EncodedBatch>, BatchError> {
    // References, because a window may hold a million records; only one part is copied at a time.
    let mut by_flow_log: BTreeMap<(&FlowLogId, &TopicId), Vec<&Record>> = BTreeMap::new();
    for Collected { flow_log, topic, records } in collected {
        by_flow_log.entry((flow_log, topic)).or_default().extend(records);
    }
    let mut batches = Vec::new();
    for ((flow_log, topic), records) in by_flow_log {
        for part in records.chunks(BATCH_RECORDS_MAX) {
            let destination = Destination::FlowLog { flow_log: flow_log.clone(), topic: topic.clone() };
            let records = part.iter().copied().cloned().collect();
            encode(batch(identity, destination, records), &mut batches)?;
        }
    }
    for part in ledger.chunks(BATCH_RECORDS_MAX) {
        encode(batch(identity, Destination::Ledger, part.to_vec()), &mut batches)?;
    }
    Ok(batches)
}

fn batch(identity: &Identity, destination: Destination, records: Vec<Record>) -> Batch {
    Batch {
        id: Uuid::nil(),
        account: identity.account.clone(),
        region: identity.region.clone(),
        gateway: identity.gateway.clone(),
        destination,
        records,
    }
}

/// Encodes the batch under a new id, in halves when it has too many bytes.
fn encode(mut batch: Batch, batches: &mut Vec<EncodedBatch>) -> Result<(), BatchError> {
    batch.id = Uuid::new_v4();
    match batch.encode() {
        Ok(bytes) => {
            let first = batch.records.first().map_or_else(Timestamp::default, |record| record.start);
            let records = batch.records.len() as u64;
            batches.push(EncodedBatch { id: batch.id, first, content: content(&batch), records, bytes });
            Ok(())
        }
        Err(BatchError::TooLarge { .. }) if batch.records.len() > 1 => {
            let rest = batch.records.split_off(batch.records.len() / 2);
            let second = Batch { records: rest, ..batch.clone() };
            encode(batch, batches)?;
            encode(second, batches)
        }
        Err(error) => Err(error),
    }
}

/// What is missing without the batch.
fn content(batch: &Batch) -> Content {
    match &batch.destination {
        Destination::FlowLog { flow_log, .. } => {
            Content::Records { flow_log: flow_log.clone(), told: told_of_all(&batch.records) }
        }
        Destination::Ledger => Content::Ledger,
        Destination::Topic { .. } => {
            unreachable!("an agent makes batches of flow logs and of the ledger only")
        }
    }
}

/// What a record tells of, in both directions.
fn told(record: &Record) -> Counters {
    let of = |packets: Option<u64>, bytes: Option<u64>| Counters {
        packets: packets.unwrap_or(0),
        bytes: bytes.unwrap_or(0),
    };
    of(record.packets, record.bytes).plus(of(record.reply_packets, record.reply_bytes))
}

/// The sum over all of them.
pub(crate) fn told_of_all(records: &[Record]) -> Counters {
    records.iter().map(told).fold(Counters::default(), Counters::plus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow::LogStatus;

    #[test]
    fn all_records_are_in_batches_within_the_limit() {
        let at = |seconds: i64| Timestamp::from_seconds(seconds);
        let record = |place: i64| Record::empty(at(place), at(place + 1), LogStatus::NoData);
        let collected = |flow_log: &str, records: std::ops::Range<i64>| Collected {
            flow_log: flow_log.parse().unwrap(),
            topic: "flow-log-topic".parse().unwrap(),
            records: records.map(record).collect(),
        };
        let most = i64::try_from(BATCH_RECORDS_MAX).unwrap();
        let encoded = batches(
            &Identity::of_tests(),
            &[
                collected("fl-00000001", 0..most - 1),
                collected("fl-00000002", 0..1),
                collected("fl-00000001", most - 1..most + 3),
            ],
            &[record(7)],
        )
        .unwrap();
        let found: Vec<(String, i64, usize)> = encoded
            .iter()
            .map(|encoded| {
                let batch = Batch::decode(&encoded.bytes).unwrap();
                assert_eq!(batch.id, encoded.id);
                let of = match batch.destination {
                    Destination::FlowLog { flow_log, .. } => flow_log.to_string(),
                    Destination::Topic { .. } | Destination::Ledger => "ledger".to_owned(),
                };
                (of, encoded.first.seconds(), batch.records.len())
            })
            .collect();
        let expected = [
            ("fl-00000001", 0, BATCH_RECORDS_MAX),
            ("fl-00000001", most, 3),
            ("fl-00000002", 0, 1),
            ("ledger", 7, 1),
        ];
        assert_eq!(found, expected.map(|(flow_log, first, records)| (flow_log.to_owned(), first, records)));
    }

    #[test]
    fn early_batches_know_what_is_missing_without_them() {
        let second = Timestamp::from_seconds(1);
        let mut record = Record::empty(second, second, LogStatus::Ok);
        (record.packets, record.reply_packets) = (Some(2), Some(1));
        let collected = Collected {
            flow_log: "fl-00000001".parse().unwrap(),
            topic: "flow-log-topic".parse().unwrap(),
            records: vec![record; 2],
        };
        let mut early = Early::default();
        early.add(&Identity::of_tests(), collected.clone());
        early.add(&Identity::of_tests(), collected.clone());
        assert_eq!(early.told(&collected.flow_log).packets, 12);
        assert_eq!(early.take().unwrap().len(), 2);
        assert_eq!(early.told(&collected.flow_log).packets, 12, "also when they have left for the spool");
    }
}
