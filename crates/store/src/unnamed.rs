//! Segments that the catalog has never heard of: after a time, those that opening the folder moved aside go.
//!
//! Hides: how their age is told.
//! Knows nothing of: why they were moved; `store.rs` does that.

use std::path::Path;
use std::time::Duration;

use flow::Timestamp;

use crate::error::StoreError;
use crate::store::{Store, entries, topic_folders};

/// How long people have to look at a segment that was moved aside, and to put a newer catalog back.
pub const UNNAMED_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

impl Store {
    /// Removes what was moved aside longer ago than `UNNAMED_KEPT`; returns how many files. Touches nothing that does not carry
    /// the name of a segment.
    pub(crate) fn forget_unnamed(&self, now: Timestamp) -> Result<u64, StoreError> {
        if !self.unnamed().is_dir() {
            return Ok(0);
        }
        let mut gone = 0;
        for folder in topic_folders(self.files().disk(), self.unnamed())? {
            for file in entries(&folder)?.into_iter().filter(|file| is_segment(file)) {
                let is_over = moved(&file).is_some_and(|moved| now.since(moved) > UNNAMED_KEPT);
                if is_over {
                    tracing::warn!(path = %file.display(), "a segment that was moved aside long ago is removed");
                    self.files().remove(&file);
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }
}

/// Also one whose name was taken when it was moved, and which has a number more.
fn is_segment(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("segment-") && name.ends_with(".parquet")
}

/// When a file got its name: a rename changes its status, and keeps when it was written.
#[cfg(unix)]
fn moved(file: &Path) -> Option<Timestamp> {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().ok().map(|file| Timestamp::from_seconds(file.ctime()))
}

/// Elsewhere nothing tells it, and the file stays.
#[cfg(not(unix))]
fn moved(_: &Path) -> Option<Timestamp> {
    None
}
