//! `DescribeErasures`: what was ever taken out of topics, and by whom.

use super::prelude::*;
use crate::object::Erasure;

/// Which part of the list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeErasuresRequest {
    /// How many to pass over; 0 by default.
    pub offset: Option<u64>,
    /// The most to list: 20 by default, at most 100.
    pub limit: Option<u64>,
}

/// Erasures.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeErasuresResponse {
    /// The newest first.
    pub erasures: Vec<Erasure>,
    /// How many there are.
    pub total_count: u64,
}

operation!(Natlens DescribeErasures(Administer): DescribeErasuresRequest => DescribeErasuresResponse, "Lists what was ever taken out of topics, by whom, and how far it is.");
