//! Records as answers carry them.
//!
//! Hides: the JSON of a record, its text form, and its published surroundings.
//! Knows nothing of: how records are found.

use std::fmt::Write as _;

use api::LogRecord;
use engine::FoundRecord;
use flow::{FIELDS, Record, STANDARD_FIELDS};
use serde_json::{Map, Value};

/// Names for what a record only carries as ids.
pub(crate) struct Surroundings<'a> {
    pub(crate) topic_id: &'a str,
    pub(crate) topic_name: &'a str,
    /// The name of a gateway; empty when it is unknown.
    pub(crate) gateway_name: &'a dyn Fn(&str) -> String,
}

/// A found record as the API shows it.
pub(crate) fn record_shown(found: &FoundRecord, around: &Surroundings<'_>) -> LogRecord {
    LogRecord {
        pkg_id: format!("{:X}", found.segment),
        pkg_log_id: found.position.row.to_string(),
        ..arriving_record_shown(&found.record, around)
    }
}

/// A record as the API shows it before it has a place among others.
pub(crate) fn arriving_record_shown(record: &Record, around: &Surroundings<'_>) -> LogRecord {
    let gateway = record.nat_gateway_id.as_deref().unwrap_or_default();
    LogRecord {
        time: record.start.millis(),
        topic_id: around.topic_id.to_owned(),
        topic_name: around.topic_name.to_owned(),
        source: gateway.to_owned(),
        file_name: String::new(),
        pkg_id: String::new(),
        pkg_log_id: String::new(),
        high_lights: Vec::new(),
        log_json: log_json(record),
        host_name: (around.gateway_name)(gateway),
        raw_log: raw_log(record),
        index_status: String::new(),
    }
}

/// The fields as an object of texts, as the log service publishes them; an absent field is absent.
fn log_json(record: &Record) -> String {
    let members = FIELDS.iter().filter_map(|field| {
        let value = (field.get)(record)?;
        Some((field.name.to_owned(), Value::String(value.to_string())))
    });
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}

/// The 14 standard fields, separated by spaces, `-` for absent.
fn raw_log(record: &Record) -> String {
    let mut text = String::new();
    for field in FIELDS.iter().take(STANDARD_FIELDS) {
        let separator = if text.is_empty() { "" } else { " " };
        let written = match (field.get)(record) {
            Some(value) => write!(text, "{separator}{value}"),
            None => write!(text, "{separator}-"),
        };
        written.expect("writing to a String cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use flow::{LogStatus, Timestamp};

    use super::*;

    #[test]
    fn an_absent_value_is_a_dash_in_text_and_absent_in_json() {
        let record = Record {
            account_id: Some("100000000001".into()),
            srcaddr: Some("10.0.1.5".parse().unwrap()),
            ..Record::empty(Timestamp::from_seconds(60), Timestamp::from_seconds(120), LogStatus::NoData)
        };
        expect!["1 100000000001 - 10.0.1.5 - - - - - - 60 120 - NODATA"].assert_eq(&raw_log(&record));
        expect![[r#"{"version":"1","account-id":"100000000001","srcaddr":"10.0.1.5","start":"60","end":"120","log-status":"NODATA","start-ms":"60000","end-ms":"120000"}"#]]
        .assert_eq(&log_json(&record));
    }
}
