//! Carries out `SetPassword`.

use api::{SetPassword, SetPasswordRequest, SetPasswordResponse};
use axum::body::Body;

use super::prelude::*;
use crate::caller::Caller;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::sign_in::password;

impl HandleWaiting for SetPassword {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<SetPasswordResponse>, Failure> {
        let Caller::User { name, session, .. } = asked.caller.clone() else {
            let message = "a password is set by its user: sign in to the console first";
            return Err(Failure::new("UnsupportedOperation", message));
        };
        let request: SetPasswordRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let server = std::sync::Arc::clone(&asked.server);
        let _turn = server.hashing.acquire().await.map_err(Failure::internal)?;
        blocking(move || {
            let (store, account) = (&asked.server.store, &asked.owner.account);
            let user = store.user(account, &name)?;
            if let (Some(hash), false) = (&user.password_hash, user.must_set_password) {
                check_old(&asked, &name, request.old_password.as_deref(), hash)?;
            }
            // All other sessions end: whoever knew the old password is out.
            store.set_password(account, &name, &password::hashed(&request.password)?, Some(&session))?;
            Ok(SetPasswordResponse {}.into())
        })
        .await
    }
}

fn check_old(asked: &Asked, name: &str, old: Option<&str>, hash: &str) -> Result<(), Failure> {
    let now = (asked.server.clock)();
    super::sign_in::begin_attempt(asked, name, now)?;
    if !password::matches(old.unwrap_or_default(), Some(hash)) {
        return Err(Failure::new("AuthFailure", "the old password is wrong, or missing (OldPassword)"));
    }
    asked.server.attempts.succeeded(asked.address, name);
    Ok(())
}
