//! What signs the links of chains: a key that the server makes at its first start.
//!
//! Hides: the form of the key file, Ed25519.
//! Knows nothing of: what a link says.
//!
//! The key stays in the data folder and is in no back-up: who has only a copy cannot sign a history of his own.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::disk::RealDisk;
use crate::error::StoreError;
use crate::store::sync_folder;

/// The file in the data folder that holds the key.
const KEY_FILE: &str = "chain-key";

/// The first line of the file: what it is, and the version of its form. The second is the seed, in hexadecimal digits.
const HEADING: &str = "natlens chain key 1";

/// What is signed begins with this, so that a signature of a link is one of nothing else.
const CONTEXT: &[u8] = b"natlens link 1\0";

/// Unit: bytes.
const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// The public key, and the signature.
pub(crate) const SIGNED_BYTES: usize = KEY_BYTES + SIGNATURE_BYTES;

/// Signs digests of links.
pub(crate) struct Signer(Ed25519KeyPair);

/// The half of a key that proves its signatures. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; KEY_BYTES]);

/// A text that is no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no public key: expected the 64 hexadecimal digits that `natlens verify --show-key` prints"
)]
pub struct InvalidPublicKey {
    text: String,
}

/// The public half of the key of a data folder, also while a server uses it.
///
/// # Errors
/// `NotFound` before a server that signs has opened the folder, `NoKey` when the file holds something else.
pub fn public_key(folder: &Path) -> Result<PublicKey, StoreError> {
    let path = folder.join(KEY_FILE);
    match Signer::read(folder)? {
        Some(signer) => Ok(signer.public_key()),
        None => Err(StoreError::not_found("key file", path.display())),
    }
}

impl Signer {
    /// The key of a data folder, made if there is none.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        if let Some(signer) = Self::read(folder)? {
            return Ok(signer);
        }
        let path = folder.join(KEY_FILE);
        let mut seed = [0; KEY_BYTES];
        let random = SystemRandom::new().fill(&mut seed);
        random.map_err(|_unspecified| {
            StoreError::io("make a key for", &path)(io::Error::other("the system gives no randomness"))
        })?;
        write(folder, &format!("{HEADING}\n{}\n", hexadecimal(&seed)))
            .map_err(StoreError::io("write", &path))?;
        sync_folder(&RealDisk, folder)?;
        Ok(Self(Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed has 32 bytes")))
    }

    fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder.join(KEY_FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(StoreError::io("read", &path))?,
        };
        let digits = text.strip_prefix(HEADING).map(str::trim).and_then(bytes_of);
        let pair = digits.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok());
        pair.map(|pair| Some(Self(pair))).ok_or(StoreError::NoKey { path })
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let mut key = [0; KEY_BYTES];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// The public key, and the signature of a digest.
    pub(crate) fn sign(&self, digest: &[u8]) -> [u8; SIGNED_BYTES] {
        let mut signed = [0; SIGNED_BYTES];
        let (key, signature) = signed.split_at_mut(KEY_BYTES);
        key.copy_from_slice(&self.public_key().0);
        signature.copy_from_slice(self.0.sign(&[CONTEXT, digest].concat()).as_ref());
        signed
    }
}

/// Whose signature of `digest` it is that `signed` holds; `None` when it is nobody's.
pub(crate) fn signed_by(signed: &[u8], digest: &[u8]) -> Option<PublicKey> {
    let (key, signature) = signed.split_at_checked(KEY_BYTES)?;
    let proven = UnparsedPublicKey::new(&ED25519, key).verify(&[CONTEXT, digest].concat(), signature);
    proven.ok().and_then(|()| key.try_into().ok()).map(PublicKey)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<Self, InvalidPublicKey> {
        bytes_of(text).map(Self).ok_or_else(|| InvalidPublicKey { text: text.to_owned() })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.public_key()).finish()
    }
}

/// Writes the file whole or not at all, readable by its owner only.
fn write(folder: &Path, text: &str) -> io::Result<()> {
    let new = folder.join("chain-key.new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, folder.join(KEY_FILE))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(digits: &str) -> Option<[u8; KEY_BYTES]> {
    let is_right = digits.len() == 2 * KEY_BYTES && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut bytes = [0; KEY_BYTES];
    for (at, byte) in bytes.iter_mut().enumerate().filter(|_| is_right) {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    is_right.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_signs_what_it_signed() {
        let folder = tempfile::TempDir::new().unwrap();
        assert!(matches!(public_key(folder.path()), Err(StoreError::NotFound { .. })));
        let signer = Signer::open(folder.path()).unwrap();
        let signed = signer.sign(b"digest");
        let again = Signer::open(folder.path()).unwrap();
        assert_eq!(again.public_key(), signer.public_key());
        assert_eq!(public_key(folder.path()).unwrap(), signer.public_key());
        assert_eq!(signed_by(&signed, b"digest"), Some(signer.public_key()));
        assert_eq!(signed_by(&signed, b"another"), None);
        assert_eq!(signed_by(&signed[..95], b"digest"), None);
        let key = signer.public_key();
        assert_eq!(key.to_string().parse(), Ok(key));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = folder.path().join(KEY_FILE).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one_and_not_written_over() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(KEY_FILE);
        for text in ["", "natlens chain key 2\n00", &format!("{HEADING}\n{}", "0g".repeat(32))] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Signer::open(folder.path()), Err(StoreError::NoKey { .. })), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert!("é".repeat(32).parse::<PublicKey>().is_err());
    }
}
