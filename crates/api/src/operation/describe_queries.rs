//! `DescribeQueries`: the queries of the account that run, and those that were slow.

use super::prelude::*;
use crate::object::QueryRun;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeQueriesRequest {}

/// Running and slow queries.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeQueriesResponse {
    /// Those that wait or run, the oldest first.
    pub running: Vec<QueryRun>,
    /// The last that were slow since the server started, the newest first.
    pub slow: Vec<QueryRun>,
    /// From when on a query counts as slow. Unit: milliseconds.
    pub slow_ms: u64,
}

operation!(Natlens DescribeQueries(View): DescribeQueriesRequest => DescribeQueriesResponse, "Lists the queries that run, with how far they are, and those that were slow.");
