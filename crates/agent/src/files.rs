//! Files of one folder that survive a power cut.
//!
//! Hides: temporary names, fsync of files and folders, modes.
//! Knows nothing of: what is in the files.

use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Ends the name of a file that is still being written.
pub(crate) const NEW_SUFFIX: &str = ".new";

/// The files of one folder. Implemented by [`Folder`] and by the tests' disk, which loses power.
pub(crate) trait Files: Debug + Send + Sync {
    /// Every file with its length in bytes, in no order.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;
    /// The content of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// Writes a file; on return its content is durable, its name is not.
    fn write(&self, name: &str, content: &[u8]) -> io::Result<()>;
    /// Renames a file, replacing another; durable after `sync`.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; durable after `sync`.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes all names durable.
    fn sync(&self) -> io::Result<()>;
    /// Where the file is, for messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// Writes a file whole or not at all: after a power cut there is the old content or the new.
pub(crate) fn replace(files: &dyn Files, name: &str, content: &[u8]) -> io::Result<()> {
    let new = format!("{name}{NEW_SUFFIX}");
    files.write(&new, content)?;
    files.rename(&new, name)?;
    files.sync()
}

/// The content of a file; `None` when there is none.
pub(crate) fn read_if_there(files: &dyn Files, name: &str) -> io::Result<Option<Vec<u8>>> {
    match files.read(name) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens the folder, or creates it with mode 0700.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            match File::open(parent) {
                Ok(parent) => parent.sync_all()?,
                // Who may not read it has not made the folder either.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { path: path.to_owned() })
    }
}

impl Files for Folder {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            // The names that natlens gives are all text; others are not its own.
            if let (true, Ok(name)) = (metadata.is_file(), entry.file_name().into_string()) {
                found.push((name, metadata.len()));
            }
        }
        Ok(found)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.path.join(name))
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let path = self.path.join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_owner_may_read_what_is_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("state")).unwrap();
        replace(&folder, "secret.json", b"old").unwrap();
        replace(&folder, "secret.json", b"new").unwrap();
        assert_eq!(folder.list().unwrap(), [("secret.json".to_owned(), 3)]);
        for (path, expected) in [("state", 0o700), ("state/secret.json", 0o600)] {
            let mode = std::fs::metadata(place.path().join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, expected, "{path}");
        }
    }
}
