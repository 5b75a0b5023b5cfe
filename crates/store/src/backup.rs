//! Back-up of a data folder, also while a server uses it, and the way back.
//!
//! Hides: how a moment of the catalog is held, and that segments may go while they are copied.
//! Knows nothing of: files that are not the store's.
//!
//! A back-up is itself a data folder. Its catalog changes last, in one step, so it is whole at every moment: what was
//! there before, or what is there now.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::catalog::segment::{SegmentRow, all_segments};
use crate::catalog::{BUSY_PATIENCE, CATALOG_VERSION, FIRST_VERSION_WITH_CHAINS, migrate, version};
use crate::digest::{Digest, HashedFile};
use crate::disk::RealDisk;
use crate::error::StoreError;
use crate::snapshot::segment_path;
use crate::store::{create_private_folder, entries, lock_folder, segment_id, sync_folder, topic_folders};

/// Stands in back-ups, so that none is written over what lives. A store that opens the folder removes it.
const MARK: &str = "backup";

const CATALOG: &str = "catalog.sqlite";

/// What a back-up holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backup {
    /// Segments.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Those that were copied; the others were there from the back-up before.
    pub copied: u64,
    /// Unit: bytes of those that were copied.
    pub bytes: u64,
    /// Segments of the back-up before that nothing names any more.
    pub removed: u64,
    /// Files that are not as they were stored. They are not in the back-up, everything else is.
    pub faulty: BTreeSet<PathBuf>,
}

/// Copies the data folder `from` to `to`: a new or empty folder, or an earlier back-up, of which only what is new is
/// copied. A server may use `from` meanwhile; the back-up is what it had acknowledged at one moment after the call.
///
/// # Errors
/// `NoStore` when `from` is no data folder, `NotABackup` when `to` holds something else, `Locked` while another back-up is written there, `NewerFormat`, and what
/// the machine says. What `to` held stays usable.
#[tracing::instrument(name = "store.back_up", skip_all, fields(from = %from.display(), to = %to.display()))]
pub fn back_up(from: &Path, to: &Path) -> Result<Backup, StoreError> {
    let source = open_catalog(from)?;
    create_private_folder(to)?;
    let mark = to.join(MARK);
    if !mark.is_file() && !entries(to)?.is_empty() {
        return Err(StoreError::NotABackup { path: to.into() });
    }
    File::create(&mark).map_err(StoreError::io("create", &mark))?;
    let _lock = lock_folder(to)?;
    copy(&source, (from, to), held(to)?)
}

/// Copies the back-up `from` to `to`, a new or empty folder, where a server then finds what was backed up.
///
/// # Errors
/// `Occupied` when `to` holds anything, `Locked` while `from` is written or used, and those of `back_up`.
#[tracing::instrument(name = "store.restore", skip_all, fields(from = %from.display(), to = %to.display()))]
pub fn restore(from: &Path, to: &Path) -> Result<Backup, StoreError> {
    let source = open_catalog(from)?;
    let _from_lock = lock_folder(from)?;
    create_private_folder(to)?;
    if !entries(to)?.is_empty() {
        return Err(StoreError::Occupied { path: to.into() });
    }
    let _lock = lock_folder(to)?;
    copy(&source, (from, to), HashMap::new())
}

/// Makes a back-up a data folder like any other.
pub(crate) fn unmark(folder: &Path) -> Result<(), StoreError> {
    remove_if_there(&folder.join(MARK))
}

/// Copies until all segments of one moment's catalog are there, then puts that catalog in its place.
fn copy(
    source: &Connection,
    (from, to): (&Path, &Path),
    mut there: HashMap<i64, Digest>,
) -> Result<Backup, StoreError> {
    let new = to.join("catalog.sqlite.new");
    let mut done = Backup::default();
    let mut missing = HashSet::new();
    loop {
        let rows = copy_catalog(source, &new)?;
        let missing_now = copy_segments(&rows, (from, to), &mut there, &mut done)?;
        // A segment may have been merged or have expired since its catalog was copied: the next one does not name it.
        // What is missing twice is missing.
        if !missing_now.is_subset(&missing) {
            missing = missing_now;
            continue;
        }
        done.faulty.extend(missing_now);
        put_in_place(to, &new)?;
        done.removed = remove_others(to, &rows)?;
        done.segments = rows.len() as u64;
        done.rows = rows.iter().map(|row| row.rows).sum();
        return Ok(done);
    }
}

/// The segments that an earlier back-up holds; none, if its catalog is so old that it has no digests.
fn held(folder: &Path) -> Result<HashMap<i64, Digest>, StoreError> {
    if !folder.join(CATALOG).is_file() {
        return Ok(HashMap::new());
    }
    let catalog = open_catalog(folder)?;
    if version(&catalog)? < FIRST_VERSION_WITH_CHAINS {
        return Ok(HashMap::new());
    }
    Ok(all_segments(&catalog)?.into_iter().filter_map(|row| Some((row.id, row.digest?))).collect())
}

/// Writes one moment of the catalog to `new`; returns the segments that it names.
fn copy_catalog(source: &Connection, new: &Path) -> Result<Vec<SegmentRow>, StoreError> {
    remove_if_there(new)?;
    source.execute("VACUUM INTO ?1", [new.to_string_lossy()])?;
    let mut copy = Connection::open(new)?;
    let found = version(&copy)?;
    migrate(&mut copy, found)?;
    all_segments(&copy)
}

/// Copies what is not there; returns the files that are gone.
fn copy_segments(
    rows: &[SegmentRow],
    (from, to): (&Path, &Path),
    there: &mut HashMap<i64, Digest>,
    done: &mut Backup,
) -> Result<HashSet<PathBuf>, StoreError> {
    let mut missing = HashSet::new();
    for row in rows {
        let (source, target) = (path_of(from, row), path_of(to, row));
        let is_there = row.digest.is_some() && there.get(&row.id).copied() == row.digest;
        if is_there && target.metadata().is_ok_and(|file| file.len() == row.bytes) {
            continue;
        }
        match copy_segment(&source, &target) {
            Ok(digest) if row.digest.is_none_or(|stored| stored == digest) => {
                there.insert(row.id, digest);
                done.copied += 1;
                done.bytes += row.bytes;
            }
            Ok(_) => {
                std::fs::remove_file(&target).map_err(StoreError::io("remove", &target))?;
                done.faulty.insert(source);
            }
            Err(StoreError::Io { path, source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                missing.insert(path);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// Copies a file, durably; returns the digest of what was read.
fn copy_segment(source: &Path, target: &Path) -> Result<Digest, StoreError> {
    let mut reading = File::open(source).map_err(StoreError::io("read", source))?;
    let folder = target.parent().unwrap_or(target);
    std::fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
    let writing = File::create(target).map_err(StoreError::io("create", target))?;
    let mut writing = HashedFile::new(writing);
    io::copy(&mut reading, &mut writing).map_err(StoreError::io("copy", source))?;
    let (file, digest) = writing.finish();
    file.sync_all().map_err(StoreError::io("flush", target))?;
    Ok(digest)
}

/// Makes the new catalog the one of the folder, after everything that it names is durable.
fn put_in_place(to: &Path, new: &Path) -> Result<(), StoreError> {
    let segments = to.join("segments");
    std::fs::create_dir_all(&segments).map_err(StoreError::io("create", &segments))?;
    for folder in topic_folders(&RealDisk, &segments)? {
        sync_folder(&RealDisk, &folder)?;
    }
    File::open(new).and_then(|file| file.sync_all()).map_err(StoreError::io("flush", new))?;
    std::fs::rename(new, to.join(CATALOG)).map_err(StoreError::io("rename", new))?;
    sync_folder(&RealDisk, to)
}

/// Removes the files of segments that the catalog does not name; returns how many.
fn remove_others(to: &Path, rows: &[SegmentRow]) -> Result<u64, StoreError> {
    let wanted: HashSet<PathBuf> = rows.iter().map(|row| path_of(to, row)).collect();
    let mut removed = 0;
    for folder in topic_folders(&RealDisk, &to.join("segments"))? {
        let is_other = |file: &PathBuf| segment_id(file).is_some() && !wanted.contains(file);
        for file in entries(&folder)?.into_iter().filter(is_other) {
            std::fs::remove_file(&file).map_err(StoreError::io("remove", &file))?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn path_of(folder: &Path, row: &SegmentRow) -> PathBuf {
    segment_path(&folder.join("segments"), &row.owner, &row.topic, row.id)
}

fn open_catalog(folder: &Path) -> Result<Connection, StoreError> {
    let path = folder.join(CATALOG);
    if !path.try_exists().map_err(StoreError::io("read", &path))? {
        return Err(StoreError::NoStore { path: folder.to_owned() });
    }
    let catalog = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    catalog.busy_timeout(BUSY_PATIENCE)?;
    let found = version(&catalog)?;
    if found > CATALOG_VERSION {
        return Err(StoreError::NewerFormat { path, found, known: CATALOG_VERSION });
    }
    Ok(catalog)
}

fn remove_if_there(file: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io("remove", file)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
