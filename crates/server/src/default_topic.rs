//! The topic of a flow log whose user chose none ("system default").
//!
//! Hides: its logset, name, retention and index; that every step is safe to repeat.
//! Knows nothing of: flow logs.

use flow::{LogsetId, Timestamp, TopicId};
use store::{
    IndexRow, LogsetFilter, LogsetRow, NameMatch, Owner, Page, StorageType, Store, StoreError, TopicFilter,
    TopicRow,
};

use crate::failure::Failure;
use crate::object::index_rule::default_settings;
use crate::object::topic::{FLOW_LOG_LOGSET, PERIOD_DEFAULT_DAYS, storage_id};

/// The name of the topic. All such flow logs of a region share it, so that one search sees all their gateways.
const TOPIC_NAME: &str = "flowlog_topic";

/// The region's topic for flow logs, in its logset for flow logs, with every field indexed. What is there already
/// is used again, with all its records and settings.
pub(crate) fn ensure(store: &Store, owner: &Owner, now: Timestamp) -> Result<TopicId, Failure> {
    let logset = ensure_logset(store, owner, now)?;
    let topic = ensure_topic(store, owner, &logset, now)?;
    if store.index(owner, &topic)?.is_none() {
        let index = IndexRow { settings: default_settings(), enabled: true, modified: now };
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

fn ensure_topic(store: &Store, owner: &Owner, logset: &LogsetId, now: Timestamp) -> Result<TopicId, Failure> {
    let filter = TopicFilter {
        logsets: vec![logset.clone()],
        names: vec![TOPIC_NAME.to_owned()],
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
        name: TOPIC_NAME.to_owned(),
        period_days: PERIOD_DEFAULT_DAYS,
        storage_type: StorageType::Hot,
        describes: String::new(),
        tags: Vec::new(),
        collecting: true,
        indexed: false,
        created: now,
    };
    unless_taken(store.create_topic(owner, &topic))?;
    find()?.ok_or_else(|| vanished("topic", TOPIC_NAME))
}

/// Somebody else may have made the same thing in the meantime.
fn unless_taken(made: Result<(), StoreError>) -> Result<(), StoreError> {
    match made {
        Err(StoreError::AlreadyExists { .. }) => Ok(()),
        other => other,
    }
}

fn vanished(what: &str, name: &str) -> Failure {
    let message = format!("{what} `{name}` was deleted while the flow log was being created: try again");
    Failure::new("FailedOperation", message)
}
