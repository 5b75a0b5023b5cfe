//! Carries out `SignIn`.

use std::sync::Arc;

use api::{SignIn, SignInRequest, SignInResponse};
use axum::body::Body;
use flow::{AccountId, Timestamp};
use store::{SessionRow, StoreError, UserRow};

use super::prelude::*;
use crate::http::{ANYONE_BYTES_MAX, blocking, parse, read_body};
use crate::sign_in::secret::{Purpose, Secret, hash_of};
use crate::sign_in::{password, session};

/// The most passwords hashed at once. Each takes 19 MiB and a processor for a moment.
pub(crate) const HASHING_MAX: usize = 2;

/// The name that attempts with one-time tokens are counted under; no user can have it.
const BY_TOKEN: &str = "";

impl HandleWaiting for SignIn {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<SignInResponse>, Failure> {
        let request: SignInRequest = parse(&read_body(body, ANYONE_BYTES_MAX).await?)?;
        let server = Arc::clone(&asked.server);
        let _turn = server.hashing.acquire().await.map_err(Failure::internal)?;
        blocking(move || {
            let (account, user) = match request {
                SignInRequest { token: Some(token), .. } => by_token(&asked, &token)?,
                SignInRequest { user_name: Some(name), password: Some(password), .. } => {
                    (asked.owner.account.clone(), by_password(&asked, &name, &password)?)
                }
                SignInRequest { .. } => {
                    let message = "give Token, or UserName and Password";
                    return Err(Failure::new("MissingParameter", message));
                }
            };
            open_session(&asked, &account, user)
        })
        .await
    }
}

fn by_token(asked: &Asked, token: &str) -> Result<(AccountId, UserRow), Failure> {
    let (server, now) = (&asked.server, (asked.server.clock)());
    begin_attempt(asked, BY_TOKEN, now)?;
    let (account, name) = server.store.spend_one_time_link(&hash_of(token), now)?;
    server.attempts.succeeded(asked.address, BY_TOKEN);
    let user = server.store.user(&account, &name)?;
    Ok((account, user))
}

fn by_password(asked: &Asked, name: &str, given: &str) -> Result<UserRow, Failure> {
    let server = &asked.server;
    begin_attempt(asked, name, (server.clock)())?;
    let user = match server.store.user(&asked.owner.account, name) {
        Ok(user) => Some(user),
        Err(StoreError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    // An unknown name takes as long as a wrong password.
    let known = password::matches(given, hash);
    match user {
        Some(user) if known => {
            server.attempts.succeeded(asked.address, name);
            Ok(user)
        }
        _ => {
            tracing::warn!(from = %asked.address, "somebody failed to sign in with a password");
            Err(Failure::new("AuthFailure", "the name or the password is wrong"))
        }
    }
}

/// Counts an attempt; refuses it when there were too many.
pub(super) fn begin_attempt(asked: &Asked, name: &str, now: Timestamp) -> Result<(), Failure> {
    asked.server.attempts.begin(asked.address, name, now).map_err(|wait| {
        let seconds = wait.as_secs().max(1);
        let message = format!("too many attempts to sign in: try again in {seconds} seconds");
        Failure::new("RequestLimitExceeded", message).retry_after(wait)
    })
}

fn open_session(
    asked: &Asked,
    account: &AccountId,
    user: UserRow,
) -> Result<Answered<SignInResponse>, Failure> {
    let secret = Secret::new(Purpose::Session)?;
    let now = (asked.server.clock)();
    let session = SessionRow {
        hash: secret.hash(),
        user: user.name.clone(),
        created: now,
        last_used: now,
        expires: session::expires(now, now),
    };
    asked.server.store.create_session(account, &session)?;
    tracing::info!(user = user.name, from = %asked.address, "a user signed in");
    let response = SignInResponse { user_name: user.name, must_set_password: user.must_set_password };
    let cookie = session::opening(secret.text(), asked.server.transport());
    Ok(Answered { response, cookie: Some(cookie) })
}
