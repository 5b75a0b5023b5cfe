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
        make_key(store, (account, FIRST_USER), (folder, &local_url), now)?;
        let user = UserRow {
            name: FIRST_USER.to_owned(),
            role: Role::Admin.as_str().to_owned(),
            password_hash: None,
            must_set_password: true,
            created: now,
        };
        store.create_user(account, &user)?;
    } else {
        keep_key(store, (account, &users), (folder, &local_url), now)?;
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
    (account, user): (&AccountId, &str),
    (folder, url): (&Path, &str),
    now: Timestamp,
) -> Result<(), FirstRunError> {
    for left_over in store.access_keys(account)? {
        if left_over.description == KEY_DESCRIPTION {
            store.delete_access_key(account, &left_over.secret_id, None)?;
        }
    }
    let (key, secret) = new_key(user, KEY_DESCRIPTION, now)?;
    store.create_access_key(account, &key)?;
    let file =
        KeyFile { server: url.to_owned(), secret_id: key.secret_id, secret_key: secret.text().to_owned() };
    let path = folder.join(KEY_FILE);
    write(&path, &file).map_err(|source| FirstRunError::KeyFile { path, source })
}

/// Copies the file of the local command line, whole or not at all; where there is none, there is none then.
pub(crate) fn copy_key_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let path = from.join(KEY_FILE);
    let copy = to.join(KEY_FILE);
    let copied = match std::fs::read_to_string(&path) {
        Ok(text) => write_text(&copy, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match std::fs::remove_file(&copy) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        },
        Err(error) => Err(error),
    };
    copied.map_err(|source| StoreError::Io { deed: "copy", path, source })
}

/// Keeps the file of the local command line right: its address when the server listens elsewhere than before, its key
/// when that ended with its user, or is no administrator's any more.
fn keep_key(
    store: &Store,
    (account, users): (&AccountId, &[UserRow]),
    (folder, url): (&Path, &str),
    now: Timestamp,
) -> Result<(), FirstRunError> {
    let path = folder.join(KEY_FILE);
    let Ok(text) = std::fs::read_to_string(&path) else {
        // The administrator may take the file away; the key is in the list of keys until it is deleted there.
        return Ok(());
    };
    let Ok(file) = toml::from_str::<KeyFile>(&text) else {
        tracing::warn!(path = %path.display(), "the key of the command line cannot be read; it stays as it is");
        return Ok(());
    };
    let is_admin = |user: &&UserRow| user.role == Role::Admin.as_str();
    let keys = store.access_keys(account)?;
    let owner = keys.iter().find(|key| key.secret_id == file.secret_id).map(|key| key.user.as_str());
    let holds = users.iter().filter(is_admin).any(|user| Some(user.name.as_str()) == owner);
    match users.iter().find(is_admin) {
        Some(admin) if !holds => {
            tracing::warn!(
                user = admin.name,
                "the key of the command line was no administrator's: it has a new one"
            );
            make_key(store, (account, &admin.name), (folder, url), now)
        }
        _ if file.server == url => Ok(()),
        _ => {
            let file = KeyFile { server: url.to_owned(), ..file };
            write(&path, &file).map_err(|source| FirstRunError::KeyFile { path, source })
        }
    }
}

/// Writes the file whole or not at all, readable by its owner only.
fn write(path: &Path, file: &KeyFile) -> io::Result<()> {
    write_text(path, &toml::to_string(file).map_err(io::Error::other)?)
}

fn write_text(path: &Path, text: &str) -> io::Result<()> {
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
