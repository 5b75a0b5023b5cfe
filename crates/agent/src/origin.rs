//! Where destinations are registered: their country, and their autonomous system.
//!
//! Hides: the data inside the program, and the format of the operator's file (MaxMind DB).
//! Knows nothing of: windows that are open, batches.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow::Record;
use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use crate::operator_file::OperatorFile;

/// The largest file of autonomous systems. Unit: bytes. Those in use have about 10 MB; it is kept in memory.
pub const ASN_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Why a file of autonomous systems cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AsnFileError {
    /// It cannot be read.
    #[error("cannot read the autonomous systems `{path}`: is the file there, and may the agent read it?")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no MaxMind DB.
    #[error(
        "the autonomous systems `{path}` are no MaxMind DB: bring an ASN database with the ending `.mmdb`"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: MaxMindDbError,
    },
}

/// What tells where a destination is registered.
#[derive(Default)]
pub(crate) struct Origin {
    /// The codes seen so far, at most some 250: a million records share them instead of copying them.
    countries: HashMap<&'static str, Arc<str>>,
    asn: Option<AsnFile>,
}

struct AsnFile {
    file: OperatorFile,
    reader: Reader<Vec<u8>>,
}

/// What is read of an entry.
#[derive(Deserialize)]
struct Asn {
    autonomous_system_number: Option<u32>,
}

/// Reads the autonomous systems of that file, as an agent would at its start.
///
/// # Errors
/// The file cannot be read, or is no MaxMind DB.
pub fn check_asn_file(path: &Path) -> Result<(), AsnFileError> {
    Origin::open(Some(path)).map(drop)
}

impl Origin {
    /// Countries, and the autonomous systems of the file if there is one.
    pub(crate) fn open(asn_file: Option<&Path>) -> Result<Self, AsnFileError> {
        let Some(path) = asn_file else { return Ok(Self::default()) };
        let mut file = OperatorFile::new(path.to_owned(), ASN_BYTES_MAX);
        let content =
            file.read_first().map_err(|source| AsnFileError::Read { path: path.to_owned(), source })?;
        let reader = understood(path, content)?;
        Ok(Self { asn: Some(AsnFile { file, reader }), ..Self::default() })
    }

    /// Reads the file again if it has changed; on failure the last right one stays in force.
    pub(crate) fn look_again(&mut self) -> Result<(), AsnFileError> {
        let Some(AsnFile { file, reader }) = &mut self.asn else { return Ok(()) };
        let path = file.path().to_owned();
        match file.read_if_changed() {
            Ok(None) => {}
            Ok(Some(content)) => *reader = understood(&path, content)?,
            Err(source) => return Err(AsnFileError::Read { path, source }),
        }
        Ok(())
    }

    /// Writes country and autonomous system of the destination into the record.
    pub(crate) fn tell(&mut self, record: &mut Record) {
        let Some(destination) = record.dstaddr else { return };
        record.dst_country = self.country(destination);
        record.dst_asn = self.asn.as_ref().and_then(|asn| asn.number(destination));
    }

    /// The ISO 3166 code of the country that a registry gave the address to.
    fn country(&mut self, address: IpAddr) -> Option<Arc<str>> {
        let code = iptocc::country_code(address)?;
        Some(Arc::clone(self.countries.entry(code).or_insert_with(|| code.into())))
    }
}

impl AsnFile {
    fn number(&self, address: IpAddr) -> Option<u64> {
        // An IPv6 address in a database of IPv4, or an entry of another shape, is an address that it does not know.
        let found: Option<Asn> = self.reader.lookup(address).ok()?.decode().ok()?;
        found?.autonomous_system_number.map(u64::from)
    }
}

fn understood(path: &Path, content: Vec<u8>) -> Result<Reader<Vec<u8>>, AsnFileError> {
    Reader::from_source(content).map_err(|source| AsnFileError::Malformed { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
