//! What can go wrong in the store, as far as a caller can act upon it.
//!
//! Hides: nothing; it is the list.
//! Knows nothing of: error codes of any API.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

use crate::verify::Fault;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such thing in this account and region.
    #[error("{what} `{id}` does not exist")]
    NotFound {
        /// The kind of thing: `topic`, `flow log`, ….
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The id, the name, or the combination is taken.
    #[error("{what} `{id}` already exists")]
    AlreadyExists {
        /// The kind of thing.
        what: &'static str,
        /// The id or name that is taken.
        id: String,
    },
    /// An agent that runs has enrolled under this name.
    #[error(
        "a gateway named `{name}` was heard less than two minutes ago: choose another gateway name; \
         if its agent is gone for good, enrol again in two minutes"
    )]
    StillHeard {
        /// The name.
        name: String,
    },
    /// Nobody would have that role any more.
    #[error("`{name}` is the last user with the role `{role}`: give the role to another first")]
    LastOfRole {
        /// The user.
        name: String,
        /// The role.
        role: String,
    },
    /// Something still stands in it.
    #[error("{what} `{id}` is not empty: delete what it holds first")]
    NotEmpty {
        /// The kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A token that is unknown, used up or too old.
    #[error("{what} is unknown, already used or expired: ask for a new one")]
    Spent {
        /// The kind of token.
        what: &'static str,
    },
    /// Another process has the folder open.
    #[error(
        "the data folder `{path}` is in use by another natlens server: stop it, or choose another folder"
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder was written by a newer program.
    #[error(
        "the data folder `{path}` has format {found}, this program reads up to {known}: install a newer natlens"
    )]
    NewerFormat {
        /// The folder or file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// A row or file holds what this program never writes.
    #[error("the catalog holds `{text}` as {what}: restore the data folder from a backup")]
    Corrupt {
        /// What should stand there.
        what: &'static str,
        /// What stands there.
        text: String,
    },
    /// Files hold more or fewer rows than were stored.
    #[error(
        "the segments that `{path}` was to replace hold {found} rows, the catalog says {expected}: \
         they stay as they are; restore them from a backup"
    )]
    Rows {
        /// The segment that was to be made.
        path: PathBuf,
        /// Rows in the files.
        found: u64,
        /// Rows in the catalog.
        expected: u64,
    },
    /// A segment is not what was stored.
    #[error("{0}: `natlens verify` tells all such; put it back from a back-up")]
    Damaged(Fault),
    /// What was to be erased cannot be found in it.
    #[error("cannot search segment `{path}` for what is to be erased")]
    Search {
        /// Which segment.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file that should hold the key of the chain holds none.
    #[error(
        "`{path}` holds no key that signs chains: restore it, or remove it and the server makes a new one"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The catalog was never opened by a program that keeps chains.
    #[error("the catalog `{path}` has no chains yet: start the server of this version once, and stop it")]
    NoChain {
        /// Which catalog.
        path: PathBuf,
    },
    /// A back-up would go over something else.
    #[error(
        "`{path}` holds something other than a back-up: name an empty folder, or that of an earlier back-up"
    )]
    NotABackup {
        /// Which folder.
        path: PathBuf,
    },
    /// A back-up would come where something is.
    #[error("`{path}` holds something: name a new or empty folder")]
    Occupied {
        /// Which folder.
        path: PathBuf,
    },
    /// No store has been there.
    #[error("no server keeps its data in `{path}`: name the folder that does (--data-folder)")]
    NoStore {
        /// Which folder.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {deed} `{path}`")]
    Io {
        /// What was tried.
        deed: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What is left is kept for transactions that free room.
    #[error(
        "the disk of `{path}` has {free} bytes free, and {kept} are kept for what frees room: make room, or let topics \
         keep less"
    )]
    NoRoom {
        /// Where it was needed.
        path: PathBuf,
        /// Unit: bytes.
        free: u64,
        /// Unit: bytes.
        kept: u64,
    },
    /// SQLite refused.
    #[error("the catalog does not answer")]
    Catalog(#[from] rusqlite::Error),
    /// A segment could not be written or read.
    #[error("cannot {deed} segment `{path}`")]
    Segment {
        /// What was tried.
        deed: &'static str,
        /// Which segment.
        path: PathBuf,
        /// Why.
        #[source]
        source: ParquetError,
    },
}

impl StoreError {
    pub(crate) fn io(deed: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { deed, path, source }
    }

    pub(crate) fn segment(deed: &'static str, path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| Self::Segment { deed, path, source }
    }

    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    /// Turns a broken UNIQUE or PRIMARY KEY constraint into `AlreadyExists`.
    pub(crate) fn taken(what: &'static str, id: impl ToString) -> impl FnOnce(rusqlite::Error) -> Self {
        let id = id.to_string();
        move |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Self::AlreadyExists { what, id },
            _ => Self::Catalog(error),
        }
    }
}
