//! Who asks, and whether they may.
//!
//! Hides: how credentials travel, and the rules against requests that another site makes a browser send.
//! Knows nothing of: what operations do.

use api::{DescribeSession, Operation, Permission, SetPassword, SignOut};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName};
use flow::{AccountId, GatewayId};
use store::{Owner, UserRow};

use crate::check;
use crate::failure::Failure;
use crate::server::Server;
use crate::sign_in::role::{Role, UnknownRole};
use crate::sign_in::secret::{SecretHash, hash_of, same};
use crate::sign_in::session;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody knows.
    Nobody,
    /// A user in a browser.
    User { account: AccountId, name: String, role: Role, session: SecretHash, must_set_password: bool },
    /// A program with an access key of a user.
    Key { account: AccountId, user: String, role: Role },
    /// The agent of a gateway.
    Agent { owner: Owner, gateway: GatewayId },
}

/// What a user whose password is not set yet may ask for.
const BEFORE_PASSWORD: &[&str] = &[DescribeSession::NAME, SetPassword::NAME, SignOut::NAME];

impl Caller {
    /// Whether this caller may ask for `O`.
    pub(crate) fn require<O: Operation>(&self) -> Result<(), Failure> {
        let refuse = |reason: &str| {
            let message = format!("{} is not permitted: {reason}", O::NAME);
            Err(Failure::new("UnauthorizedOperation", message))
        };
        match (O::PERMISSION, self) {
            (Permission::Anyone, _) => Ok(()),
            (_, Self::Nobody) => Err(not_signed_in()),
            (Permission::Agent | Permission::Upload, Self::Agent { .. }) => Ok(()),
            (Permission::Upload, Self::User { .. }) => refuse("only enrolled agents and access keys may"),
            (Permission::Agent, Self::User { .. } | Self::Key { .. }) => refuse("only enrolled agents may"),
            (Permission::View | Permission::Operate | Permission::Administer, Self::Agent { .. }) => {
                refuse("agents may not; use an access key")
            }
            (_, Self::User { must_set_password: true, .. }) if !BEFORE_PASSWORD.contains(&O::NAME) => {
                refuse("set a password first")
            }
            (permission, Self::User { role, .. } | Self::Key { role, .. }) if role.includes(permission) => {
                Ok(())
            }
            (_, Self::User { role, .. } | Self::Key { role, .. }) => {
                refuse(&format!("the role `{}` does not include it; ask an administrator", role.as_str()))
            }
        }
    }

    /// The user who asks, or whose key it is.
    pub(crate) fn user(&self) -> Result<&str, Failure> {
        match self {
            Self::User { name, .. } | Self::Key { user: name, .. } => Ok(name),
            Self::Nobody | Self::Agent { .. } => Err(not_signed_in()),
        }
    }

    /// Whose access keys the caller may see, make and end: `None` for everybody's.
    pub(crate) fn keys_of(&self) -> Result<Option<&str>, Failure> {
        let user = self.user()?;
        let of_all =
            matches!(self, Self::User { role: Role::Admin, .. } | Self::Key { role: Role::Admin, .. });
        Ok((!of_all).then_some(user))
    }

    /// The gateway whose agent asks.
    pub(crate) fn gateway(&self) -> Result<&GatewayId, Failure> {
        match self {
            Self::Agent { gateway, .. } => Ok(gateway),
            Self::Nobody | Self::User { .. } | Self::Key { .. } => Err(not_signed_in()),
        }
    }

    /// The account and region that this caller may touch when asking for `region`.
    pub(crate) fn owner(&self, server: &Server, region: Option<&str>) -> Result<Owner, Failure> {
        let account = match self {
            Self::Agent { owner, .. } => return Ok(owner.clone()),
            Self::Nobody => server.settings.account.clone(),
            Self::User { account, .. } | Self::Key { account, .. } => account.clone(),
        };
        let region = match region {
            Some(region) => check::parsed("Region", region)?,
            None => server.settings.region.clone(),
        };
        Ok(Owner { account, region })
    }
}

/// Finds out who asks.
pub(crate) fn identify(server: &Server, headers: &HeaderMap) -> Result<Caller, Failure> {
    if let Some(authorization) = text(headers, &AUTHORIZATION) {
        let bearer = authorization.strip_prefix("Bearer ").ok_or_else(unreadable)?;
        return match bearer.split_once(':') {
            Some((secret_id, secret_key)) => by_access_key(server, secret_id, secret_key),
            None => by_agent_token(server, bearer),
        };
    }
    match text(headers, &COOKIE).and_then(session::secret_in) {
        Some(secret) => {
            check_origin(server, headers)?;
            by_session(server, secret)
        }
        None => Err(not_signed_in()),
    }
}

/// Refuses what another site makes a browser ask for. Programs send no `Origin`, and need none without a cookie.
pub(crate) fn check_origin_if_any(server: &Server, headers: &HeaderMap) -> Result<(), Failure> {
    if headers.contains_key(ORIGIN) { check_origin(server, headers) } else { Ok(()) }
}

/// Every operation is asked for with POST, and browsers always name the origin of a POST (Fetch standard, 3.2).
fn check_origin(server: &Server, headers: &HeaderMap) -> Result<(), Failure> {
    let origin = text(headers, &ORIGIN).unwrap_or_default();
    let host = text(headers, &HOST).unwrap_or_default();
    let (_, origin_host) = origin.split_once("://").unwrap_or_default();
    let same_host = !host.is_empty() && origin_host.eq_ignore_ascii_case(host);
    let same_url = server.settings.public_url.as_deref().map(|url| url.trim_end_matches('/')) == Some(origin);
    if same_host || same_url {
        return Ok(());
    }
    let message =
        format!("a request from `{origin}` with a session is refused: only the console of this server may");
    Err(Failure::new("UnauthorizedOperation", message))
}

fn by_access_key(server: &Server, secret_id: &str, secret_key: &str) -> Result<Caller, Failure> {
    match server.store.access_key(secret_id)? {
        Some((account, key)) if same(&key.secret_hash, &hash_of(secret_key)) => {
            let user = server.store.user(&account, &key.user)?;
            let role = role_of(&user)?;
            Ok(Caller::Key { account, user: user.name, role })
        }
        Some(_) | None => {
            let message = "the access key is unknown, or its secret is wrong";
            Err(Failure::new("AuthFailure.SecretIdNotFound", message))
        }
    }
}

fn by_agent_token(server: &Server, token: &str) -> Result<Caller, Failure> {
    match server.store.gateway_of_token(&hash_of(token))? {
        Some((owner, gateway)) => Ok(Caller::Agent { owner, gateway }),
        None => Err(Failure::new(
            "AuthFailure.TokenFailure",
            "the agent's token is unknown: enrol the agent again",
        )),
    }
}

fn by_session(server: &Server, secret: &str) -> Result<Caller, Failure> {
    let now = (server.clock)();
    let hash = hash_of(secret);
    let ended = || Failure::new("AuthFailure.TokenFailure", "the session has ended: sign in again");
    let (account, session) = server.store.session(&hash, now)?.ok_or_else(ended)?;
    if now.since(session.last_used) >= session::TOUCH_INTERVAL {
        server.store.touch_session(&hash, now, session::expires(session.created, now))?;
    }
    let user = server.store.user(&account, &session.user)?;
    let role = role_of(&user)?;
    let must_set_password = user.must_set_password;
    Ok(Caller::User { account, name: user.name, role, session: hash, must_set_password })
}

/// The role of a user; the catalog holds no word that is none.
fn role_of(user: &UserRow) -> Result<Role, Failure> {
    user.role.parse().map_err(|error: UnknownRole| Failure::internal(error))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn not_signed_in() -> Failure {
    Failure::new("AuthFailure", "nobody is signed in: sign in, or send `Authorization: Bearer …`")
}

fn unreadable() -> Failure {
    Failure::new(
        "AuthFailure.InvalidAuthorization",
        "the header `Authorization` cannot be read: expected `Bearer <secret id>:<secret key>` or `Bearer <token>`",
    )
}
