//! Who may come in: users, sessions, access keys, enrolment tokens, one-time links.
//!
//! Hides: their rows in the catalog.
//! Knows nothing of: secrets; they arrive hashed, and no hash leads back to one. How they are made, hashed and
//! carried is the server's matter.
//!
//! All belong to an account: a user sees every region of it.

use flow::{AccountId, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::catalog::stored;
use crate::error::StoreError;
use crate::store::Store;

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The name, unique in the account.
    pub name: String,
    /// What the user may do; the word is the server's.
    pub role: String,
    /// The salted hash of the password as text; `None` while none is set.
    pub password_hash: Option<String>,
    /// Whether the user has to set a password before anything else.
    pub must_set_password: bool,
    /// When the user was created.
    pub created: Timestamp,
}

/// A user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The hash of the session's secret.
    pub hash: [u8; 32],
    /// The user's name.
    pub user: String,
    /// When it was opened.
    pub created: Timestamp,
    /// When it was used last.
    pub last_used: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// A key for CLI and API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKeyRow {
    /// The public part, unique in the data folder.
    pub secret_id: String,
    /// The hash of the secret part.
    pub secret_hash: [u8; 32],
    /// The user whose rights it carries.
    pub user: String,
    /// A note.
    pub description: String,
    /// When it was created.
    pub created: Timestamp,
}

/// A token with which agents enrol, as many as like, until it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentTokenRow {
    /// The hash of the token.
    pub hash: [u8; 32],
    /// When it was created.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// A link that signs a user in, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLinkRow {
    /// The hash of the link's token.
    pub hash: [u8; 32],
    /// The user's name.
    pub user: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// Users.
impl Store {
    /// Creates a user. Fails with `AlreadyExists` when the name is taken.
    pub fn create_user(&self, account: &AccountId, user: &UserRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction
                .execute(
                    "INSERT INTO users (account, name, role, password_hash, must_set_password, created_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        account.as_str(),
                        user.name,
                        user.role,
                        user.password_hash,
                        user.must_set_password,
                        user.created.millis()
                    ],
                )
                .map_err(StoreError::taken("user", &user.name))?;
            Ok(())
        })
    }

    /// The user of that name. Fails with `NotFound`.
    pub fn user(&self, account: &AccountId, name: &str) -> Result<UserRow, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT name, role, password_hash, must_set_password, created_ms
                 FROM users WHERE account = ?1 AND name = ?2",
            )?;
            let found = select.query_row([account.as_str(), name], user).optional()?;
            found.ok_or_else(|| StoreError::not_found("user", name))
        })
    }

    /// All users of an account, in the order of their names.
    pub fn users(&self, account: &AccountId) -> Result<Vec<UserRow>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT name, role, password_hash, must_set_password, created_ms
                 FROM users WHERE account = ?1 ORDER BY name",
            )?;
            let rows = select.query_map([account.as_str()], user)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Gives a user another role. Fails with `NotFound`, or `LastOfRole` when nobody would have the role `needed`.
    pub fn set_role(
        &self,
        account: &AccountId,
        user: &str,
        role: &str,
        needed: &str,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let update = "UPDATE users SET role = ?3 WHERE account = ?1 AND name = ?2";
            if transaction.execute(update, [account.as_str(), user, role])? == 0 {
                return Err(StoreError::not_found("user", user));
            }
            check_role_is_left(transaction, account, user, needed)
        })
    }

    /// Deletes a user with all sessions, access keys and links. Fails with `NotFound`, or `LastOfRole` when nobody
    /// would have the role `needed`.
    pub fn delete_user(&self, account: &AccountId, user: &str, needed: &str) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let key = [account.as_str(), user];
            if transaction.execute("DELETE FROM users WHERE account = ?1 AND name = ?2", key)? == 0 {
                return Err(StoreError::not_found("user", user));
            }
            for table in ["sessions", "access_keys", "one_time_links"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE account = ?1 AND user = ?2"), key)?;
            }
            check_role_is_left(transaction, account, user, needed)
        })
    }

    /// Gives a user a password and ends all sessions but the one named by `kept`. Fails with `NotFound`.
    pub fn set_password(
        &self,
        account: &AccountId,
        user: &str,
        password_hash: &str,
        kept: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let changed = transaction.execute(
                "UPDATE users SET password_hash = ?3, must_set_password = 0 WHERE account = ?1 AND name = ?2",
                [account.as_str(), user, password_hash],
            )?;
            if changed == 0 {
                return Err(StoreError::not_found("user", user));
            }
            transaction.execute(
                "DELETE FROM sessions WHERE account = ?1 AND user = ?2 AND hash IS NOT ?3",
                params![account.as_str(), user, kept],
            )?;
            Ok(())
        })
    }
}

/// Sessions.
impl Store {
    /// Opens a session.
    pub fn create_session(&self, account: &AccountId, session: &SessionRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction
                .execute(
                    "INSERT INTO sessions (hash, account, user, created_ms, last_used_ms, expires_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        session.hash,
                        account.as_str(),
                        session.user,
                        session.created.millis(),
                        session.last_used.millis(),
                        session.expires.millis()
                    ],
                )
                .map_err(StoreError::taken("session of user", &session.user))?;
            Ok(())
        })
    }

    /// The session whose secret has that hash, with its account; `None` when unknown or ended.
    pub fn session(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<(AccountId, SessionRow)>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT account, hash, user, created_ms, last_used_ms, expires_ms
                 FROM sessions WHERE hash = ?1 AND expires_ms > ?2",
            )?;
            let mut found = select.query_and_then(params![hash, now.millis()], session)?;
            found.next().transpose()
        })
    }

    /// Notes that a session was used, and when it ends from now on. An ended session stays ended.
    pub fn touch_session(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction.execute(
                "UPDATE sessions SET last_used_ms = ?2, expires_ms = ?3 WHERE hash = ?1 AND expires_ms > ?2",
                params![hash, now.millis(), expires.millis()],
            )?;
            Ok(())
        })
    }

    /// Ends a session; one that has ended already is no error.
    pub fn delete_session(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE hash = ?1", [hash])?;
            Ok(())
        })
    }
}

/// Access keys.
impl Store {
    /// Creates an access key. Fails with `AlreadyExists` when the public part is taken.
    pub fn create_access_key(&self, account: &AccountId, key: &AccessKeyRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction
                .execute(
                    "INSERT INTO access_keys (secret_id, account, user, secret_hash, description, created_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        key.secret_id,
                        account.as_str(),
                        key.user,
                        key.secret_hash,
                        key.description,
                        key.created.millis()
                    ],
                )
                .map_err(StoreError::taken("access key", &key.secret_id))?;
            Ok(())
        })
    }

    /// The access key with that public part, with its account; `None` when unknown.
    pub fn access_key(&self, secret_id: &str) -> Result<Option<(AccountId, AccessKeyRow)>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT account, secret_id, secret_hash, user, description, created_ms
                 FROM access_keys WHERE secret_id = ?1",
            )?;
            let mut found = select.query_and_then([secret_id], access_key)?;
            found.next().transpose()
        })
    }

    /// All access keys of an account, newest first.
    pub fn access_keys(&self, account: &AccountId) -> Result<Vec<AccessKeyRow>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT account, secret_id, secret_hash, user, description, created_ms
                 FROM access_keys WHERE account = ?1 ORDER BY created_ms DESC, secret_id",
            )?;
            let rows = select.query_and_then([account.as_str()], access_key)?;
            rows.map(|row| row.map(|(_, key)| key)).collect()
        })
    }

    /// Ends an access key, of that user if one is named. Fails with `NotFound`.
    pub fn delete_access_key(
        &self,
        account: &AccountId,
        secret_id: &str,
        user: Option<&str>,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let gone = transaction.execute(
                "DELETE FROM access_keys WHERE account = ?1 AND secret_id = ?2 AND (?3 IS NULL OR user = ?3)",
                params![account.as_str(), secret_id, user],
            )?;
            if gone == 0 { Err(StoreError::not_found("access key", secret_id)) } else { Ok(()) }
        })
    }
}

/// Enrolment tokens and one-time links.
impl Store {
    /// Lets agents enrol with a token.
    pub fn create_enrolment_token(
        &self,
        account: &AccountId,
        token: &EnrolmentTokenRow,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction
                .execute(
                    "INSERT INTO enrolment_tokens (hash, account, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)",
                    params![token.hash, account.as_str(), token.created.millis(), token.expires.millis()],
                )
                .map_err(StoreError::taken("enrolment token of account", account))?;
            Ok(())
        })
    }

    /// The account that agents with this token enrol in. Fails with `Spent` when it is unknown or ended.
    pub fn enrolment_account(&self, hash: &[u8; 32], now: Timestamp) -> Result<AccountId, StoreError> {
        let found: Option<String> = self.catalog().read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT account FROM enrolment_tokens WHERE hash = ?1 AND expires_ms > ?2")?;
            Ok(select.query_row(params![hash, now.millis()], |row| row.get(0)).optional()?)
        })?;
        stored("account id", found.ok_or(StoreError::Spent { what: "the enrolment token" })?)
    }

    /// Makes a link that signs a user in once.
    pub fn create_one_time_link(&self, account: &AccountId, link: &OneTimeLinkRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            transaction
                .execute(
                    "INSERT INTO one_time_links (hash, account, user, created_ms, expires_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        link.hash,
                        account.as_str(),
                        link.user,
                        link.created.millis(),
                        link.expires.millis()
                    ],
                )
                .map_err(StoreError::taken("one-time link of user", &link.user))?;
            Ok(())
        })
    }

    /// Uses a one-time link up; returns account and user, who has to set a password from then on. Fails with
    /// `Spent` when unknown, used or ended.
    pub fn spend_one_time_link(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<(AccountId, String), StoreError> {
        self.catalog().transact(|transaction| {
            let mut spend = transaction.prepare_cached(
                "UPDATE one_time_links SET spent = 1 WHERE hash = ?1 AND spent = 0 AND expires_ms > ?2
                 RETURNING account, user",
            )?;
            let found = spend.query_row(params![hash, now.millis()], |row| Ok((row.get(0)?, row.get(1)?)));
            let (account, user): (String, String) =
                found.optional()?.ok_or(StoreError::Spent { what: "the one-time link" })?;
            let expect = "UPDATE users SET must_set_password = 1 WHERE account = ?1 AND name = ?2";
            transaction.execute(expect, [&account, &user])?;
            Ok((stored("account id", account)?, user))
        })
    }
}

/// Fails with `LastOfRole` when no user has the role, so that what took it from `user` is undone.
fn check_role_is_left(
    transaction: &Transaction<'_>,
    account: &AccountId,
    user: &str,
    role: &str,
) -> Result<(), StoreError> {
    let mut select = transaction.prepare_cached("SELECT 1 FROM users WHERE account = ?1 AND role = ?2")?;
    if select.exists([account.as_str(), role])? {
        return Ok(());
    }
    Err(StoreError::LastOfRole { name: user.to_owned(), role: role.to_owned() })
}

/// Forgets sessions, tokens and links that have ended; returns how many.
pub(crate) fn forget_ended(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<u64> {
    let mut gone = 0;
    for table in ["sessions", "enrolment_tokens", "one_time_links"] {
        let delete = format!("DELETE FROM {table} WHERE expires_ms <= ?1");
        gone += transaction.execute(&delete, [now.millis()])? as u64;
    }
    Ok(gone)
}

fn user(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    Ok(UserRow {
        name: row.get(0)?,
        role: row.get(1)?,
        password_hash: row.get(2)?,
        must_set_password: row.get(3)?,
        created: Timestamp::from_millis(row.get(4)?),
    })
}

fn session(row: &Row<'_>) -> Result<(AccountId, SessionRow), StoreError> {
    let session = SessionRow {
        hash: row.get(1)?,
        user: row.get(2)?,
        created: Timestamp::from_millis(row.get(3)?),
        last_used: Timestamp::from_millis(row.get(4)?),
        expires: Timestamp::from_millis(row.get(5)?),
    };
    Ok((stored("account id", row.get(0)?)?, session))
}

fn access_key(row: &Row<'_>) -> Result<(AccountId, AccessKeyRow), StoreError> {
    let key = AccessKeyRow {
        secret_id: row.get(1)?,
        secret_hash: row.get(2)?,
        user: row.get(3)?,
        description: row.get(4)?,
        created: Timestamp::from_millis(row.get(5)?),
    };
    Ok((stored("account id", row.get(0)?)?, key))
}
