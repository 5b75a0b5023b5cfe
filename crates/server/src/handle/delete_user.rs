//! Carries out `DeleteUser`.

use api::{DeleteUser, DeleteUserRequest, DeleteUserResponse};

use super::prelude::*;
use crate::sign_in::role::Role;

impl Handle for DeleteUser {
    fn handle(asked: &Asked, request: DeleteUserRequest) -> Result<DeleteUserResponse, Failure> {
        let (store, account) = (&asked.server.store, &asked.owner.account);
        store.delete_user(account, &request.user_name, Role::Admin.as_str())?;
        Ok(DeleteUserResponse {})
    }
}
