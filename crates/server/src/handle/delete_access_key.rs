//! Carries out `DeleteAccessKey`.

use api::{DeleteAccessKey, DeleteAccessKeyRequest, DeleteAccessKeyResponse};

use super::prelude::*;

impl Handle for DeleteAccessKey {
    fn handle(asked: &Asked, request: DeleteAccessKeyRequest) -> Result<DeleteAccessKeyResponse, Failure> {
        asked.server.store.delete_access_key(&asked.owner.account, &request.secret_id)?;
        Ok(DeleteAccessKeyResponse {})
    }
}
