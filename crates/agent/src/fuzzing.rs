//! Doors for files that somebody made up: a spool's folder and an agent's identity.
//!
//! Hides: how a spool is drained.
//! Knows nothing of: who made them up.

use std::path::Path;

use crate::files::Folder;
use crate::identity;
use crate::spool::{Found, SetAside, Spool};

/// Sends all that waits in the folder nowhere; returns how many batches and bytes wait then, `None` when it is no spool.
pub fn drain_spool(folder: &Path) -> Option<(u64, u64)> {
    let files = Folder::open(folder).ok()?;
    let spool = Spool::open(Box::new(files), u64::MAX).ok()?;
    while let Some(spooled) = spool.oldest() {
        match spool.read(&spooled) {
            Found::Batch(_) => spool.acknowledged(&spooled),
            Found::Torn => spool.set_aside(&spooled, &SetAside::Torn),
            Found::Gone => spool.gone(&spooled),
        }
    }
    Some(spool.waiting())
}

/// Reads the identity in the folder.
pub fn read_identity(folder: &Path) {
    if let Ok(files) = Folder::open(folder) {
        drop(identity::find(&files));
    }
}
