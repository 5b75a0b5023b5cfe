//! Carries out `ModifyUser`.

use api::{ModifyUser, ModifyUserRequest, ModifyUserResponse};

use super::prelude::*;
use crate::sign_in::role::Role;

impl Handle for ModifyUser {
    fn handle(asked: &Asked, request: ModifyUserRequest) -> Result<ModifyUserResponse, Failure> {
        let role: Role = check::parsed("Role", &request.role)?;
        let (store, account) = (&asked.server.store, &asked.owner.account);
        store.set_role(account, &request.user_name, role.as_str(), Role::Admin.as_str())?;
        Ok(ModifyUserResponse {})
    }
}
