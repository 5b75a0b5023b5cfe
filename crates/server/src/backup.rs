//! Back-up of all that the server keeps, and the way back.
//!
//! Hides: that the local administrator's key stands beside the store.
//! Knows nothing of: how the store is copied.

use std::path::Path;

use store::{Backup, StoreError};

use crate::sign_in::first_run::copy_key_file;

/// Copies the data folder `from` to `to`, a new folder or an earlier back-up, also while a server uses `from`.
///
/// # Errors
/// Those of `store::back_up`.
pub fn back_up(from: &Path, to: &Path) -> Result<Backup, StoreError> {
    let backup = store::back_up(from, to)?;
    copy_key_file(from, to)?;
    Ok(backup)
}

/// Copies the back-up `from` to `to`, a new or empty folder.
///
/// # Errors
/// Those of `store::restore`.
pub fn restore(from: &Path, to: &Path) -> Result<Backup, StoreError> {
    let backup = store::restore(from, to)?;
    copy_key_file(from, to)?;
    Ok(backup)
}
