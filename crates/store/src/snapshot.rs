//! Snapshots: the segments that one query sees, and how long their files live.
//!
//! Hides: that a file which nothing names any more is removed when its last snapshot is dropped.
//! Knows nothing of: what the files hold.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use flow::{TimeRange, TopicId};

use crate::catalog::lock;
use crate::catalog::owner::Owner;
use crate::catalog::segment::{SegmentRow, are_named, segments_of};
use crate::counters::Counters;
use crate::damage::Damages;
use crate::digest::Digest;
use crate::disk::Files;
use crate::error::StoreError;
use crate::store::Store;

/// The segments that one query sees. Their files exist until it is dropped, whatever happens to the topic.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Newest first, by their latest moment.
    pub segments: Vec<Arc<Segment>>,
}

/// An immutable file of rows of one topic.
#[derive(Debug)]
pub struct Segment {
    id: i64,
    path: PathBuf,
    version: i64,
    digest: Option<Digest>,
    rows: u64,
    bytes: u64,
    range: TimeRange,
    condemned: AtomicBool,
    files: Arc<Files>,
}

impl Segment {
    /// Names the segment in its data folder; never used again for another.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The Parquet file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which columns it has, in which order of rows.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// What its file must have.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// How many rows it holds.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How large the file is. Unit: bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// From the earliest moment of a row to just after the latest.
    pub fn range(&self) -> TimeRange {
        self.range
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.condemned.load(Ordering::Acquire) {
            self.files.remove(&self.path);
        }
    }
}

impl Store {
    /// The segments of a topic that may hold rows of `range`. Fails with `NotFound` for an unknown topic.
    pub fn snapshot(&self, owner: &Owner, topic: &TopicId, range: TimeRange) -> Result<Snapshot, StoreError> {
        self.topic(owner, topic)?;
        // Held while reading: between reading a name and taking hold of its file, nobody may condemn it.
        let mut held = lock(&self.live().held);
        let rows = self.catalog().read(|connection| segments_of(connection, (owner, topic), range))?;
        let segments = rows.iter().map(|row| self.live().hold(&mut held, row)).collect();
        Ok(Snapshot { segments })
    }

    /// Takes hold of these segments; `None` when the catalog does not name all of them any more.
    pub(crate) fn hold(&self, wanted: &[SegmentRow]) -> Result<Option<Vec<Arc<Segment>>>, StoreError> {
        let mut held = lock(&self.live().held);
        let all_named = self.catalog().read(|connection| are_named(connection, wanted))?;
        Ok(all_named.then(|| wanted.iter().map(|row| self.live().hold(&mut held, row)).collect()))
    }
}

/// The segments that somebody holds.
#[derive(Debug)]
pub(crate) struct Live {
    folder: PathBuf,
    held: Mutex<HashMap<i64, Weak<Segment>>>,
    /// Entries of segments that were dropped are removed when there are so many; keeps the effort even.
    held_before_tidying: AtomicUsize,
    counters: Arc<Counters>,
    files: Arc<Files>,
    damages: Damages,
}

impl Live {
    /// Segments stand in `folder`, one folder for each account, region and topic.
    pub(crate) fn new(folder: PathBuf, files: Arc<Files>, counters: Arc<Counters>) -> Self {
        let held_before_tidying = AtomicUsize::new(64);
        Self {
            folder,
            held: Mutex::default(),
            held_before_tidying,
            counters,
            files,
            damages: Damages::default(),
        }
    }

    pub(crate) fn damages(&self) -> &Damages {
        &self.damages
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the file of a segment stands.
    pub(crate) fn path(&self, owner: &Owner, topic: &TopicId, id: i64) -> PathBuf {
        segment_path(&self.folder, owner, topic, id)
    }

    /// Takes hold of a segment that is about to be read; the catalog must name it until `held` is unlocked.
    fn hold(&self, held: &mut HashMap<i64, Weak<Segment>>, row: &SegmentRow) -> Arc<Segment> {
        if let Some(segment) = held.get(&row.id).and_then(Weak::upgrade) {
            return segment;
        }
        let segment = Arc::new(Segment {
            id: row.id,
            path: self.path(&row.owner, &row.topic, row.id),
            version: row.version,
            digest: row.digest,
            rows: row.rows,
            bytes: row.bytes,
            range: TimeRange {
                from: *row.moments.start(),
                to: row.moments.end().plus(Duration::from_millis(1)),
            },
            condemned: AtomicBool::new(false),
            files: Arc::clone(&self.files),
        });
        if held.len() >= self.held_before_tidying.load(Ordering::Relaxed) {
            held.retain(|_, segment| segment.strong_count() > 0);
            self.held_before_tidying.store(held.len() * 2 + 64, Ordering::Relaxed);
        }
        held.insert(row.id, Arc::downgrade(&segment));
        segment
    }

    /// Counts a segment that the catalog names from now on.
    pub(crate) fn count(&self, segment: &SegmentRow) {
        self.counters.segments.add(1);
        self.counters.rows.add(segment.rows);
        self.counters.bytes.add(segment.bytes);
    }

    /// Lets the files of segments go that the catalog names no more: at once, or when their last holder drops them.
    pub(crate) fn condemn(&self, segments: &[SegmentRow]) {
        let mut held = lock(&self.held);
        for row in segments {
            match held.remove(&row.id).and_then(|segment| segment.upgrade()) {
                Some(segment) => segment.condemned.store(true, Ordering::Release),
                None => self.files.remove(&self.path(&row.owner, &row.topic, row.id)),
            }
            self.damages.forget(row.id);
            self.counters.segments.take(1);
            self.counters.rows.take(row.rows);
            self.counters.bytes.take(row.bytes);
        }
    }
}

/// Where the file of a segment stands in the folder of all.
pub(crate) fn segment_path(segments: &Path, owner: &Owner, topic: &TopicId, id: i64) -> PathBuf {
    let mut path = segments.join(owner.account.as_str());
    path.extend([owner.region.as_str(), topic.as_str(), &file_name(id)]);
    path
}

/// The file name of a segment.
fn file_name(id: i64) -> String {
    format!("segment-{id:010}.parquet")
}

/// The id of the segment that a file name stands for, also while it is being written; `None` for other files.
pub(crate) fn id_in_file_name(name: &str) -> Option<i64> {
    let whole = name.strip_suffix(".new").unwrap_or(name);
    let digits = whole.strip_prefix("segment-")?.strip_suffix(".parquet")?;
    let id = digits.parse().ok()?;
    (file_name(id) == whole).then_some(id)
}
