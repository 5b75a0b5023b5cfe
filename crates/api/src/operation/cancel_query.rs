//! `CancelQuery`: ends a query that waits or runs.

use super::prelude::*;

/// Which query to end.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CancelQueryRequest {
    /// From `DescribeQueries`.
    pub query_id: String,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CancelQueryResponse {}

operation!(Natlens CancelQuery(Operate): CancelQueryRequest => CancelQueryResponse, "Ends a query that waits or runs; who asked is told so.");
