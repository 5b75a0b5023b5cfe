//! Carries out `DescribeErasures`.

use api::{DescribeErasures, DescribeErasuresRequest, DescribeErasuresResponse, Erasure};
use flow::Timestamp;
use store::ErasureRow;

use super::prelude::*;

/// How many are listed when nobody says.
const LIMIT_DEFAULT: u64 = 20;

impl Handle for DescribeErasures {
    fn handle(asked: &Asked, request: DescribeErasuresRequest) -> Result<DescribeErasuresResponse, Failure> {
        let page = check::page(request.offset, request.limit, LIMIT_DEFAULT)?;
        let listing = asked.server.store.erasures(&asked.owner, page)?;
        Ok(DescribeErasuresResponse {
            erasures: listing.rows.into_iter().map(shown).collect(),
            total_count: listing.total as u64,
        })
    }
}

fn shown(row: ErasureRow) -> Erasure {
    Erasure {
        erasure_id: row.id,
        topic_id: row.topic.to_string(),
        search: row.search,
        from: row.range.from.millis(),
        to: row.range.to.millis(),
        ordered_by: row.ordered_by,
        ordered: row.ordered.millis(),
        state: row.state.as_str().to_owned(),
        rows: row.rows,
        segments: row.segments,
        ended: row.ended.map(Timestamp::millis),
        failure: row.failure,
    }
}
