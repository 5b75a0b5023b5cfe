//! `DescribeFacets`: the values of fields among the records that a search finds.

use super::prelude::*;
use crate::object::{Facet, ScannedAmount};

/// Which records, and which fields of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFacetsRequest {
    /// The topic.
    pub topic_id: String,
    /// Start of the time range, included. Unit: Unix milliseconds.
    pub from: i64,
    /// End of the time range, excluded. Unit: Unix milliseconds.
    pub to: i64,
    /// What to find; the SQL behind it does not matter.
    pub query_string: Option<String>,
    /// 0 Lucene, 1 CQL (default).
    pub query_syntax: Option<u32>,
    /// Fields that the index counts, at most 16.
    pub fields: Vec<String>,
    /// How many values of each: 1 to 100, default 5.
    pub limit: Option<u64>,
}

/// Exact counts over all records that are found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFacetsResponse {
    /// In the order of the request.
    pub facets: Vec<Facet>,
    /// How much was read, once for all fields.
    pub scanned: ScannedAmount,
}

operation!(Natlens DescribeFacets(View): DescribeFacetsRequest => DescribeFacetsResponse, "Tells the most frequent values of fields among the records that a search finds.");
