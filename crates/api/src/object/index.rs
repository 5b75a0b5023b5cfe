//! Index settings: which fields of a topic can be searched and counted.
//!
//! Hides: the published nesting of the rule.
//! Knows nothing of: how searching is done.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is indexed; an absent part is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct IndexRule {
    /// Words anywhere in a record.
    pub full_text: Option<FullTextRule>,
    /// Fields by name.
    pub key_value: Option<KeyValueRule>,
    /// Metadata fields.
    pub tag: Option<TagRule>,
}

/// Full-text settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FullTextRule {
    /// Whether case counts.
    pub case_sensitive: bool,
    /// Each character is one delimiter.
    pub tokenizer: String,
    /// Whether Chinese is split into characters.
    #[serde(rename = "ContainZH", default)]
    pub contain_zh: bool,
}

/// Settings of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyValueRule {
    /// Whether case counts.
    pub case_sensitive: bool,
    /// At most 300.
    #[serde(default)]
    pub key_values: Vec<KeyRule>,
}

/// Settings of metadata fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TagRule {
    /// Whether case counts.
    pub case_sensitive: bool,
    /// Names without `__TAG__.`.
    #[serde(default)]
    pub key_values: Vec<KeyRule>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct KeyRule {
    /// Its name; not starting with `_`.
    pub key: String,
    /// How it is indexed.
    pub value: ValueRule,
}

/// How one field is indexed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ValueRule {
    /// `text`, `long` or `double`.
    pub r#type: String,
    /// Each character is one delimiter; empty for numbers.
    #[serde(default)]
    pub tokenizer: String,
    /// Whether it can be used in SQL.
    #[serde(default)]
    pub sql_flag: bool,
    /// Whether Chinese is split into characters.
    #[serde(rename = "ContainZH", default)]
    pub contain_zh: bool,
    /// Another name for it.
    #[serde(default)]
    pub alias: String,
}
