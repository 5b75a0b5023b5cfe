//! The first user, the first link, the key of the local command line.
//!
//! Hides: what is made once, and the file that the command line reads.
//! Knows nothing of: HTTP.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flow::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{AccessKeyRow, OneTimeLinkRow, Store, StoreError, UserRow};

use crate::failure::Failure;
use crate::settings::ServerSettings;
use crate::sign_in::role::Role;
use crate::sign_in::secret::{Purpose, Secret, random_hex};

/// The first user's name.
pub(crate) const FIRST_USER: &str = "admin";

/// How long a one-time link is valid.
pub(crate) const LINK_VALID: Duration = Duration::from_secs(24 * 3600);

/// The file in the data folder that the command line of this machine reads.
const KEY_FILE: &str = "admin-key.toml";

/// How the key of that file is noted in the list of keys.
const KEY_DESCRIPTION: &str = "command line of the server's machine";

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeyFile {
    server: String,
    secret_id: String,
    secret_key: String,
}

/// Why the first run did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FirstRunError {
    /// The catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error("cannot write the key of the command line to `{path}`")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A secret could not be made.
    #[error("cannot make a secret")]
    Secret(#[from] Failure),
}

/// Makes what a new data folder lacks; returns the link to sign in with while the first user has no password.
pub(crate) fn prepare(
    store: &Store,
    settings: &ServerSettings,
    address: SocketAddr,
    now: Timestamp,
) -> Result<Option<String>, FirstRunError> {
    let ServerSettings { account, data_folder: folder, .. } = settings;
    let local_url = settings.local_url(address);
    let users = store.users(account)?;
    if users.is_empty() {
        // The user comes last: whatever a crash leaves undone before it is done again.
        make_key(store, account, (folder, &local_url), now)?;
        let user = UserRow {
            name: FIRST_USER.to_owned(),
            role: Role::Admin.as_str().to_owned(),
            password_hash: None,
            must_set_password: true,
            created: now,
        };
        store.create_user(account, &user)?;
    } else {
        point_key_file_at(&folder.join(KEY_FILE), &local_url)?;
    }
    let without_password = match users.iter().find(|user| user.name == FIRST_USER) {
        Some(user) => user.password_hash.is_none(),
        None => users.is_empty(),
    };
    without_password.then(|| make_link(store, (account, FIRST_USER), &settings.url(address), now)).transpose()
}

/// A link that signs a user in once.
pub(crate) fn make_link(
    store: &Store,
    (account, user): (&AccountId, &str),
    url: &str,
    now: Timestamp,
) -> Result<String, FirstRunError> {
    let secret = Secret::new(Purpose::Link)?;
    let link = OneTimeLinkRow {
        hash: secret.hash(),
        user: user.to_owned(),
        created: now,
        expires: now.plus(LINK_VALID),
    };
    store.create_one_time_link(account, &link)?;
    // Behind `#`, so that it stays in the browser: in no server's log, in no referrer.
    Ok(format!("{url}/sign-in#{}", secret.text()))
}

/// A new access key and its secret.
pub(crate) fn new_key(
    user: &str,
    description: &str,
    now: Timestamp,
) -> Result<(AccessKeyRow, Secret), Failure> {
    let secret = Secret::new(Purpose::AccessKey)?;
    let key = AccessKeyRow {
        secret_id: format!("AKID{}", random_hex::<16>()?),
        secret_hash: secret.hash(),
        user: user.to_owned(),
        description: description.to_owned(),
        created: now,
    };
    Ok((key, secret))
}

fn make_key(
    store: &Store,
    account: &AccountId,
    (folder, url): (&Path, &str),
    now: Timestamp,
) -> Result<(), FirstRunError> {
    for left_over in store.access_keys(account)? {
        if left_over.description == KEY_DESCRIPTION {
            store.delete_access_key(account, &left_over.secret_id, None)?;
        }
    }
    let (key, secret) = new_key(FIRST_USER, KEY_DESCRIPTION, now)?;
    store.create_access_key(account, &key)?;
    let file =
        KeyFile { server: url.to_owned(), secret_id: key.secret_id, secret_key: secret.text().to_owned() };
    let path = folder.join(KEY_FILE);
    write(&path, &file).map_err(|source| FirstRunError::KeyFile { path, source })
}

/// Copies the file of the local command line, if there is one, with its mode.
pub(crate) fn copy_key_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let path = from.join(KEY_FILE);
    match std::fs::copy(&path, to.join(KEY_FILE)) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Io { deed: "copy", path, source })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Keeps the address in the file right when the server listens elsewhere than before.
fn point_key_file_at(path: &Path, url: &str) -> Result<(), FirstRunError> {
    let Ok(text) = std::fs::read_to_string(path) else {
        // The administrator may take the file away; the key is in the list of keys until it is deleted there.
        return Ok(());
    };
    let Ok(file) = toml::from_str::<KeyFile>(&text) else {
        tracing::warn!(path = %path.display(), "the key of the command line cannot be read; it stays as it is");
        return Ok(());
    };
    if file.server == url {
        return Ok(());
    }
    let file = KeyFile { server: url.to_owned(), ..file };
    write(path, &file).map_err(|source| FirstRunError::KeyFile { path: path.to_owned(), source })
}

/// Writes the file whole or not at all, readable by its owner only.
fn write(path: &Path, file: &KeyFile) -> io::Result<()> {
    let text = toml::to_string(file).map_err(io::Error::other)?;
    let new = path.with_extension("toml.new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut private = private_file(&new)?;
    private.write_all(text.as_bytes())?;
    private.sync_all()?;
    std::fs::rename(&new, path)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
