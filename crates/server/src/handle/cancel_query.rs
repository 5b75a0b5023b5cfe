//! Carries out `CancelQuery`.

use api::{CancelQuery, CancelQueryRequest, CancelQueryResponse};

use super::prelude::*;

impl Handle for CancelQuery {
    fn handle(asked: &Asked, request: CancelQueryRequest) -> Result<CancelQueryResponse, Failure> {
        asked.server.queries.cancel(&asked.owner.account, &request.query_id)?;
        Ok(CancelQueryResponse {})
    }
}
