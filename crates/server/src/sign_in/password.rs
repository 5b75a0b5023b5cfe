//! Passwords: Argon2id, with rules for their length.
//!
//! Hides: the hash's parameters and its text form.
//! Knows nothing of: whose password it is.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::failure::Failure;

/// The length of a password. Unit: characters. The longest bounds the work of hashing.
const CHARS_MIN: usize = 12;
const CHARS_MAX: usize = 256;

/// A hash that no password has, so that an unknown name takes as long as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bmF0bGVuc25hdGxlbnM$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is kept of a new password.
pub(crate) fn hashed(password: &str) -> Result<String, Failure> {
    let chars = password.chars().count();
    if !(CHARS_MIN..=CHARS_MAX).contains(&chars) {
        let message = format!("the password has {chars} characters: {CHARS_MIN} to {CHARS_MAX} are accepted");
        return Err(Failure::new("InvalidParameterValue.Range", message));
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Failure::internal(error.to_string()))
}

/// Whether `password` is the one behind `hash`; never, without a hash.
pub(crate) fn matches(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        tracing::error!("the catalog holds a password hash that cannot be read");
        return false;
    };
    let same = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    same && hash.is_some() && password.chars().count() <= CHARS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let hash = hashed("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(matches("correct horse battery", Some(&hash)));
        assert!(!matches("correct horse batterz", Some(&hash)));
        assert!(!matches("correct horse battery", None));
    }

    #[test]
    fn a_short_password_is_refused() {
        assert_eq!(hashed("short").unwrap_err().code, "InvalidParameterValue.Range");
        assert_eq!(hashed(&"x".repeat(257)).unwrap_err().code, "InvalidParameterValue.Range");
    }

    #[test]
    fn an_unknown_name_costs_as_much_as_a_wrong_password() {
        PasswordHash::new(NOBODY).unwrap();
        let real = hashed("correct horse battery").unwrap();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(NOBODY), cost(&real));
    }
}
