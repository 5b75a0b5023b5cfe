//! Records on their way from agent to server.
//!
//! Hides: the bytes of a batch: eight bytes that name format and version, then Zstandard-compressed columns.
//! Knows nothing of: spools, HTTP, segments.
//!
//! Columns are named, so a reader of another version skips fields that it does not know and leaves absent
//! what the writer did not know. The format of version 1 stays readable for ever.

use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;

use flow::{
    AccountId, FIELDS, FieldKind, FlowLogId, GatewayId, LogStatus, Record, RegionId, Timestamp, TopicId,
    Value,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The content type of an encoded batch.
pub const BATCH_CONTENT_TYPE: &str = "application/vnd.natlens.batch";

/// The most bytes of an encoded batch. Bounds what a server reads for one request.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// The most bytes of a batch after decompression. Bounds what a hostile batch can make a server allocate.
pub const BATCH_UNPACKED_BYTES_MAX: u64 = 64 << 20;

/// The most records of a batch. With about 120 bytes a record before compression it stays far below the byte limits.
pub const BATCH_RECORDS_MAX: usize = 20_000;

/// `NLBATCH` and the version of the format.
const MAGIC: &[u8; 8] = b"NLBATCH\x01";

/// Level 3: near the best ratio at a tenth of the effort.
const COMPRESSION_LEVEL: i32 = 3;

/// The name of the topic that holds the ledger of all gateways of a region; the server makes it.
pub const LEDGER_TOPIC_NAME: &str = "nat-gateway-ledger";

/// Records for one topic, usually of one window, with an id, so that sending twice stores once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Names the content: two batches with the same id hold the same records.
    pub id: Uuid,
    /// The account of the gateway.
    pub account: AccountId,
    /// Where the gateway stands.
    pub region: RegionId,
    /// Which gateway.
    pub gateway: GatewayId,
    /// Where the records go.
    pub destination: Destination,
    /// At most `BATCH_RECORDS_MAX`.
    pub records: Vec<Record>,
}

/// Where the records of a batch go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Into the topic that a flow log names.
    FlowLog {
        /// Which flow log collected the records.
        flow_log: FlowLogId,
        /// Its topic.
        topic: TopicId,
    },
    /// Into a topic, though no flow log ordered them: imported records. Encoded as a topic without a flow log.
    Topic {
        /// Which topic.
        topic: TopicId,
    },
    /// Into the ledger of the gateway's region. Encoded as a flow log without id.
    Ledger,
}

/// Why bytes are no batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The first bytes are not those of a batch.
    #[error("these bytes are no batch: they do not start with the mark `NLBATCH`")]
    NotABatch,
    /// A format that this program does not know.
    #[error(
        "batch format {version} is unknown: this program reads format 1; update the server before its agents"
    )]
    UnknownVersion {
        /// The version found.
        version: u8,
    },
    /// Over a limit.
    #[error("the batch is too large: {what} over {limit}; send it in parts")]
    TooLarge {
        /// What is over the limit.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The compressed part is damaged.
    #[error("the batch cannot be decompressed: it is damaged or torn")]
    Compression(#[source] std::io::Error),
    /// The columns are damaged.
    #[error("the batch cannot be decoded: it is damaged")]
    Encoding(#[source] postcard::Error),
    /// An id in it is none.
    #[error("the batch names an invalid {what}")]
    InvalidId {
        /// Which id.
        what: &'static str,
        /// Why it is invalid.
        #[source]
        source: flow::InvalidId,
    },
    /// Columns of unequal length or with references into nothing.
    #[error("the batch is inconsistent: column `{column}` does not fit its {rows} records")]
    Inconsistent {
        /// Which column.
        column: String,
        /// How many records the batch says to hold.
        rows: usize,
    },
}

impl Batch {
    /// The batch as bytes.
    ///
    /// # Errors
    /// `TooLarge` over `BATCH_RECORDS_MAX` records or `BATCH_BYTES_MAX` bytes; `Compression` and `Encoding` never
    /// happen for records in memory, but are passed on.
    pub fn encode(&self) -> Result<Vec<u8>, BatchError> {
        if self.records.len() > BATCH_RECORDS_MAX {
            return Err(BatchError::TooLarge { what: "records", limit: BATCH_RECORDS_MAX as u64 });
        }
        let body = postcard::to_stdvec(&Body::of(self)).map_err(BatchError::Encoding)?;
        let packed = zstd::bulk::compress(&body, COMPRESSION_LEVEL).map_err(BatchError::Compression)?;
        let mut bytes = Vec::with_capacity(MAGIC.len() + packed.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&packed);
        if bytes.len() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLarge { what: "bytes", limit: BATCH_BYTES_MAX as u64 });
        }
        Ok(bytes)
    }

    /// The batch that `bytes` encode. Hostile bytes give an error and bounded work.
    ///
    /// # Errors
    /// Each says what is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, BatchError> {
        if bytes.len() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLarge { what: "bytes", limit: BATCH_BYTES_MAX as u64 });
        }
        let (magic, packed) = bytes.split_at_checked(MAGIC.len()).ok_or(BatchError::NotABatch)?;
        let (mark, version) = magic.split_at(MAGIC.len() - 1);
        if !MAGIC.starts_with(mark) {
            return Err(BatchError::NotABatch);
        }
        if magic != MAGIC {
            return Err(BatchError::UnknownVersion { version: version.first().copied().unwrap_or(0) });
        }
        let body: Body = postcard::from_bytes(&unpack(packed)?).map_err(BatchError::Encoding)?;
        body.into_batch()
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, BatchError> {
    let mut body = Vec::new();
    let decoder = zstd::Decoder::new(packed).map_err(BatchError::Compression)?;
    decoder.take(BATCH_UNPACKED_BYTES_MAX + 1).read_to_end(&mut body).map_err(BatchError::Compression)?;
    if body.len() as u64 > BATCH_UNPACKED_BYTES_MAX {
        return Err(BatchError::TooLarge { what: "unpacked bytes", limit: BATCH_UNPACKED_BYTES_MAX });
    }
    Ok(body)
}

/// What is compressed. Members are never reordered or removed: that would be another version.
#[derive(Serialize, Deserialize)]
struct Body {
    id: [u8; 16],
    account: String,
    region: String,
    gateway: String,
    flow_log: String,
    topic: String,
    rows: u32,
    columns: Vec<(String, Column)>,
}

/// The values of one field; a field that every record lacks has no column.
#[derive(Serialize, Deserialize)]
enum Column {
    /// Distinct words, and for each record 0 for absent or the place of its word, from 1.
    Text {
        words: Vec<String>,
        places: Vec<u32>,
    },
    Long(Vec<Option<i64>>),
    Address(Vec<Option<IpAddr>>),
}

impl Body {
    fn of(batch: &Batch) -> Self {
        let (flow_log, topic) = match &batch.destination {
            Destination::FlowLog { flow_log, topic } => (flow_log.to_string(), topic.to_string()),
            Destination::Topic { topic } => (String::new(), topic.to_string()),
            Destination::Ledger => Default::default(),
        };
        let columns = FIELDS
            .iter()
            .filter_map(|field| {
                let values: Vec<Option<Value>> = batch.records.iter().map(field.get).collect();
                let absent = values.iter().all(Option::is_none);
                (!absent).then(|| (field.name.to_owned(), Column::of(field.kind, values)))
            })
            .collect();
        Self {
            id: *batch.id.as_bytes(),
            account: batch.account.to_string(),
            region: batch.region.to_string(),
            gateway: batch.gateway.to_string(),
            flow_log,
            topic,
            rows: u32::try_from(batch.records.len()).unwrap_or(u32::MAX),
            columns,
        }
    }

    fn into_batch(self) -> Result<Batch, BatchError> {
        let rows = self.rows as usize;
        if rows > BATCH_RECORDS_MAX {
            return Err(BatchError::TooLarge { what: "records", limit: BATCH_RECORDS_MAX as u64 });
        }
        let epoch = Timestamp::default();
        let mut records = vec![Record::empty(epoch, epoch, LogStatus::Ok); rows];
        // In the order of the table, because a moment in seconds is written before its milliseconds.
        let mut columns = self.columns;
        for field in FIELDS {
            let Some(at) = columns.iter().position(|(name, _)| name == field.name) else { continue };
            let (name, column) = columns.swap_remove(at);
            let values = column.into_values(rows).ok_or(BatchError::Inconsistent { column: name, rows })?;
            for (record, value) in records.iter_mut().zip(values) {
                if let Some(value) = value {
                    (field.set)(record, value);
                }
            }
        }
        Ok(Batch {
            id: Uuid::from_bytes(self.id),
            account: id("account", &self.account)?,
            region: id("region", &self.region)?,
            gateway: id("gateway", &self.gateway)?,
            destination: match (self.flow_log.as_str(), self.topic.as_str()) {
                ("", "") => Destination::Ledger,
                ("", topic) => Destination::Topic { topic: id("topic", topic)? },
                (flow_log, topic) => {
                    Destination::FlowLog { flow_log: id("flow log", flow_log)?, topic: id("topic", topic)? }
                }
            },
            records,
        })
    }
}

fn id<T: std::str::FromStr<Err = flow::InvalidId>>(what: &'static str, text: &str) -> Result<T, BatchError> {
    text.parse().map_err(|source| BatchError::InvalidId { what, source })
}

impl Column {
    fn of(kind: FieldKind, values: Vec<Option<Value>>) -> Self {
        match kind {
            FieldKind::Text => Self::of_words(&values),
            FieldKind::Long => Self::Long(
                values
                    .into_iter()
                    .map(|value| if let Some(Value::Long(number)) = value { Some(number) } else { None })
                    .collect(),
            ),
            FieldKind::Address => Self::Address(
                values
                    .into_iter()
                    .map(|value| if let Some(Value::Address(address)) = value { Some(address) } else { None })
                    .collect(),
            ),
        }
    }

    fn of_words(values: &[Option<Value>]) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut known = std::collections::HashMap::<Arc<str>, u32>::new();
        let mut places = Vec::with_capacity(values.len());
        for value in values {
            let Some(Value::Text(word)) = value else {
                places.push(0);
                continue;
            };
            places.push(*known.entry(Arc::clone(word)).or_insert_with(|| {
                words.push(word.to_string());
                u32::try_from(words.len()).unwrap_or(u32::MAX)
            }));
        }
        Self::Text { words, places }
    }

    /// One value for each record; `None` if the column does not fit `rows` records.
    fn into_values(self, rows: usize) -> Option<Vec<Option<Value>>> {
        let values: Vec<Option<Value>> = match self {
            Self::Text { words, places } => {
                let words: Vec<Arc<str>> = words.into_iter().map(Arc::from).collect();
                places.into_iter().map(|place| word_at(&words, place)).collect::<Option<_>>()?
            }
            Self::Long(numbers) => numbers.into_iter().map(|number| number.map(Value::Long)).collect(),
            Self::Address(addresses) => {
                addresses.into_iter().map(|address| address.map(Value::Address)).collect()
            }
        };
        (values.len() == rows).then_some(values)
    }
}

#[expect(clippy::option_option, reason = "outer: the place exists; inner: the record has the field")]
fn word_at(words: &[Arc<str>], place: u32) -> Option<Option<Value>> {
    let Some(index) = place.checked_sub(1) else { return Some(None) };
    words.get(index as usize).map(|word| Some(Value::Text(Arc::clone(word))))
}

#[cfg(test)]
mod tests;
