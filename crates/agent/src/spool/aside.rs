//! Batches set aside, and which of them nobody has been told of.
//!
//! Hides: the names of their files and of the marks beside them, their limit.
//! Knows nothing of: why a batch is set aside, how a loss is told.
//!
//! Beside a batch that will not arrive stands a mark, `<batch>.<why>.untold`, until it is told. It is durable before the
//! batch leaves its place, so that a crash in between tells of the batch twice at worst, and never forgets it.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use flow::LossCause;

use super::label::{Label, LostBatch};
use super::{SET_ASIDE_BYTES_MAX, on_disk};
use crate::files::Files;

pub(super) const REASON_SUFFIX: &str = ".reason";
const UNTOLD_SUFFIX: &str = ".untold";

/// What became of a batch that will not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Torn,
    Refused,
    /// Somebody removed its file.
    Gone,
}

impl End {
    const ALL: [Self; 3] = [Self::Torn, Self::Refused, Self::Gone];

    /// Ends the name of its file.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Torn => ".torn",
            Self::Refused => ".refused",
            Self::Gone => ".gone",
        }
    }

    pub(super) const fn cause(self) -> LossCause {
        match self {
            Self::Torn | Self::Gone => LossCause::BatchTorn,
            Self::Refused => LossCause::BatchRefused,
        }
    }

    /// How a batch of that name ended, and the name.
    fn read(name: &str) -> Option<(&str, Self)> {
        Self::ALL.into_iter().find_map(|end| Some((name.strip_suffix(end.suffix())?, end)))
    }
}

/// The batches set aside, oldest first.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// Their names and bytes on the disk.
    kept: VecDeque<(String, u64)>,
    bytes: u64,
}

impl Aside {
    /// Whether a file is a batch set aside, which is then known.
    pub(super) fn knows(&mut self, name: &str, bytes: u64) -> bool {
        let is_aside = End::read(name).is_some();
        if is_aside {
            self.add(name.to_owned(), on_disk(bytes));
        }
        is_aside
    }

    /// Adds a batch; those that go for it are removed.
    pub(super) fn keep(&mut self, name: String, bytes: u64, files: &dyn Files) {
        self.add(name, bytes);
        while self.bytes > SET_ASIDE_BYTES_MAX
            && let Some((oldest, bytes)) = self.kept.pop_front()
        {
            self.bytes -= bytes;
            let removed = files.remove(&oldest);
            tracing::warn!(path = %files.path(&oldest).display(), ?removed, "a batch set aside is removed for room");
            // Only refused batches have one.
            drop(files.remove(&format!("{oldest}{REASON_SUFFIX}")));
        }
    }

    /// How many there are, and their bytes on the disk.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.kept.len() as u64, self.bytes)
    }

    fn add(&mut self, name: String, bytes: u64) {
        self.bytes += bytes;
        self.kept.push_back((name, bytes));
    }
}

/// The mark of a batch that will not arrive.
pub(super) fn mark(batch: &str, end: End) -> String {
    format!("{batch}{}{UNTOLD_SUFFIX}", end.suffix())
}

/// Makes a mark durable.
pub(super) fn write_mark(files: &dyn Files, mark: &str) -> io::Result<()> {
    files.write(mark, b"")?;
    files.sync()
}

/// Removes the marks of what is told by now. What cannot be removed is told again after the next start.
pub(super) fn remove_marks(files: &dyn Files, marks: &[String]) {
    let removed: io::Result<()> = marks.iter().try_for_each(|mark| match files.remove(mark) {
        // Where none could be written there is none.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    });
    if let Err(error) = removed.and_then(|()| files.sync()) {
        tracing::warn!(%error, "after a restart, batches that will not arrive are told of once more");
    }
}

/// What an earlier run set aside and did not tell.
///
/// The mark of a batch that still waits says nothing: the run ended before the batch left its place.
pub(super) fn untold(
    marks: Vec<String>,
    waiting: &BTreeSet<&str>,
    files: &dyn Files,
) -> (Vec<LostBatch>, io::Result<()>) {
    let mut lost = Vec::new();
    let mut outcome = Ok(());
    let mut removed = false;
    for mark in marks {
        let read = mark.strip_suffix(UNTOLD_SUFFIX).and_then(End::read);
        match read {
            Some((batch, end)) if !waiting.contains(batch) => {
                let Label { first, content, .. } = Label::read(batch).unwrap_or_else(Label::illegible);
                lost.push(LostBatch { first, content, cause: end.cause(), mark });
            }
            _ => {
                removed = true;
                outcome = outcome.and(files.remove(&mark));
            }
        }
    }
    // Else a power cut could bring the mark back after the batch was stored.
    (lost, if removed { outcome.and_then(|()| files.sync()) } else { outcome })
}

pub(super) fn is_mark(name: &str) -> bool {
    name.ends_with(UNTOLD_SUFFIX)
}
