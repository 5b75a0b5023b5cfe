//! Carries out `CreateSignInLink`.

use api::{CreateSignInLink, CreateSignInLinkRequest, CreateSignInLinkResponse};

use super::prelude::*;
use crate::sign_in::first_run::{LINK_VALID, make_link};

impl Handle for CreateSignInLink {
    fn handle(asked: &Asked, request: CreateSignInLinkRequest) -> Result<CreateSignInLinkResponse, Failure> {
        let (server, account) = (&asked.server, &asked.owner.account);
        let name = match request.user_name {
            Some(name) => name,
            None => asked.caller.user()?.to_owned(),
        };
        let user = server.store.user(account, &name)?;
        let now = (server.clock)();
        let link =
            make_link(&server.store, (account, &user.name), &server.url, now).map_err(Failure::internal)?;
        Ok(CreateSignInLinkResponse { link, expires: now.plus(LINK_VALID).millis() })
    }
}
