//! Trouble: why the store cannot write now, and how it finds out that it can again.
//!
//! Hides: which errors of the machine mean what.
//! Knows nothing of: who asks. Nothing has to be told when the trouble is over: the next batch is stored.

use std::error::Error;
use std::io;

use rusqlite::ErrorCode;

use crate::catalog::{Sequence, lock, raise};
use crate::disk::Room;
use crate::error::StoreError;
use crate::store::Store;

/// What a trial writes: more than a file system keeps in its own notes. Unit: bytes.
const TRIAL_BYTES: usize = 4096;

/// Why nothing can be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trouble {
    /// There is no room.
    #[error("the disk of the data folder is full: make room, or let topics keep less")]
    Full,
    /// The file system takes no changes.
    #[error(
        "the disk of the data folder is read-only: look into the system's log, repair it and mount it again"
    )]
    ReadOnly,
    /// The disk, or what stands on it, does not do what it should.
    #[error("the disk of the data folder fails: the server's log and the system's log say how")]
    Failing,
}

impl StoreError {
    /// What stands in the way of writing, if that is the cause.
    pub fn trouble(&self) -> Option<Trouble> {
        if matches!(self, Self::NoRoom { .. }) {
            return Some(Trouble::Full);
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let of_disk = error.downcast_ref::<io::Error>().and_then(of_disk);
            let of_catalog = || error.downcast_ref::<rusqlite::Error>().and_then(of_catalog);
            if let Some(trouble) = of_disk.or_else(of_catalog) {
                return Some(trouble);
            }
            cause = error.source();
        }
        // rusqlite's error is its own cause, which a chain does not show.
        if let Self::Catalog(error) = self { of_catalog(error) } else { None }
    }
}

/// `EIO` of Unix.
const INPUT_OUTPUT_ERROR: i32 = 5;

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is of a library and grows with it")]
fn of_disk(error: &io::Error) -> Option<Trouble> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Trouble::Full),
        io::ErrorKind::ReadOnlyFilesystem => Some(Trouble::ReadOnly),
        io::ErrorKind::PermissionDenied => Some(Trouble::Failing),
        _ => (error.raw_os_error() == Some(INPUT_OUTPUT_ERROR)).then_some(Trouble::Failing),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is of a library and grows with it")]
fn of_catalog(error: &rusqlite::Error) -> Option<Trouble> {
    match error.sqlite_error_code()? {
        ErrorCode::DiskFull => Some(Trouble::Full),
        ErrorCode::ReadOnly => Some(Trouble::ReadOnly),
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase => Some(Trouble::Failing),
        _ => None,
    }
}

impl Store {
    /// What kept the last attempt from writing; `None` when it went well.
    pub fn trouble(&self) -> Option<Trouble> {
        *lock(self.last_trouble())
    }

    /// How much room there is for segments.
    ///
    /// # Errors
    /// The disk's.
    pub fn room(&self) -> Result<Room, StoreError> {
        let folder = self.live().folder();
        self.files().disk().room(folder).map_err(StoreError::io("measure", folder))
    }

    /// Tries whether a file and the catalog can be written, and removes what could not be removed before.
    ///
    /// # Errors
    /// What stands in the way; `trouble` tells it until a trial or a batch goes well.
    #[tracing::instrument(name = "store.try_writing", skip_all)]
    pub fn try_writing(&self) -> Result<(), StoreError> {
        let tried = self.write_trial();
        self.note_trouble(&tried);
        if tried.is_ok() {
            self.files().remove_left();
        }
        tried
    }

    fn write_trial(&self) -> Result<(), StoreError> {
        let folder = self.live().folder();
        self.files().check_room(folder, 0)?;
        let path = folder.join("trial.new");
        let disk = self.files().disk();
        let written = disk.create(&path).and_then(|mut file| {
            file.write_all(&[0; TRIAL_BYTES])?;
            file.sync()
        });
        self.files().remove(&path);
        written.map_err(StoreError::io("write", &path))?;
        // Changes nothing, but writes.
        self.catalog().transact(|transaction| Ok(raise(transaction, Sequence::Segment, 0)?))
    }

    /// Remembers whether writing went well.
    pub(crate) fn note_trouble<T>(&self, outcome: &Result<T, StoreError>) {
        let now = outcome.as_ref().err().map(|error| error.trouble().unwrap_or(Trouble::Failing));
        let before = std::mem::replace(&mut *lock(self.last_trouble()), now);
        match (before, now) {
            (before, Some(trouble)) if before != now => tracing::error!(%trouble, "the store cannot write"),
            (Some(_), None) => tracing::info!("the store can write again"),
            _ => {}
        }
    }
}
