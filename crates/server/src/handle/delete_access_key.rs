//! Carries out `DeleteAccessKey`.

use api::{DeleteAccessKey, DeleteAccessKeyRequest, DeleteAccessKeyResponse};

use super::prelude::*;

impl Handle for DeleteAccessKey {
    fn handle(asked: &Asked, request: DeleteAccessKeyRequest) -> Result<DeleteAccessKeyResponse, Failure> {
        let (store, account) = (&asked.server.store, &asked.owner.account);
        store.delete_access_key(account, &request.secret_id, asked.caller.keys_of()?)?;
        Ok(DeleteAccessKeyResponse {})
    }
}
