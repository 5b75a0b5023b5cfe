//! Who is who: secrets, passwords, failed attempts, roles, the first user.
//!
//! Hides: how secrets are made, kept and compared; what a role includes.
//! Knows nothing of: HTTP; what operations do.

pub(crate) mod attempts;
pub(crate) mod first_run;
pub(crate) mod password;
pub(crate) mod role;
pub(crate) mod secret;
pub(crate) mod session;
