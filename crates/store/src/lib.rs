//! Catalog and segments: everything that the server keeps on disk.
//!
//! Hides: file layout, commit protocol, compaction, retention, index settings on disk, SQLite, Parquet.
//! Knows nothing of: query text, SQL planning, HTTP, the clock (`now` is an argument).

mod append;
mod backup;
mod catalog;
mod compact;
mod counters;
mod damage;
mod digest;
mod disk;
mod erase;
mod error;
mod expire;
mod follows;
mod order;
mod schema;
mod segment;
mod signer;
mod snapshot;
mod store;
mod trouble;
mod unnamed;
mod usage;
mod verify;

pub use append::{BATCH_MEMORY, BatchFate, NewBatch, Refusal};
pub use backup::{Backup, back_up, restore};
pub use catalog::chain::Deed;
pub use catalog::erasure::{ErasureRow, ErasureState};
pub use catalog::flow_log::{FlowLogChange, FlowLogFilter, FlowLogOrder, FlowLogRow, FlowLogsInForce};
pub use catalog::former::Order;
pub use catalog::gateway::{Degradation, GatewayFilter, GatewayInterface, GatewayReport, GatewayRow};
pub use catalog::health::{AuditTotals, GatewayHealth, PortSet};
pub use catalog::index::{FullText, IndexKey, IndexKeyKind, IndexRow, IndexSettings};
pub use catalog::logset::{LogsetChange, LogsetFilter, LogsetRow};
pub use catalog::owner::{Listing, Owner, Page, Tag, TagFilter};
pub use catalog::sign_in::{AccessKeyRow, EnrolmentTokenRow, OneTimeLinkRow, SessionRow, UserRow};
pub use catalog::topic::{
    BYTES_UNBOUNDED, NameMatch, PERIOD_FOREVER_DAYS, StorageType, TopicChange, TopicFilter, TopicRow,
};
pub use catalog::usage::{USAGE_MEMORY, Usage};
pub use compact::{Compaction, DAY_SEGMENT_AFTER};
pub use counters::Metrics;
pub use damage::Damage;
pub use disk::{Disk, NewFile, RealDisk, Room};
pub use erase::{Erased, Found};
pub use error::StoreError;
pub use expire::Expiry;
pub use follows::{FLOW_ID_COLUMNS, FLOW_ID_FOLLOWS, FOLLOWS_COLUMN, SAME_AS, SameAs, flow_ids};
pub use schema::{
    AGE_COLUMN, DURATION_COLUMN, ROW_COLUMN, TIMESTAMP_COLUMN, address_bytes, address_of, segment_schema,
};
pub use signer::{InvalidPublicKey, PublicKey, public_key};
pub use snapshot::{Segment, Snapshot};
pub use store::Store;
pub use trouble::Trouble;
pub use unnamed::UNNAMED_KEPT;
pub use verify::{Fault, Gap, Proof, Signed, verify};
