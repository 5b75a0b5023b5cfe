//! What requests and responses are made of.
//!
//! Hides: the published shapes of resources and records.
//! Knows nothing of: operations, and how resources are kept.

mod erasure;
mod facet;
mod health;
mod index;
mod query;
mod record;
mod resource;
mod usage;

pub use erasure::Erasure;
pub use facet::{Candidate, Facet, FacetValue};
pub use health::{AuditTotals, GatewayHealth, HEALTH_COUNTERS, HEALTH_GAUGES, HealthNumber, PortSet};
pub use index::{FullTextRule, IndexRule, KeyRule, KeyValueRule, TagRule, ValueRule};
pub use query::{LeftOut, QueryRun, ScannedAmount};
pub use record::{
    AnswerColumn, HistogramBucket, LogItem, LogItems, LogRecord, RecordField, SearchTopic, SearchTopicAnswer,
    SearchTopicError, SearchTopics,
};
pub use resource::{
    AccessKey, AgentFlowLog, AgentInterface, AgentStatus, ClsFilter, Degradation, FlowLog, FlowLogStorage,
    Logset, NatGateway, NatGatewayAddress, Region, Tag, Topic, User, VpcFilter, VpcFilters,
};
pub use usage::TopicUsage;
