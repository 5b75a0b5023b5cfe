//! Carries out `SignOut`.

use api::{SignOut, SignOutResponse};
use axum::body::Body;

use super::prelude::*;
use crate::caller::Caller;
use crate::http::blocking;
use crate::sign_in::session;

impl HandleWaiting for SignOut {
    async fn handle(asked: Asked, _: Body) -> Result<Answered<SignOutResponse>, Failure> {
        let cookie = session::closing(asked.server.transport());
        blocking(move || {
            // A key has no session; it ends by `DeleteAccessKey`.
            if let Caller::User { session, .. } = &asked.caller {
                asked.server.store.delete_session(session)?;
            }
            Ok(Answered { response: SignOutResponse {}, cookie: Some(cookie) })
        })
        .await
    }
}
