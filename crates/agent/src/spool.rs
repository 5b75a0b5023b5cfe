//! The durable spool: batches that wait for the server.
//!
//! Hides: the files and their names, what a crash or a power cut leaves behind, the limit.
//! Knows nothing of: how batches are made and sent, the network.
//!
//! Its promise: a batch that [`Spool::add`] took is on the disk with its id until the server has acknowledged it, or
//! has refused it for good. So a full spool takes no new batch rather than dropping an old one: what is promised
//! stays, and the caller, who still has the new records in hand, can tell exactly what is missing.
//!
//! A batch is one file, whose name tells what is in it: a mark, the SHA-256 of the rest, and the encoded batch. It is
//! written and made durable under another name first.

mod aside;
mod label;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flow::{Counters, LossCause, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::batching::EncodedBatch;
use crate::files::{Files, NEW_SUFFIX, read_if_there, replace};
use aside::{Aside, End, REASON_SUFFIX, mark};
use label::{BATCH_SUFFIX, Label};
pub(crate) use label::{Content, LostBatch};

/// The most bytes that spooled batches take on the disk, unless the settings say otherwise: 1 GiB.
///
/// At about 25 bytes a record that is some 40 million records, hours of a busy gateway.
pub const SPOOL_BYTES_MAX_DEFAULT: u64 = 1 << 30;

/// The most bytes that batches set aside take on the disk. Past it the oldest of them is removed.
pub const SET_ASIDE_BYTES_MAX: u64 = 64 << 20;

/// What a file takes on the disk is a multiple of this, on the usual file systems. Bounds the number of files, too.
const BLOCK_BYTES: u64 = 4096;

/// `NLSPOOL` and the version of the format.
const MAGIC: &[u8; 8] = b"NLSPOOL\x01";
const DIGEST_BYTES: usize = 32;

const CLOSED_UNTIL_FILE: &str = "closed-until.json";
const CLOSED_UNTIL_VERSION: u32 = 1;

/// Why something cannot be spooled.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// No room within the limit.
    #[error(
        "the spool is full: {bytes_more} bytes do not fit beside {bytes_used} of {bytes_max}; \
         is the server reachable? raise `spool_bytes_max` to bridge longer outages"
    )]
    Full {
        /// Bytes on the disk now.
        bytes_used: u64,
        /// Bytes that were to be added.
        bytes_more: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The disk refused.
    #[error("cannot {deed} `{path}`: is the disk full or broken?")]
    Disk {
        /// What was tried.
        deed: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A batch that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spooled {
    name: String,
    /// Bytes on the disk.
    bytes: u64,
    /// When its first record starts.
    pub(crate) first: Timestamp,
    content: Content,
}

/// What is in the file of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The encoded batch.
    Batch(Vec<u8>),
    /// Not what was written, or nothing that can be read.
    Torn,
    /// There is no such file any more.
    Gone,
}

/// Why a batch is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetAside {
    /// Its file is damaged.
    Torn,
    /// The server will never store it, and said why.
    Refused { reason: String },
}

/// The durable spool. One thread adds, one thread sends.
#[derive(Debug)]
pub(crate) struct Spool {
    files: Box<dyn Files>,
    bytes_max: u64,
    state: Mutex<State>,
    changed: Condvar,
    /// Whether the files belong to another run by now; locked while the sending thread changes them.
    abandoned: Mutex<bool>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Spooled>,
    bytes_used: u64,
    next_number: u64,
    aside: Aside,
    /// What will not arrive, since the last `take_lost`.
    lost: Vec<LostBatch>,
    noted: Option<Noted>,
    /// Nothing will be added any more.
    closed: bool,
}

/// How full a spool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fill {
    /// Batches that wait, and their bytes on the disk.
    pub(crate) batches: u64,
    pub(crate) bytes: u64,
    /// When the first record of the oldest of them begins.
    pub(crate) oldest: Option<Timestamp>,
    /// Batches set aside, and their bytes on the disk.
    pub(crate) aside_batches: u64,
    pub(crate) aside_bytes: u64,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Every window that ends at or before it is closed, and its batches were taken.
    pub(crate) closed_until: Timestamp,
    /// Why windows after it are not watched until the next run.
    pub(crate) gap: LossCause,
}

/// The file. Members are only added.
#[derive(Serialize, Deserialize)]
struct ClosedUntil {
    version: u32,
    closed_until_ms: i64,
    gap: Option<String>,
}

impl Spool {
    /// Opens the spool in the folder of `files` and finds what an earlier run left in it.
    pub(crate) fn open(files: Box<dyn Files>, bytes_max: u64) -> Result<Self, SpoolError> {
        let disk = |deed, name: &str, source| SpoolError::Disk { deed, path: files.path(name), source };
        let mut found = files.list().map_err(|source| disk("list", "", source))?;
        found.sort_unstable();
        let mut state = State::default();
        let mut marks = Vec::new();
        for (name, bytes) in found {
            if name.ends_with(NEW_SUFFIX) {
                // Never promised: its window is not noted as closed either.
                files.remove(&name).map_err(|source| disk("remove", &name, source))?;
            } else if aside::is_mark(&name) {
                marks.push(name);
            } else if name.ends_with(BATCH_SUFFIX) {
                let Label { number, first, content } = Label::read(&name).unwrap_or_else(Label::illegible);
                state.next_number = state.next_number.max(number + 1);
                state.bytes_used += on_disk(bytes);
                state.waiting.push_back(Spooled { name, bytes: on_disk(bytes), first, content });
            } else {
                state.aside.knows(&name, bytes);
            }
        }
        let waiting: BTreeSet<&str> = state.waiting.iter().map(|spooled| spooled.name.as_str()).collect();
        let (untold, swept) = aside::untold(marks, &waiting, &*files);
        swept.map_err(|source| disk("remove a mark in", "", source))?;
        state.lost = untold;
        let noted = read_if_there(&*files, CLOSED_UNTIL_FILE)
            .map_err(|source| disk("read", CLOSED_UNTIL_FILE, source))?;
        // A note that cannot be understood is as good as none: the record then begins anew.
        state.noted = noted
            .and_then(|text| serde_json::from_slice::<ClosedUntil>(&text).ok())
            .and_then(ClosedUntil::understood);
        Ok(Self {
            files,
            bytes_max,
            state: Mutex::new(state),
            changed: Condvar::new(),
            abandoned: Mutex::default(),
        })
    }

    /// Takes all batches or none; on return they are durable, in this order behind those that wait.
    pub(crate) fn add(&self, batches: &[EncodedBatch]) -> Result<(), SpoolError> {
        let header = (MAGIC.len() + DIGEST_BYTES) as u64;
        let bytes_more: u64 = batches.iter().map(|batch| on_disk(header + batch.bytes.len() as u64)).sum();
        let (bytes_used, first_number) = {
            let state = self.state();
            (state.bytes_used, state.next_number)
        };
        if bytes_used.saturating_add(bytes_more) > self.bytes_max {
            return Err(SpoolError::Full { bytes_used, bytes_more, bytes_max: self.bytes_max });
        }
        let added: Vec<Spooled> = (first_number..)
            .zip(batches)
            .map(|(number, batch)| Spooled {
                name: label::name(number, batch),
                bytes: on_disk(header + batch.bytes.len() as u64),
                first: batch.first,
                content: batch.content.clone(),
            })
            .collect();
        if let Err(error) = self.write(&added, batches) {
            self.undo(&added);
            return Err(error);
        }
        let mut state = self.state();
        state.next_number = first_number + added.len() as u64;
        state.bytes_used += bytes_more;
        state.waiting.extend(added);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    fn write(&self, added: &[Spooled], batches: &[EncodedBatch]) -> Result<(), SpoolError> {
        let disk = |deed, name: &str, source| SpoolError::Disk { deed, path: self.files.path(name), source };
        for (spooled, batch) in added.iter().zip(batches) {
            let new = format!("{}{NEW_SUFFIX}", spooled.name);
            self.files.write(&new, &sealed(&batch.bytes)).map_err(|source| disk("write", &new, source))?;
        }
        for Spooled { name, .. } in added {
            let new = format!("{name}{NEW_SUFFIX}");
            self.files.rename(&new, name).map_err(|source| disk("rename", &new, source))?;
        }
        if added.is_empty() { Ok(()) } else { self.files.sync().map_err(|source| disk("sync", "", source)) }
    }

    /// Removes what a failed `add` left. What cannot be removed is found at the next start, and sent or removed then.
    fn undo(&self, added: &[Spooled]) {
        for Spooled { name, .. } in added {
            for name in [format!("{name}{NEW_SUFFIX}"), name.clone()] {
                if let Err(error) = self.files.remove(&name)
                    && error.kind() != io::ErrorKind::NotFound
                {
                    tracing::debug!(%name, %error, "a file of a failed write stays until the next start");
                }
            }
        }
        // Else a power cut could bring back batches whose packets are then reported as lost.
        if let Err(error) = self.files.sync() {
            tracing::debug!(%error, "the removal of a failed write may not be durable");
        }
    }

    /// The batch that has waited longest.
    pub(crate) fn oldest(&self) -> Option<Spooled> {
        self.state().waiting.front().cloned()
    }

    /// What is in the file of a batch.
    pub(crate) fn read(&self, spooled: &Spooled) -> Found {
        match self.files.read(&spooled.name) {
            Ok(file) => unsealed(file).map_or(Found::Torn, Found::Batch),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Gone,
            Err(error) => {
                tracing::error!(path = %self.files.path(&spooled.name).display(), %error, "cannot read a batch");
                Found::Torn
            }
        }
    }

    /// Does not wait for a batch any more whose file somebody removed: its records are lost.
    pub(crate) fn gone(&self, spooled: &Spooled) {
        let abandoned = self.abandoned();
        if *abandoned {
            return;
        }
        tracing::error!(path = %self.files.path(&spooled.name).display(), "somebody removed a batch that waited");
        if let Err(error) = self.mark_untold(spooled, End::Gone) {
            tracing::warn!(%error, "a restart may forget a batch that somebody removed");
        }
        self.forget(spooled);
        self.state().lose(spooled, End::Gone);
    }

    /// Removes a batch that the server stored.
    pub(crate) fn acknowledged(&self, spooled: &Spooled) {
        let abandoned = self.abandoned();
        if *abandoned {
            return;
        }
        if let Err(error) = self.files.remove(&spooled.name) {
            // It is sent again after the next start, and stored once all the same.
            tracing::warn!(path = %self.files.path(&spooled.name).display(), %error, "cannot remove a sent batch");
        }
        self.forget(spooled);
    }

    /// Sets a batch aside, so that it does not block the others; its file stays for people to look at.
    pub(crate) fn set_aside(&self, spooled: &Spooled, why: &SetAside) {
        let abandoned = self.abandoned();
        if *abandoned {
            return;
        }
        let (end, reason) = match why {
            SetAside::Torn => (End::Torn, None),
            SetAside::Refused { reason } => (End::Refused, Some(reason)),
        };
        let aside = format!("{}{}", spooled.name, end.suffix());
        let path = self.files.path(&aside);
        let moved = self
            .mark_untold(spooled, end)
            .and_then(|()| self.files.rename(&spooled.name, &aside))
            .and_then(|()| match reason {
                Some(reason) => self.files.write(&format!("{aside}{REASON_SUFFIX}"), reason.as_bytes()),
                None => Ok(()),
            });
        match moved {
            Ok(()) => tracing::error!(path = %path.display(), ?why, "a batch is set aside"),
            Err(error) => tracing::error!(path = %path.display(), ?why, %error, "cannot set a batch aside"),
        }
        self.forget(spooled);
        let mut state = self.state();
        state.lose(spooled, end);
        state.aside.keep(aside, spooled.bytes, &*self.files);
    }

    /// Makes it known to the next run that something is missing without the batch, if anything is.
    fn mark_untold(&self, spooled: &Spooled, end: End) -> io::Result<()> {
        if spooled.is_missed() { aside::write_mark(&*self.files, &mark(&spooled.name, end)) } else { Ok(()) }
    }

    fn forget(&self, spooled: &Spooled) {
        let mut state = self.state();
        let gone = state.waiting.pop_front();
        assert_eq!(gone.as_ref(), Some(spooled), "only the oldest batch is sent");
        state.bytes_used -= spooled.bytes;
    }

    /// The batches that will not arrive, since the last call; the first one also gives those that an earlier run did not tell.
    pub(crate) fn take_lost(&self) -> Vec<LostBatch> {
        std::mem::take(&mut self.state().lost)
    }

    /// Notes that batches which will not arrive are told of durably; `marks` are theirs.
    pub(crate) fn told(&self, marks: &[String]) {
        if !marks.is_empty() {
            aside::remove_marks(&*self.files, marks);
        }
    }

    /// How many batches wait, and their bytes on the disk.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        let state = self.state();
        (state.waiting.len() as u64, state.bytes_used)
    }

    /// How full it is.
    pub(crate) fn fill(&self) -> Fill {
        let state = self.state();
        let (aside_batches, aside_bytes) = state.aside.size();
        Fill {
            batches: state.waiting.len() as u64,
            bytes: state.bytes_used,
            oldest: state.waiting.front().map(|spooled| spooled.first),
            aside_batches,
            aside_bytes,
        }
    }

    /// What was noted last.
    pub(crate) fn noted(&self) -> Option<Noted> {
        self.state().noted
    }

    /// Notes, durably, how far this run came.
    pub(crate) fn note(&self, noted: Noted) -> Result<(), SpoolError> {
        let note = ClosedUntil {
            version: CLOSED_UNTIL_VERSION,
            closed_until_ms: noted.closed_until.millis(),
            gap: Some(noted.gap.as_str().to_owned()),
        };
        let path = || self.files.path(CLOSED_UNTIL_FILE);
        serde_json::to_vec(&note)
            .map_err(io::Error::other)
            .and_then(|text| replace(&*self.files, CLOSED_UNTIL_FILE, &text))
            .map_err(|source| SpoolError::Disk { deed: "write", path: path(), source })?;
        self.state().noted = Some(noted);
        Ok(())
    }

    /// Says that nothing will be added any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Leaves the files to another run: on return the sending thread changes none of them any more, even if an
    /// upload is still under way.
    pub(crate) fn abandon(&self) {
        *self.abandoned() = true;
    }

    /// Whether the files belong to another run by now.
    pub(crate) fn is_abandoned(&self) -> bool {
        *self.abandoned()
    }

    fn abandoned(&self) -> MutexGuard<'_, bool> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a batch waits or the spool is closed; returns whether it is closed.
    pub(crate) fn wait_for_batch(&self) -> bool {
        let nothing = |state: &mut State| state.waiting.is_empty() && !state.closed;
        self.changed.wait_while(self.state(), nothing).unwrap_or_else(PoisonError::into_inner).closed
    }

    /// Waits until the spool is closed, at most `patience`; returns whether it is closed.
    pub(crate) fn wait_for_close(&self, patience: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.state(), patience, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Remembers what is missing without a batch, if anything is.
    fn lose(&mut self, spooled: &Spooled, end: End) {
        if spooled.is_missed() {
            let Spooled { name, first, content, .. } = spooled;
            let (mark, content) = (mark(name, end), content.clone());
            self.lost.push(LostBatch { first: *first, content, cause: end.cause(), mark });
        }
    }
}

impl Spooled {
    /// Whether something is missing without the batch.
    fn is_missed(&self) -> bool {
        match &self.content {
            Content::Records { told, .. } => *told != Counters::default(),
            Content::Ledger => false,
            Content::Unknown => true,
        }
    }
}

impl ClosedUntil {
    fn understood(self) -> Option<Noted> {
        let known = LossCause::ALL.iter().copied().find(|cause| Some(cause.as_str()) == self.gap.as_deref());
        (self.version == CLOSED_UNTIL_VERSION).then(|| Noted {
            closed_until: Timestamp::from_millis(self.closed_until_ms),
            gap: known.unwrap_or(LossCause::AgentDown),
        })
    }
}

fn on_disk(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK_BYTES).max(1) * BLOCK_BYTES
}

fn sealed(batch: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(MAGIC.len() + DIGEST_BYTES + batch.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&Sha256::digest(batch));
    file.extend_from_slice(batch);
    file
}

/// The batch in a file; `None` when the file is not as it was written.
fn unsealed(file: Vec<u8>) -> Option<Vec<u8>> {
    let rest = file.strip_prefix(MAGIC)?;
    let (digest, batch) = rest.split_at_checked(DIGEST_BYTES)?;
    (Sha256::digest(batch).as_slice() == digest).then(|| batch.to_vec())
}

#[cfg(test)]
mod tests;
