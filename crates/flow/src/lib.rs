//! The words of natlens as types: every other crate speaks with them.
//!
//! Hides: how an endpoint, a time, an id is written and checked.
//! Knows nothing of: IO, async, clocks, JSON, Arrow.

mod event;
mod field;
mod flow_id;
mod flow_log;
mod id;
mod loss;
mod prefix;
mod record;
mod time;
mod total;

pub use event::{Counters, Event, FlowKey, RejectReason, Rejection, Tuple, Verdict, protocol};
pub use field::{FIELDS, Field, FieldGroup, FieldKind, STANDARD_FIELDS, Value, field};
pub use flow_id::{FlowId, FlowIds};
pub use flow_log::{CollectionScope, CollectionType, FLOW_LOG_NAME_CHARS_MAX, FlowLog, UnknownWord};
pub use id::{
    AccountId, FlowLogId, GatewayId, ID_SUFFIX_CHARS, InvalidId, LogsetId, RegionId, TopicId, resource_suffix,
};
pub use loss::{Loss, LossCause};
pub use prefix::{InvalidPrefix, Prefix};
pub use record::{Direction, FlowState, LogStatus, NatType, RECORD_VERSION, Record};
pub use time::{Clock, InvalidWindowLength, TimeRange, Timestamp, Window, WindowLength};
pub use total::KernelTotal;
