//! Which certificate authorities a client believes.
//!
//! Hides: the file format of certificates, and how a refused certificate is told from a lost connection.
//! Knows nothing of: where the certificates are kept.

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// Whose certificates prove that a server is the right one. Default: the authorities that browsers know.
#[derive(Clone, Debug)]
pub struct Trust {
    roots: RootCerts,
}

/// A text that holds no certificate.
#[derive(Debug, thiserror::Error)]
#[error(
    "no certificate is in it: expected PEM, which begins with `-----BEGIN CERTIFICATE-----` in a line of its own"
)]
pub struct NoCertificate;

impl Default for Trust {
    fn default() -> Self {
        Self { roots: RootCerts::WebPki }
    }
}

impl Trust {
    /// Believes the authorities in `pem`, and no others. A certificate that is signed by itself is its own authority.
    ///
    /// # Errors
    /// When `pem` holds no certificate.
    pub fn only(pem: &[u8]) -> Result<Self, NoCertificate> {
        let certificates: Vec<_> = parse_pem(pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                Ok(_) | Err(_) => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(NoCertificate);
        }
        Ok(Self { roots: RootCerts::from(certificates) })
    }

    pub(crate) fn config(&self) -> TlsConfig {
        TlsConfig::builder().root_certs(self.roots.clone()).build()
    }
}

/// Whether the server was reached, and its certificate refused.
pub(crate) fn is_distrust(error: &ureq::Error) -> bool {
    let cause = if let ureq::Error::Rustls(cause) = error {
        Some(cause)
    } else if let ureq::Error::Io(wrapped) = error {
        wrapped.get_ref().and_then(|cause| cause.downcast_ref())
    } else {
        None
    };
    matches!(cause, Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for text in ["", "natlens", key] {
            assert!(Trust::only(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_word_about_the_certificate_is_distrust() {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = |error: rustls::Error| ureq::Error::Io(std::io::Error::other(error));
        assert!(is_distrust(&wrapped(unknown)));
        assert!(!is_distrust(&wrapped(rustls::Error::DecryptError)));
        assert!(!is_distrust(&ureq::Error::ConnectionFailed));
    }
}
