//! Values of fields, and what can be written in a query.
//!
//! Hides: nothing.
//! Knows nothing of: how values are counted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The values of a field among the records that a search finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Facet {
    /// The field.
    pub field: String,
    /// The most frequent values first; among equals, the smaller first.
    pub values: Vec<FacetValue>,
    /// How many different values there are, absent included.
    pub distinct: u64,
    /// The query that gives the same values.
    pub statement: String,
}

/// One value of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FacetValue {
    /// As text; null where records have none.
    pub value: Option<String>,
    /// How many records have it.
    pub count: u64,
}

/// Something that can be written in a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Candidate {
    /// The text to write.
    pub text: String,
    /// `Field`, `Value`, `Operator`, `Keyword` or `Function`.
    pub kind: String,
    /// What it means, in English; empty when the text says it.
    pub help: String,
}
