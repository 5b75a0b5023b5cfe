//! Carries out `CreateAccessKey`.

use api::{CreateAccessKey, CreateAccessKeyRequest, CreateAccessKeyResponse};

use super::prelude::*;
use crate::check::DESCRIPTION_CHARS_MAX;
use crate::sign_in::first_run::new_key;

/// The most access keys of an account: they are listed without pages.
const KEYS_MAX: usize = 200;

impl Handle for CreateAccessKey {
    fn handle(asked: &Asked, request: CreateAccessKeyRequest) -> Result<CreateAccessKeyResponse, Failure> {
        let user = whose(asked, request.user_name)?;
        let description = request.description.unwrap_or_default();
        let description = check::short("Description", description, DESCRIPTION_CHARS_MAX)?;
        let server = &asked.server;
        if server.store.access_keys(&asked.owner.account)?.len() >= KEYS_MAX {
            let message = format!("the account has {KEYS_MAX} access keys: delete those that are not used");
            return Err(Failure::new("LimitExceeded", message));
        }
        let (key, secret) = new_key(&user, &description, (server.clock)())?;
        server.store.create_access_key(&asked.owner.account, &key)?;
        Ok(CreateAccessKeyResponse { secret_id: key.secret_id, secret_key: secret.text().to_owned() })
    }
}

/// Whose rights the key carries: the caller's, or those of a user whom an administrator names.
fn whose(asked: &Asked, named: Option<String>) -> Result<String, Failure> {
    let own = asked.caller.user()?;
    match named {
        Some(named) if named != own && asked.caller.keys_of()?.is_some() => {
            let message =
                format!("a key of `{named}` is not permitted: only administrators make keys of others");
            Err(Failure::new("UnauthorizedOperation", message))
        }
        Some(named) => Ok(asked.server.store.user(&asked.owner.account, &named)?.name),
        None => Ok(own.to_owned()),
    }
}
