//! Who is who: secrets, passwords, failed attempts, the first user.
//!
//! Hides: how secrets are made, kept and compared.
//! Knows nothing of: HTTP; what anybody may do.

pub(crate) mod attempts;
pub(crate) mod first_run;
pub(crate) mod password;
pub(crate) mod secret;
pub(crate) mod session;
