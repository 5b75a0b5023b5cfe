//! Digests: what tells whether bytes are still those that were written.
//!
//! Hides: the hash function (SHA-256), and how a file is hashed while it is written.
//! Knows nothing of: what the bytes mean.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;

/// The digest of some bytes. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// What a chain starts from.
    pub(crate) const NOTHING: Self = Self([0; 32]);

    /// The digest of these parts, one after the other; each is preceded by its length.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The digest of what a file holds now.
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut bytes = vec![0; READ_BYTES];
        loop {
            let read = file.read(&mut bytes)?;
            let Some(read) = bytes.get(..read).filter(|read| !read.is_empty()) else { break };
            hash.update(read);
        }
        Ok(Self(hash.finalize().into()))
    }

    /// A digest from its bytes; `None` unless there are 32.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A file that is hashed while it is written from its beginning to its end.
#[derive(Debug)]
pub(crate) struct HashedFile<F> {
    file: F,
    hash: Sha256,
    bytes: u64,
}

impl<F> HashedFile<F> {
    pub(crate) fn new(file: F) -> Self {
        Self { file, hash: Sha256::new(), bytes: 0 }
    }

    /// How many bytes were written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest of all that was written.
    pub(crate) fn digest(&self) -> Digest {
        Digest(self.hash.clone().finalize().into())
    }

    /// The file, to be flushed.
    pub(crate) fn file_mut(&mut self) -> &mut F {
        &mut self.file
    }

    /// The file, and the digest of all that was written.
    pub(crate) fn finish(self) -> (F, Digest) {
        let digest = self.digest();
        (self.file, digest)
    }
}

impl<F: Write> Write for HashedFile<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
