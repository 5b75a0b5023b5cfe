//! Records and tables as answers carry them.
//!
//! Hides: the published names of their members.
//! Knows nothing of: how they were found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One record of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LogRecord {
    /// Time of the record. Unit: Unix milliseconds.
    pub time: i64,
    /// Its topic.
    pub topic_id: String,
    /// The topic's name.
    pub topic_name: String,
    /// The gateway that it comes from.
    pub source: String,
    /// Empty.
    pub file_name: String,
    /// The segment that holds it.
    pub pkg_id: String,
    /// Its place there.
    pub pkg_log_id: String,
    /// Empty today.
    pub high_lights: Vec<LogItem>,
    /// The fields as a JSON object of texts; an absent field is absent.
    pub log_json: String,
    /// The gateway's name.
    pub host_name: String,
    /// The 14 standard fields, separated by spaces, `-` for absent.
    pub raw_log: String,
    /// Empty.
    pub index_status: String,
}

/// One row of an analysis, older form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LogItems {
    /// The cells.
    pub data: Vec<LogItem>,
}

/// One cell, older form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LogItem {
    /// Column name.
    pub key: String,
    /// The value as text.
    pub value: String,
}

/// One column of an analysis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// Its type, in Presto's words: `bigint`, `varchar`, `double`, `timestamp`, ….
    pub r#type: String,
}

/// Counts of one span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct HistogramBucket {
    /// How many records.
    pub count: u64,
    /// Start of the span, a multiple of the interval. Unit: Unix milliseconds.
    pub b_time: i64,
}

/// A topic to search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchTopic {
    /// The topic.
    pub topic_id: String,
    /// Continues an earlier answer in it.
    pub context: Option<String>,
}

/// Answers by topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchTopics {
    /// Topics that failed.
    pub errors: Vec<SearchTopicError>,
    /// Topics that answered.
    pub infos: Vec<SearchTopicAnswer>,
}

/// Why a topic failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchTopicError {
    /// The topic.
    pub topic_id: String,
    /// In words.
    pub error_msg: String,
    /// As a code.
    pub error_code_str: String,
}

/// What a topic answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchTopicAnswer {
    /// The topic.
    pub topic_id: String,
    /// Its retention. Unit: days.
    pub period: u32,
    /// Continues the answer in it.
    pub context: String,
}

/// One field of flow records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RecordField {
    /// Its name.
    pub name: String,
    /// `text`, `long` or `address`.
    pub kind: String,
    /// `standard`, `reply`, `translation`, `state`, `refusal`, `place` or `order`.
    pub group: String,
    /// Its unit; empty without one.
    pub unit: String,
    /// Its meaning, in English.
    pub help: String,
    /// Its meaning, in Chinese.
    pub help_zh: String,
}
