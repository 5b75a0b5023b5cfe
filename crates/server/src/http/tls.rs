//! The server's certificate, and a new one when its files change.
//!
//! Hides: the TLS library, and when the files are read.
//! Knows nothing of: HTTP, connections.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::settings::TlsFiles;

/// How often the files are looked at. A certificate is renewed days before it ends.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The protocol that is spoken inside (RFC 7301).
const PROTOCOL: &[u8] = b"http/1.1";

/// Why the server has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file cannot be used.
    #[error(
        "cannot read the certificate `{}`: expected PEM, the server's certificate first (setting `tls_certificate`)",
        files.certificate.display()
    )]
    Certificate {
        /// Which.
        files: TlsFiles,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The key's file cannot be used.
    #[error(
        "cannot read the key `{}`: expected PEM, and that the server may read it (setting `tls_key`)",
        files.key.display()
    )]
    Key {
        /// Which.
        files: TlsFiles,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// They are no pair, or of a kind that is not supported.
    #[error(
        "the certificate `{}` and the key `{}` cannot be used together",
        files.certificate.display(), files.key.display()
    )]
    Pair {
        /// Which.
        files: TlsFiles,
        /// Why.
        source: rustls::Error,
    },
}

/// The certificate in use.
pub(crate) struct Certificate {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Seen>,
}

/// How certificate and key looked when they were read.
type Seen = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    /// Reads certificate and key.
    pub(crate) fn open(files: TlsFiles) -> Result<Self, TlsError> {
        // The files may change between the two steps; then they are read once more.
        let seen = Mutex::new(look(&files));
        let config = RwLock::new(Arc::new(config(&files)?));
        Ok(Self { files, config, seen })
    }

    /// Begins connections with the certificate in use.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the files again if they have changed. What cannot be used changes nothing.
    pub(crate) fn look_again(&self) {
        let now = look(&self.files);
        let before = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now);
        if before == now {
            return;
        }
        match config(&self.files) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!("the certificate has changed: new connections begin with it");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the certificate has changed and cannot be used: the old one stays");
            }
        }
    }
}

/// Whether certificate and key can be used.
///
/// # Errors
/// Each says which file is wrong, and how.
pub fn check_tls(files: &TlsFiles) -> Result<(), TlsError> {
    config(files).map(drop)
}

fn look(files: &TlsFiles) -> Seen {
    let look = |path: &Path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    [look(&files.certificate), look(&files.key)]
}

fn config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let wrong = |source| TlsError::Certificate { files: files.clone(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(|certificates| certificates.collect())
        .map_err(wrong)?;
    if chain.is_empty() {
        return Err(wrong(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|source| TlsError::Key { files: files.clone(), source })?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|versions| versions.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|source| TlsError::Pair { files: files.clone(), source })?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::open(write(folder.path(), "one.example")).unwrap();
        let in_use = || Arc::clone(certificate.acceptor().config());
        let first = in_use();
        certificate.look_again();
        assert!(Arc::ptr_eq(&first, &in_use()), "nothing has changed");

        // A longer name, so that the file differs in length, too.
        write(folder.path(), "another-name.example");
        certificate.look_again();
        let second = in_use();
        assert!(!Arc::ptr_eq(&first, &second), "the files were read again");

        std::fs::write(folder.path().join("key.pem"), "").unwrap();
        certificate.look_again();
        assert!(Arc::ptr_eq(&second, &in_use()), "the old certificate stays");
    }

    #[test]
    fn a_wrong_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "one.example");
        check_tls(&files).unwrap();
        let swapped = TlsFiles { certificate: files.key.clone(), key: files.certificate.clone() };
        assert!(check_tls(&swapped).unwrap_err().to_string().contains("key.pem"));
        let other = rcgen::KeyPair::generate().unwrap();
        std::fs::write(&files.key, other.serialize_pem()).unwrap();
        assert!(matches!(check_tls(&files), Err(TlsError::Pair { .. })));
        std::fs::remove_file(&files.key).unwrap();
        assert!(matches!(check_tls(&files), Err(TlsError::Key { .. })));
    }
}
