//! The topics that the server makes itself: of flow logs whose user chose none ("system default"), and of the ledger.
//!
//! Hides: their logset, names, retention and index; that every step is safe to repeat.
//! Knows nothing of: flow logs, batches.

use api::LEDGER_TOPIC_NAME;
use flow::{LogsetId, Timestamp, TopicId};
use store::{
    BYTES_UNBOUNDED, IndexRow, IndexSettings, LogsetFilter, LogsetRow, NameMatch, Owner, Page, StorageType,
    Store, StoreError, TopicFilter, TopicRow,
};

use crate::failure::Failure;
use crate::object::index_rule::default_settings;
use crate::object::topic::{FLOW_LOG_LOGSET, PERIOD_DEFAULT_DAYS, storage_id};

/// A topic that the server makes.
struct Made {
    name: &'static str,
    period_days: u32,
    describes: &'static str,
    index: fn() -> IndexSettings,
}

/// All flow logs without a topic of a region share it, so that one search sees all their gateways.
const OF_FLOW_LOGS: Made =
    Made { name: "flowlog_topic", period_days: PERIOD_DEFAULT_DAYS, describes: "", index: default_settings };

/// The ledger of all gateways of a region. It has two rows for a whole window, and outlives the records it speaks of.
const LEDGER: Made = Made {
    name: LEDGER_TOPIC_NAME,
    period_days: 366,
    describes: "Whether each window of each gateway is complete",
    index: ledger_settings,
};

/// What can be searched in the ledger: the fields that its rows have.
const LEDGER_FIELDS: [&str; 16] = [
    "account-id",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "nat-gateway-id",
    "start-ms",
    "end-ms",
    "flow-log-id",
    "lost",
    "lost-bytes",
    "lost-cause",
    "kernel-packets",
    "kernel-bytes",
];

/// The region's topic for flow logs. What is there already is used again, with all its records and settings.
pub(crate) fn ensure(store: &Store, owner: &Owner, now: Timestamp) -> Result<TopicId, Failure> {
    ensure_made(&OF_FLOW_LOGS, store, owner, now)
}

/// The same for the region's ledger.
pub(crate) fn ensure_ledger(store: &Store, owner: &Owner, now: Timestamp) -> Result<TopicId, Failure> {
    ensure_made(&LEDGER, store, owner, now)
}

/// Refuses the ledger where a topic for records is named: only the server chooses it.
pub(crate) fn refuse_ledger(topic: &TopicRow) -> Result<(), Failure> {
    if topic.name != LEDGER.name {
        return Ok(());
    }
    let message = format!("topic `{}` holds the ledger: choose another for records of a flow log", topic.id);
    Err(Failure::new("InvalidParameterValue", message))
}

fn ledger_settings() -> IndexSettings {
    let mut settings = default_settings();
    settings.keys.retain(|key| LEDGER_FIELDS.contains(&key.name.as_str()));
    settings
}

fn ensure_made(made: &Made, store: &Store, owner: &Owner, now: Timestamp) -> Result<TopicId, Failure> {
    let logset = ensure_logset(store, owner, now)?;
    let topic = ensure_topic(made, store, (owner, &logset), now)?;
    if store.index(owner, &topic)?.is_none() {
        let index = IndexRow { settings: (made.index)(), enabled: true, modified: now };
        unless_taken(store.create_index(owner, &topic, &index))?;
    }
    Ok(topic)
}

fn ensure_logset(store: &Store, owner: &Owner, now: Timestamp) -> Result<LogsetId, Failure> {
    let find = || -> Result<Option<LogsetId>, StoreError> {
        let filter = LogsetFilter { names: vec![FLOW_LOG_LOGSET.to_owned()], ..LogsetFilter::default() };
        let found = store.describe_logsets(owner, &filter, Page::ALL)?;
        Ok(found.rows.into_iter().find(|row| row.name == FLOW_LOG_LOGSET).map(|row| row.id))
    };
    if let Some(logset) = find()? {
        return Ok(logset);
    }
    let logset = LogsetRow {
        id: storage_id("LogsetId", None, &owner.account)?,
        name: FLOW_LOG_LOGSET.to_owned(),
        tags: Vec::new(),
        topics: 0,
        created: now,
    };
    unless_taken(store.create_logset(owner, &logset))?;
    find()?.ok_or_else(|| vanished("logset", FLOW_LOG_LOGSET))
}

fn ensure_topic(
    made: &Made,
    store: &Store,
    (owner, logset): (&Owner, &LogsetId),
    now: Timestamp,
) -> Result<TopicId, Failure> {
    let filter = TopicFilter {
        logsets: vec![logset.clone()],
        names: vec![made.name.to_owned()],
        name_match: NameMatch::Exact,
        ..TopicFilter::default()
    };
    let find = || -> Result<Option<TopicId>, StoreError> {
        Ok(store.describe_topics(owner, &filter, Page::ALL)?.rows.into_iter().next().map(|row| row.id))
    };
    if let Some(topic) = find()? {
        return Ok(topic);
    }
    let topic = TopicRow {
        id: storage_id("TopicId", None, &owner.account)?,
        logset: logset.clone(),
        name: made.name.to_owned(),
        period_days: made.period_days,
        bytes_max: BYTES_UNBOUNDED,
        storage_type: StorageType::Hot,
        describes: made.describes.to_owned(),
        tags: Vec::new(),
        collecting: true,
        indexed: false,
        created: now,
    };
    unless_taken(store.create_topic(owner, &topic))?;
    find()?.ok_or_else(|| vanished("topic", made.name))
}

/// Somebody else may have made the same thing in the meantime.
fn unless_taken(made: Result<(), StoreError>) -> Result<(), StoreError> {
    match made {
        Err(StoreError::AlreadyExists { .. }) => Ok(()),
        other => other,
    }
}

fn vanished(what: &str, name: &str) -> Failure {
    let message = format!("{what} `{name}` was deleted while it was being made: try again");
    Failure::new("FailedOperation", message)
}
