//! Carries out `DeleteLogset`.

use api::{DeleteLogset, DeleteLogsetRequest, DeleteLogsetResponse};

use super::prelude::*;

impl Handle for DeleteLogset {
    fn handle(asked: &Asked, request: DeleteLogsetRequest) -> Result<DeleteLogsetResponse, Failure> {
        let id = check::parsed("LogsetId", &request.logset_id)?;
        asked.server.store.delete_logset(&asked.owner, &id)?;
        Ok(DeleteLogsetResponse {})
    }
}
