//! The store: one data folder, opened by one process at a time.
//!
//! Hides: the folder's layout, its lock, what a crash left behind.
//! Knows nothing of: resources and rows; those have files of their own.
//!
//! ```text
//! <folder>/lock                                                      held while the folder is open
//! <folder>/chain-key                                                 signs what happens to segments
//! <folder>/catalog.sqlite                                            names everything
//! <folder>/segments/<account>/<region>/<topic>/segment-<id>.parquet  rows
//! <folder>/unnamed/<account>/<region>/<topic>/segment-<id>.parquet   rows that the catalog does not know of
//! ```

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::backup::unmark;
use crate::catalog::chain::{Deed, Happening, link};
use crate::catalog::segment::{SegmentRow, all_segments, note_digest};
use crate::catalog::{Catalog, Sequence, lock, sequence};
use crate::counters::{Counters, Metrics};
use crate::damage::fault_at_first_sight;
use crate::digest::Digest;
use crate::disk::{Disk, Files, RealDisk};
use crate::error::StoreError;
use crate::signer::Signer;
use crate::snapshot::{Live, id_in_file_name};
use crate::trouble::Trouble;
use crate::usage::Meter;

/// One data folder. Blocks while it works; any number of threads may share it.
#[derive(Debug)]
pub struct Store {
    catalog: Catalog,
    live: Live,
    files: Arc<Files>,
    trouble: Mutex<Option<Trouble>>,
    counters: Arc<Counters>,
    meter: Meter,
    signer: Signer,
    unnamed: PathBuf,
    newest_segment: AtomicI64,
    writer: Mutex<Writer>,
    merging: Mutex<()>,
    merging_stopped: AtomicBool,
    // Closed last: the folder is free when everything else is at rest.
    _lock: File,
}

/// What the holder of the right to write has to know.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// Files whose transaction failed. Whether it reached the disk all the same, and would come back after a crash,
    /// is certain only when the next one has been written in its place.
    doubtful: Vec<PathBuf>,
}

impl Writer {
    /// Keeps a file whose transaction failed.
    pub(crate) fn doubt(&mut self, segment: PathBuf) {
        self.doubtful.push(segment);
    }

    /// Removes such files after a transaction that did not fail.
    pub(crate) fn settle_doubts(&mut self, files: &Files) {
        for segment in self.doubtful.drain(..) {
            files.remove(&segment);
        }
    }
}

impl Store {
    /// Opens the data folder, creates it when absent, migrates it when older, removes what a crash left behind.
    ///
    /// # Errors
    /// `Locked` while another process has it open, `NewerFormat` when a newer program wrote it; `Io` and `Catalog`
    /// pass on what the machine says.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(RealDisk), folder)
    }

    /// Opens the data folder as `open` does; `disk` does what is done to files of segments.
    ///
    /// # Errors
    /// Those of `open`.
    #[tracing::instrument(name = "store.open", skip_all, fields(folder = %folder.display()))]
    pub fn open_on(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, StoreError> {
        create_private_folder(folder)?;
        let lock = lock_folder(folder)?;
        unmark(folder)?;
        let signer = Signer::open(folder)?;
        let counters = Arc::new(Counters::default());
        let catalog = Catalog::open(&folder.join("catalog.sqlite"), Arc::clone(&counters))?;
        let segments = folder.join("segments");
        create_folder(&*disk, &segments)?;
        sync_folder(&*disk, folder)?;
        let files = Arc::new(Files::new(disk));
        let newest_segment = catalog.read(|connection| Ok(sequence(connection, Sequence::Segment)?))?;
        let store = Self {
            catalog,
            live: Live::new(segments, Arc::clone(&files), Arc::clone(&counters)),
            files,
            trouble: Mutex::default(),
            counters,
            meter: Meter::default(),
            signer,
            unnamed: folder.join("unnamed"),
            newest_segment: AtomicI64::new(newest_segment),
            writer: Mutex::default(),
            merging: Mutex::new(()),
            merging_stopped: AtomicBool::new(false),
            _lock: lock,
        };
        store.sweep(newest_segment)?;
        store.adopt()?;
        Ok(store)
    }

    /// The store's numbers now.
    pub fn metrics(&self) -> Metrics {
        self.counters.metrics()
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    /// Where segments stand that the catalog does not know of.
    pub(crate) fn unnamed(&self) -> &Path {
        &self.unnamed
    }

    pub(crate) fn files(&self) -> &Arc<Files> {
        &self.files
    }

    pub(crate) fn last_trouble(&self) -> &Mutex<Option<Trouble>> {
        &self.trouble
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What signs the links of chains.
    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What topics take.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The right to store rows into topics, and to take topics away.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        lock(&self.writer)
    }

    /// The right to merge segments.
    pub(crate) fn merging(&self) -> MutexGuard<'_, ()> {
        lock(&self.merging)
    }

    /// Whether merges shall give up.
    pub(crate) fn merging_is_stopped(&self) -> bool {
        self.merging_stopped.load(Ordering::Relaxed)
    }

    /// Makes a merge that runs give up within a few thousand rows, and later calls of `compact` do nothing; an erasure stops likewise: for a
    /// process that is about to end. Nothing is lost; the segments stay as they are.
    pub fn stop_merging(&self) {
        self.merging_stopped.store(true, Ordering::Relaxed);
    }

    /// An id for a new segment. One that is not named before a crash is given again after it, to another file.
    pub(crate) fn next_segment(&self) -> i64 {
        self.newest_segment.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Flushes the entries of a folder, so that its files are found after a loss of power.
    pub(crate) fn sync_folder(&self, folder: &Path) -> Result<(), StoreError> {
        self.counters.syncs.add(1);
        sync_folder(self.files.disk(), folder)
    }

    /// Creates the folder of a segment with those above it, each of them durable.
    pub(crate) fn create_folder_of(&self, segment: &Path) -> Result<(), StoreError> {
        let topic = segment.parent().expect("a segment stands in the folder of its topic");
        if topic.is_dir() {
            return Ok(());
        }
        let mut folder = self.live.folder().to_owned();
        for part in topic.strip_prefix(self.live.folder()).expect("topics stand in the folder of segments") {
            let above = folder.clone();
            folder.push(part);
            create_folder(self.files.disk(), &folder)?;
            self.sync_folder(&above)?;
        }
        Ok(())
    }

    /// Removes segment files that the catalog names no more, or that were not finished: a crash came between
    /// forgetting and removing them, or while they were written. Touches nothing that does not carry the name of a
    /// segment.
    ///
    /// The catalog has never heard of finished files whose id is above `newest_named`. A crash came between writing
    /// and naming them, or an older catalog was put in its place, which would lose them all: they are moved aside.
    fn sweep(&self, newest_named: i64) -> Result<(), StoreError> {
        let named = self.catalog.read(all_segments)?;
        let path = |row: &SegmentRow| self.live.path(&row.owner, &row.topic, row.id);
        let wanted: HashSet<PathBuf> = named.iter().map(path).collect();
        for folder in topic_folders(self.files.disk(), self.live.folder())? {
            for file in entries(&folder)? {
                if let Some(id) = segment_id(&file).filter(|_| !wanted.contains(&file)) {
                    let finished = file.extension().is_some_and(|extension| extension == "parquet");
                    if finished && id > newest_named {
                        self.move_aside(&file)?;
                    } else {
                        self.files.disk().remove(&file).map_err(StoreError::io("remove", &file))?;
                        self.counters.files_swept.add(1);
                    }
                }
            }
        }
        for row in &named {
            self.live.count(row);
        }
        self.note_damage(&named)
    }

    /// Notes which files are missing, or too long or too short; `examine_next` finds the rest.
    fn note_damage(&self, named: &[SegmentRow]) -> Result<(), StoreError> {
        let Some(segments) = self.hold(named)? else { return Ok(()) };
        for segment in segments {
            if let Some(fault) = fault_at_first_sight(&segment) {
                self.live.damages().note(&segment, fault);
            }
        }
        Ok(())
    }

    /// Gives chains to segments that were named when catalogs had none: seals what their files hold now.
    fn adopt(&self) -> Result<(), StoreError> {
        let named = self.catalog.read(all_segments)?;
        for mut row in named.into_iter().filter(|row| row.digest.is_none()) {
            let path = self.live.path(&row.owner, &row.topic, row.id);
            let digest = match Digest::of_file(&path) {
                // The sweep has told that it is missing; the link says that it should be there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Digest::NOTHING,
                digest => digest.map_err(StoreError::io("read", &path))?,
            };
            row.digest = Some(digest);
            self.catalog.transact(|transaction| {
                note_digest(transaction, row.id, digest)?;
                let adopted = Happening::new(Deed::Adopt, row.created, &self.signer);
                link(transaction, (&row.owner, &row.topic), &adopted, &[&row], &[])
            })?;
        }
        Ok(())
    }

    /// Moves a segment to where people can look at it, and never onto another one: ids are given again.
    fn move_aside(&self, file: &Path) -> Result<(), StoreError> {
        let place = file.strip_prefix(self.live.folder()).expect("segments stand in their folder");
        let mut aside = self.unnamed.join(place);
        let folder = aside.parent().expect("a segment stands in the folder of its topic").to_owned();
        std::fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
        for more in 1.. {
            if !aside.exists() {
                break;
            }
            aside = self.unnamed.join(place).with_extension(format!("{more}.parquet"));
        }
        self.files.disk().rename(file, &aside).map_err(StoreError::io("move", file))?;
        self.sync_folder(&folder)?;
        self.counters.files_moved_aside.add(1);
        tracing::warn!(path = %aside.display(), "the catalog does not know of a segment: it is moved aside");
        Ok(())
    }
}

/// The id of the segment whose name a file carries.
pub(crate) fn segment_id(file: &Path) -> Option<i64> {
    file.file_name().and_then(|name| name.to_str()).and_then(id_in_file_name)
}

pub(crate) fn lock_folder(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(StoreError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Io { deed: "lock", path, source }),
    }
}

/// Creates the data folder for its owner's eyes alone: records tell who talked to whom.
pub(crate) fn create_private_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StoreError::io("create", folder))
}

fn create_folder(disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
    match disk.create_folder(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::io("create", folder)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(crate) fn sync_folder(disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
    disk.sync_folder(folder).map_err(StoreError::io("flush", folder))
}

/// Every folder three levels down: account, region, topic.
pub(crate) fn topic_folders(disk: &dyn Disk, segments: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut folders = vec![segments.to_owned()];
    for _level in ["account", "region", "topic"] {
        let mut below = Vec::new();
        for folder in folders {
            // A process may have died after it created what is below and before it flushed that.
            sync_folder(disk, &folder)?;
            below.extend(entries(&folder)?.into_iter().filter(|path| path.is_dir()));
        }
        folders = below;
    }
    Ok(folders)
}

pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(folder).map_err(StoreError::io("list", folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(StoreError::io("list", folder)));
    paths.collect()
}
