//! Secrets: made from the system's randomness, told once, kept as a hash.
//!
//! Hides: their length and form.
//! Knows nothing of: what each opens.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// How many random bytes a secret has: too many to guess, so a fast hash is enough to keep it.
const SECRET_BYTES: usize = 32;

/// What a secret opens; the first characters say it, so that a leaked one is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The secret part of an access key.
    AccessKey,
    /// The token of an agent.
    Agent,
    /// A token with which agents enrol.
    Enrolment,
    /// The token of a one-time link.
    Link,
    /// The value of a session cookie.
    Session,
}

/// A secret before it is told. Printing it for debugging tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// What is kept of a secret.
pub(crate) type SecretHash = [u8; 32];

impl Secret {
    /// A new secret. Fails when the operating system gives no randomness.
    pub(crate) fn new(purpose: Purpose) -> Result<Self, Failure> {
        let prefix = match purpose {
            Purpose::AccessKey => "nlk_",
            Purpose::Agent => "nla_",
            Purpose::Enrolment => "nle_",
            Purpose::Link => "nll_",
            Purpose::Session => "nls_",
        };
        Ok(Self(format!("{prefix}{}", random_hex::<SECRET_BYTES>()?)))
    }

    /// The text that is told once.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// What is kept.
    pub(crate) fn hash(&self) -> SecretHash {
        hash_of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What would be kept of a secret with this text.
pub(crate) fn hash_of(text: &str) -> SecretHash {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether two hashes are equal, in a time that does not tell where they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |all, (left, right)| all | (left ^ right));
    left.len() == right.len() && differences == 0
}

/// Random bytes as hexadecimal digits.
pub(crate) fn random_hex<const BYTES: usize>() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A random number, for new resource ids.
pub(crate) fn chance() -> Result<u64, Failure> {
    getrandom::u64().map_err(|error| Failure::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_new_each_time_and_tells_nothing_when_printed() {
        let (one, two) = (Secret::new(Purpose::Agent).unwrap(), Secret::new(Purpose::Agent).unwrap());
        assert_ne!(one, two);
        assert_eq!(one.text().len(), "nla_".len() + 2 * SECRET_BYTES);
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert!(same(&one.hash(), &hash_of(one.text())));
        assert!(!same(&one.hash(), &two.hash()));
    }
}
