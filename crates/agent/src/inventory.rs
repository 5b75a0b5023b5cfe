//! The inventory file: read at the start, and again when it has changed.
//!
//! Hides: that a wrong file leaves the last right one in force.
//! Knows nothing of: what the names are used for.

mod format;

use std::io;
use std::path::{Path, PathBuf};

use window::{Inventory, InventoryError};

use crate::operator_file::OperatorFile;
use format::{FormatError, parse};

/// The largest inventory file. Unit: bytes. The most prefixes of an inventory take about 30 MB, well commented.
pub const INVENTORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why an inventory file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryFileError {
    /// It cannot be read.
    #[error("cannot read the inventory `{path}`: is it there, and may the agent read it?")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no TOML, or has other keys and values than an inventory has.
    #[error("the inventory `{path}` cannot be understood")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where and what, with the keys that are known.
        source: Box<toml::de::Error>,
    },
    /// What it says cannot be.
    #[error("the inventory `{path}` is wrong in the entry at line {line}")]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Where the entry's id stands; the first line is 1.
        line: usize,
        /// What is wrong, and what to do.
        source: InventoryError,
    },
}

/// The inventory file of an agent.
#[derive(Debug)]
pub(crate) struct InventoryFile {
    file: OperatorFile,
}

/// Reads the inventory of that file, as an agent would at its start; returns how many prefixes it holds.
///
/// # Errors
/// The file cannot be read, is no inventory, or contradicts itself.
pub fn check_inventory(path: &Path) -> Result<usize, InventoryFileError> {
    InventoryFile::open(path).map(|(_, inventory)| inventory.prefixes())
}

impl InventoryFile {
    /// Reads the file for the first time.
    pub(crate) fn open(path: &Path) -> Result<(Self, Inventory), InventoryFileError> {
        let mut file = OperatorFile::new(path.to_owned(), INVENTORY_BYTES_MAX);
        let content =
            file.read_first().map_err(|source| InventoryFileError::Read { path: path.to_owned(), source })?;
        let inventory = understood(path, content)?;
        Ok((Self { file }, inventory))
    }

    /// The inventory, if the file has changed since it was read last.
    pub(crate) fn changed(&mut self) -> Result<Option<Inventory>, InventoryFileError> {
        let path = self.file.path().to_owned();
        match self.file.read_if_changed() {
            Ok(content) => content.map(|content| understood(&path, content)).transpose(),
            Err(source) => Err(InventoryFileError::Read { path, source }),
        }
    }
}

fn understood(path: &Path, content: Vec<u8>) -> Result<Inventory, InventoryFileError> {
    let path = || path.to_owned();
    let text = String::from_utf8(content).map_err(|error| InventoryFileError::Read {
        path: path(),
        source: io::Error::new(io::ErrorKind::InvalidData, error),
    })?;
    parse(&text).map_err(|error| match error {
        FormatError::Toml(source) => InventoryFileError::Malformed { path: path(), source },
        FormatError::Entry { line, source } => InventoryFileError::Wrong { path: path(), line, source },
    })
}

#[cfg(test)]
mod tests;
