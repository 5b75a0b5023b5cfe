//! Logsets and topics: their names, ids and retention, and how the API shows a topic.
//!
//! Hides: the published rules for all of these.
//! Knows nothing of: records.

use std::fmt::Display;
use std::str::FromStr;

use api::{LEDGER_TOPIC_NAME, Topic};
use flow::AccountId;
use store::{BYTES_UNBOUNDED, LogsetRow, PERIOD_FOREVER_DAYS, TopicRow};
use uuid::Uuid;

use crate::check;
use crate::failure::Failure;
use crate::object::civil::civil_text;
use crate::object::tag::tags_shown;

/// The longest name of a logset or topic. Unit: characters. Source: the published log service.
pub(crate) const NAME_CHARS_MAX: usize = 255;

/// How long records are kept when nobody says. Unit: days.
pub(crate) const PERIOD_DEFAULT_DAYS: u32 = 30;

/// The logset that the server makes for flow logs without a topic. Source: the published service.
pub(crate) const FLOW_LOG_LOGSET: &str = "flowlog_logset";

/// How a topic is marked that was made for a flow log. Source: the published service.
const FLOW_LOG_MARK: &str = "Flowlog";

/// The longest bounded retention. Unit: days. Source: the published log service.
const PERIOD_DAYS_MAX: u32 = 3600;

/// The smallest bound of a topic: a few windows of a busy gateway. Unit: bytes.
const BYTES_MAX_LEAST: u64 = 1_000_000;

/// The largest, a petabyte: numbers in JSON are exact up to nine of them. Unit: bytes.
const BYTES_MAX_MOST: u64 = 1_000_000_000_000_000;

/// The length of the own part of an own id. Unit: characters. Source: the published log service.
const OWN_ID_CHARS_MIN: usize = 3;
const OWN_ID_CHARS_MAX: usize = 40;

/// Names that the server keeps for itself; all but the last are those of the published service.
const RESERVED_NAMES: &[&str] = &[
    "cls_service_log",
    "loglistener_status",
    "loglistener_alarm",
    "loglistener_business",
    "cls_service_metric",
    LEDGER_TOPIC_NAME,
];

/// A name for a topic, checked.
pub(crate) fn topic_name(name: String) -> Result<String, Failure> {
    if RESERVED_NAMES.contains(&name.as_str()) {
        let message = format!("the topic name `{name}` is reserved: choose another");
        return Err(Failure::new("InvalidParameter", message));
    }
    check::cls_name("TopicName", name, NAME_CHARS_MAX)
}

/// A retention, checked. Unit: days.
pub(crate) fn period(days: u32) -> Result<u32, Failure> {
    if (1..=PERIOD_DAYS_MAX).contains(&days) || days == PERIOD_FOREVER_DAYS {
        return Ok(days);
    }
    let message = format!(
        "Period is {days} days: 1 to {PERIOD_DAYS_MAX} are accepted, and {PERIOD_FOREVER_DAYS} for ever"
    );
    Err(Failure::new("FailedOperation.InvalidPeriod", message))
}

/// A bound of what a topic holds, checked. Unit: bytes.
pub(crate) fn bytes_max(bytes: u64) -> Result<u64, Failure> {
    if bytes == BYTES_UNBOUNDED || (BYTES_MAX_LEAST..=BYTES_MAX_MOST).contains(&bytes) {
        return Ok(bytes);
    }
    let message = format!(
        "MaxBytes is {bytes}: {BYTES_MAX_LEAST} to {BYTES_MAX_MOST} are accepted, and {BYTES_UNBOUNDED} for no bound"
    );
    Err(Failure::new("InvalidParameterValue", message))
}

/// The id of a new logset or topic: an own one, `<custom>-<account>`, or a new uuid.
pub(crate) fn storage_id<T>(parameter: &str, own: Option<String>, account: &AccountId) -> Result<T, Failure>
where
    T: FromStr<Err: Display>,
{
    let Some(own) = own.filter(|own| !own.is_empty()) else {
        return check::parsed(parameter, &Uuid::new_v4().to_string());
    };
    let custom = own.strip_suffix(account.as_str()).and_then(|rest| rest.strip_suffix('-'));
    let fits = custom.is_some_and(|custom| {
        (OWN_ID_CHARS_MIN..=OWN_ID_CHARS_MAX).contains(&custom.len()) && !custom.ends_with('-')
    });
    if !fits {
        let message = format!(
            "{parameter} `{own}` does not fit: expected {OWN_ID_CHARS_MIN} to {OWN_ID_CHARS_MAX} lower-case letters, \
             digits and inner hyphens, then `-{account}`"
        );
        return Err(Failure::new("InvalidParameterValue", message));
    }
    check::parsed(parameter, &own)
}

/// Ids or words of a filter.
pub(crate) fn parsed_ids<T>(parameter: &str, texts: &[String]) -> Result<Vec<T>, Failure>
where
    T: FromStr<Err: Display>,
{
    texts.iter().map(|text| check::parsed(parameter, text)).collect()
}

/// A topic as the API shows it; `logsets` name the one that it stands in.
pub(crate) fn topic_shown(row: TopicRow, logsets: &[LogsetRow]) -> Topic {
    let made_for_flow_log =
        logsets.iter().any(|logset| logset.id == row.logset && logset.name == FLOW_LOG_LOGSET);
    Topic {
        logset_id: row.logset.to_string(),
        topic_id: row.id.to_string(),
        topic_name: row.name,
        partition_count: 1,
        index: row.indexed,
        assumer_name: if made_for_flow_log { FLOW_LOG_MARK } else { "" }.to_owned(),
        create_time: civil_text(row.created),
        status: row.collecting,
        tags: tags_shown(row.tags),
        auto_split: true,
        max_split_partitions: 50,
        storage_type: row.storage_type.as_str().to_owned(),
        period: row.period_days,
        max_bytes: row.bytes_max,
        describes: row.describes,
        biz_type: 0,
    }
}

#[cfg(test)]
mod tests {
    use flow::TopicId;

    use super::*;

    #[test]
    fn an_own_id_ends_with_the_account() {
        let account: AccountId = "100000000001".parse().unwrap();
        let outcome = |own: &str| storage_id::<TopicId>("TopicId", Some(own.to_owned()), &account);
        assert_eq!(outcome("edge-100000000001").unwrap().as_str(), "edge-100000000001");
        for own in ["edge-100000000002", "edge", "ab-100000000001", "edge--100000000001", "Edge-100000000001"]
        {
            assert!(outcome(own).is_err(), "{own}");
        }
        assert_eq!(outcome("").unwrap().as_str().len(), 36);
    }

    #[test]
    fn a_bound_in_bytes_leaves_room_for_something() {
        for (bytes, accepted) in
            [(0, true), (1, false), (999_999, false), (1_000_000, true), (u64::MAX, false)]
        {
            assert_eq!(bytes_max(bytes).is_ok(), accepted, "{bytes}");
        }
    }

    #[test]
    fn retention_is_bounded_or_for_ever() {
        for (days, accepted) in [(0, false), (1, true), (3600, true), (3601, false), (3640, true)] {
            assert_eq!(period(days).is_ok(), accepted, "{days}");
        }
    }
}
