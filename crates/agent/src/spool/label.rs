//! The name of a batch's file, which tells what is missing even when the file is damaged or gone.
//!
//! Hides: how the parts of a name are written and read, also those of earlier versions.
//! Knows nothing of: files, what becomes of a batch.
//!
//! `<number>-<first record's milliseconds>-<batch id>.<flow log>.<packets>.<bytes>.batch`, or `.ledger.batch` at the end.

use flow::{Counters, FlowLogId, LossCause, Timestamp};

use crate::batching::EncodedBatch;

pub(super) const BATCH_SUFFIX: &str = ".batch";
const LEDGER: &str = "ledger";

/// What a batch tells of, and so what is missing without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Packets in records of a flow log.
    Records {
        /// Which flow log.
        flow_log: FlowLogId,
        /// Of both directions.
        told: Counters,
    },
    /// Rows of the ledger; no packet is missing without them, and a window without an entry is not whole.
    Ledger,
    /// Nobody knows: an earlier version wrote the file.
    Unknown,
}

/// A batch that will not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LostBatch {
    /// When its first record starts.
    pub(crate) first: Timestamp,
    pub(crate) content: Content,
    pub(crate) cause: LossCause,
    /// What stands in the spool until the loss is told; see `Spool::told`.
    pub(crate) mark: String,
}

/// What the name of a batch's file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// Its place in the queue.
    pub(super) number: u64,
    pub(super) first: Timestamp,
    pub(super) content: Content,
}

/// The name of the file of a batch.
pub(super) fn name(number: u64, batch: &EncodedBatch) -> String {
    let head = format!("{number:020}-{}-{}", batch.first.millis(), batch.id.simple());
    match &batch.content {
        Content::Records { flow_log, told } => {
            format!("{head}.{flow_log}.{}.{}{BATCH_SUFFIX}", told.packets, told.bytes)
        }
        Content::Ledger => format!("{head}.{LEDGER}{BATCH_SUFFIX}"),
        Content::Unknown => format!("{head}{BATCH_SUFFIX}"),
    }
}

impl Label {
    /// `None` when the name is none of a batch.
    pub(super) fn read(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(BATCH_SUFFIX)?.split('.');
        let (number, rest) = parts.next()?.split_once('-')?;
        let (first, _id) = rest.rsplit_once('-')?;
        let parts: Vec<&str> = parts.collect();
        let content = match parts[..] {
            [LEDGER] => Content::Ledger,
            [flow_log, packets, bytes] => Content::Records {
                flow_log: flow_log.parse().ok()?,
                told: Counters { packets: packets.parse().ok()?, bytes: bytes.parse().ok()? },
            },
            _ => Content::Unknown,
        };
        let first = Timestamp::from_millis(first.parse().ok()?);
        Some(Self { number: number.parse().ok()?, first, content })
    }

    /// That of a file that bears the suffix of a batch and nothing else that can be understood.
    pub(super) fn illegible() -> Self {
        Self { number: 0, first: Timestamp::default(), content: Content::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_name_tells_what_was_written_also_before_1970() {
        let records = Content::Records {
            flow_log: "fl-00000001".parse().unwrap(),
            told: Counters { packets: 7, bytes: 700 },
        };
        for content in [records, Content::Ledger, Content::Unknown] {
            for millis in [60_000, -60_000] {
                let first = Timestamp::from_millis(millis);
                let (id, bytes) = (Uuid::new_v4(), Vec::new());
                let batch = EncodedBatch { id, first, content: content.clone(), records: 1, bytes };
                let label = Label { number: 3, first, content: content.clone() };
                assert_eq!(Label::read(&name(3, &batch)), Some(label));
            }
        }
    }

    #[test]
    fn a_name_of_an_earlier_version_is_read() {
        let label = Label::read("00000000000000000007-60000-67e5504410b1426f9247bb680e5fe0c8.batch").unwrap();
        assert_eq!((label.number, label.first.millis(), label.content), (7, 60_000, Content::Unknown));
        assert_eq!(Label::read("closed-until.json"), None);
    }
}
