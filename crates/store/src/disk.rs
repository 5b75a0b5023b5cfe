//! The disk: all that the store does to files of segments, and what it could not remove yet.
//!
//! Hides: the file system, and how much of it is kept free.
//! Knows nothing of: what files hold. Reading needs no door: files that are named never change.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::catalog::lock;
use crate::error::StoreError;

/// Room that no rows may take: a transaction that forgets rows needs some before it frees any. Unit: bytes.
const ROOM_KEPT_MAX: u64 = 64 * 1024 * 1024;

/// The same on a small disk: this part of all of it.
const ROOM_KEPT_PART: u64 = 50;

/// The most files that wait to be removed; others are found when the folder is opened next.
const LEFT_MAX: usize = 10_000;

/// What changes files. What it did is durable only after the file, and the folder that holds it, were flushed.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Starts a file, in the place of one that stands there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn NewFile>>;
    /// Gives a file another name, in the place of a file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Creates a folder in one that is there.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Flushes the entries of a folder, so that its files are found after a loss of power.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// How much room there is where `path` stands.
    fn room(&self, path: &Path) -> io::Result<Room>;
}

/// A file that is being written.
pub trait NewFile: Write + Send {
    /// Flushes what was written.
    fn sync(&mut self) -> io::Result<()>;
}

/// Room on a disk. Unit: bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What can still be written.
    pub free: u64,
    /// Free or not.
    pub all: u64,
}

/// The disk of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    #[cfg(unix)]
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// Only Unix opens a folder as a file; elsewhere the file system alone decides when a name is durable.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    #[cfg(unix)]
    fn room(&self, path: &Path) -> io::Result<Room> {
        let disk = nix::sys::statvfs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.fragment_size());
        Ok(Room { free: bytes(disk.blocks_available()), all: bytes(disk.blocks()) })
    }

    #[cfg(not(unix))]
    fn room(&self, _: &Path) -> io::Result<Room> {
        Ok(Room { free: u64::MAX, all: u64::MAX })
    }
}

impl NewFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// The files of a store on its disk.
#[derive(Debug)]
pub(crate) struct Files {
    disk: Arc<dyn Disk>,
    /// Files that nothing names and that could not be removed.
    left: Mutex<Vec<PathBuf>>,
}

impl Files {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, left: Mutex::default() }
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Removes a file that nothing names, now or as soon as the disk lets it.
    pub(crate) fn remove(&self, path: &Path) {
        let Err(error) = self.disk.remove(path) else { return };
        if error.kind() == io::ErrorKind::NotFound {
            return;
        }
        tracing::warn!(path = %path.display(), %error, "a file that nothing names cannot be removed now");
        let mut left = lock(&self.left);
        if left.len() < LEFT_MAX {
            left.push(path.to_owned());
        }
    }

    /// Removes what could not be removed before.
    pub(crate) fn remove_left(&self) {
        let left = std::mem::take(&mut *lock(&self.left));
        left.iter().for_each(|path| self.remove(path));
    }

    /// Fails with `NoRoom` when so many bytes would take what is kept free.
    pub(crate) fn check_room(&self, folder: &Path, bytes: u64) -> Result<(), StoreError> {
        let Room { free, all } = self.disk.room(folder).map_err(StoreError::io("measure", folder))?;
        let kept = ROOM_KEPT_MAX.min(all / ROOM_KEPT_PART);
        // Some file systems tell nothing about themselves.
        if all > 0 && free < kept.saturating_add(bytes) {
            return Err(StoreError::NoRoom { path: folder.to_owned(), free, kept });
        }
        Ok(())
    }
}
