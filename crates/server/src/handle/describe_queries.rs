//! Carries out `DescribeQueries`.

use api::{DescribeQueries, DescribeQueriesRequest, DescribeQueriesResponse};

use super::prelude::*;
use crate::object::query::query_shown;

impl Handle for DescribeQueries {
    fn handle(asked: &Asked, _: DescribeQueriesRequest) -> Result<DescribeQueriesResponse, Failure> {
        let queries = &asked.server.queries;
        let (running, slow) = queries.told(&asked.owner.account);
        Ok(DescribeQueriesResponse {
            running: running.iter().map(query_shown).collect(),
            slow: slow.iter().map(query_shown).collect(),
            slow_ms: u64::try_from(queries.slow().as_millis()).unwrap_or(u64::MAX),
        })
    }
}
