//! A file that the operator writes and may change at any time.
//!
//! Hides: how a change is noticed.
//! Knows nothing of: what is in the file.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that the operator writes and may change at any time.
#[derive(Debug)]
pub(crate) struct OperatorFile {
    path: PathBuf,
    bytes_max: u64,
    /// The version that was read last; `None` when that failed before there was one.
    read: Option<Version>,
}

/// What differs when the file is another one: writing in place changes the time, replacing it the inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    inode: u64,
    bytes: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl OperatorFile {
    /// Not read yet. More than `bytes_max` are never read.
    pub(crate) const fn new(path: PathBuf, bytes_max: u64) -> Self {
        Self { path, bytes_max, read: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file if it is not the one that was read last; `None` when it is.
    ///
    /// A failure counts as read, so that it is told once.
    pub(crate) fn read_if_changed(&mut self) -> io::Result<Option<Vec<u8>>> {
        let found = std::fs::metadata(&self.path).map(|metadata| Version::of(&metadata));
        let version = found.as_ref().ok().copied();
        if version.is_some() && version == self.read {
            return Ok(None);
        }
        let gone_before = self.read.is_none();
        // Taken before the content: a change in between is read once more rather than missed.
        self.read = version;
        match found {
            Err(_) if gone_before => Ok(None),
            Err(error) => Err(error),
            Ok(_) => self.read().map(Some),
        }
    }

    /// Reads the file.
    pub(crate) fn read_first(&mut self) -> io::Result<Vec<u8>> {
        self.read = Some(Version::of(&std::fs::metadata(&self.path)?));
        self.read()
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        File::open(&self.path)?.take(self.bytes_max.saturating_add(1)).read_to_end(&mut content)?;
        if content.len() as u64 > self.bytes_max {
            return Err(io::Error::other(format!("it is larger than {} bytes", self.bytes_max)));
        }
        Ok(content)
    }
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_once_and_a_loss_is_told_once() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("names");
        let mut file = OperatorFile::new(path.clone(), 5);
        file.read_first().unwrap_err();
        std::fs::write(&path, "one").unwrap();
        assert_eq!(file.read_first().unwrap(), b"one");
        assert_eq!(file.read_if_changed().unwrap(), None);

        let new = place.path().join("new");
        std::fs::write(&new, "two").unwrap();
        std::fs::rename(&new, &path).unwrap();
        assert_eq!(file.read_if_changed().unwrap().as_deref(), Some(&b"two"[..]), "same length, other file");
        assert_eq!(file.read_if_changed().unwrap(), None);

        std::fs::write(&path, "far too long").unwrap();
        assert_eq!(file.read_if_changed().unwrap_err().to_string(), "it is larger than 5 bytes");
        assert_eq!(file.read_if_changed().unwrap(), None);
        std::fs::remove_file(&path).unwrap();
        file.read_if_changed().unwrap_err();
        assert_eq!(file.read_if_changed().unwrap(), None);
        std::fs::write(&path, "back").unwrap();
        assert_eq!(file.read_if_changed().unwrap().as_deref(), Some(&b"back"[..]));
    }
}
