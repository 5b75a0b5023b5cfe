//! Carries out `CreateUser`.

use api::{CreateUser, CreateUserRequest, CreateUserResponse};
use store::UserRow;

use super::prelude::*;
use crate::sign_in::first_run::{LINK_VALID, make_link};
use crate::sign_in::role::Role;

/// The most users of an account: they are listed without pages.
const USERS_MAX: usize = 200;

/// The longest name of a user. Unit: characters.
const NAME_CHARS_MAX: usize = 64;

impl Handle for CreateUser {
    fn handle(asked: &Asked, request: CreateUserRequest) -> Result<CreateUserResponse, Failure> {
        let (server, account) = (&asked.server, &asked.owner.account);
        let name = user_name(request.user_name)?;
        let role: Role = check::parsed("Role", &request.role)?;
        if server.store.users(account)?.len() >= USERS_MAX {
            let message = format!("the account has {USERS_MAX} users: delete those who are gone");
            return Err(Failure::new("LimitExceeded", message));
        }
        let now = (server.clock)();
        let user = UserRow {
            name,
            role: role.as_str().to_owned(),
            password_hash: None,
            must_set_password: true,
            created: now,
        };
        server.store.create_user(account, &user)?;
        let link =
            make_link(&server.store, (account, &user.name), &server.url, now).map_err(Failure::internal)?;
        Ok(CreateUserResponse { link, expires: now.plus(LINK_VALID).millis() })
    }
}

fn user_name(text: String) -> Result<String, Failure> {
    let name = check::name("UserName", text, NAME_CHARS_MAX)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
    if name.chars().all(is_plain) {
        return Ok(name);
    }
    let message = format!("UserName: `{name}` may hold letters, digits, `.`, `-`, `_` and `@` only");
    Err(Failure::new("InvalidParameterValue.Malformed", message))
}
