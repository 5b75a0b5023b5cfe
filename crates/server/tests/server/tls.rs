//! A server that speaks HTTPS, with real certificates.

use std::time::Duration;

use api::{Client, ClientError, Credential, Deadline, DescribeRegions, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use server::{ServerSettings, TlsFiles};
use tempfile::TempDir;

use crate::stand::Stand;

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn trust(&self) -> Trust {
        Trust::only(self.0.pem().as_bytes()).unwrap()
    }

    /// Writes a certificate for `name` and its key.
    fn certify(&self, folder: &TempDir, name: &str) -> TlsFiles {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let files =
            TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }
}

fn stand(tls: TlsFiles) -> Stand {
    Stand::start_with(ServerSettings { tls: Some(tls), ..ServerSettings::default() })
}

#[track_caller]
fn distrusted(client: &Client) -> String {
    match client.call::<DescribeRegions>(&Default::default()) {
        Err(error @ ClientError::Distrusted { .. }) => {
            format!("{error}: {}", std::error::Error::source(&error).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_trusts_the_authority_is_answered_and_nobody_else_asks() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let stand = stand(authority.certify(&folder, "127.0.0.1"));
    assert!(stand.url().starts_with("https://127.0.0.1:"), "{}", stand.url());
    let trusting = stand.admin().trusting(&authority.trust());
    trusting.call::<DescribeRegions>(&Default::default()).unwrap();

    let said = distrusted(&stand.admin());
    assert!(said.contains("--ca-file") && said.contains("UnknownIssuer"), "{said}");
    distrusted(&stand.admin().trusting(&Authority::new().trust()));
}

#[test]
fn a_certificate_of_another_name_is_refused_and_says_which_names_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let stand = stand(authority.certify(&folder, "natlens.example"));
    let said = distrusted(&stand.admin().trusting(&authority.trust()));
    assert!(said.contains("natlens.example"), "{said}");
}

#[test]
fn a_certificate_that_signed_itself_is_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let stand = stand(files);
    let client = stand.admin().trusting(&Trust::only(made.cert.pem().as_bytes()).unwrap());
    client.call::<DescribeRegions>(&Default::default()).unwrap();
}

#[test]
fn who_does_not_encrypt_is_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    let stand = stand(Authority::new().certify(&folder, "127.0.0.1"));
    let plain = stand.url().replace("https://", "http://");
    let client = Client::new(&plain, Credential::None, Deadline::After(Duration::from_secs(20)));
    let answer = client.call::<DescribeRegions>(&Default::default());
    assert!(matches!(answer, Err(ClientError::Unreachable { .. })), "{answer:?}");
}
