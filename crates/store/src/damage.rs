//! Damage: segments whose files are not what was written, or not there.
//!
//! Hides: when files are looked at, and how far that is.
//! Knows nothing of: the chain, which proves more and needs the server stopped: `verify.rs`.
//!
//! A damaged segment is not merged and not answered from, and stays named: whoever puts the right file back in its
//! place has its rows again.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use flow::{TimeRange, Timestamp};

use crate::catalog::lock;
use crate::catalog::segment::all_segments;
use crate::digest::Digest;
use crate::error::StoreError;
use crate::snapshot::Segment;
use crate::store::Store;
use crate::verify::Fault;

/// The most bytes that one call of `examine_next` reads, about a second's work, unless one file has more.
const EXAMINED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How long after all segments were looked at the next round begins. Unit: ms.
const ROUND_MS: i64 = 24 * 3600 * 1000;

/// A segment that cannot be answered from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}: its {rows} records begin between {} and {} ms", .range.from.millis(), .range.to.millis())]
pub struct Damage {
    /// Which segment.
    pub segment: i64,
    /// From the earliest moment of one of its rows to just after the latest.
    pub range: TimeRange,
    /// How many rows it held.
    pub rows: u64,
    /// What is wrong with its file.
    pub fault: Fault,
}

/// What is known of damage.
#[derive(Debug, Default)]
pub(crate) struct Damages {
    found: Mutex<BTreeMap<i64, Damage>>,
    round: Mutex<Round>,
}

/// How far a look at all segments is.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    /// The last one that was looked at.
    last: i64,
    /// When the round before ended.
    ended: Option<Timestamp>,
}

impl Damages {
    pub(crate) fn note(&self, segment: &Segment, fault: Fault) {
        let damage = Damage { segment: segment.id(), range: segment.range(), rows: segment.rows(), fault };
        let new = lock(&self.found).insert(segment.id(), damage.clone()) != Some(damage.clone());
        if new {
            tracing::error!(%damage, "a segment is damaged: put its file back from a back-up");
        }
    }

    /// Forgets about a segment that is whole, or named no more.
    pub(crate) fn forget(&self, id: i64) {
        lock(&self.found).remove(&id);
    }

    pub(crate) fn is_damaged(&self, id: i64) -> bool {
        lock(&self.found).contains_key(&id)
    }
}

impl Store {
    /// The damage that is known, by segment.
    pub fn damages(&self) -> Vec<Damage> {
        lock(&self.live().damages().found).values().cloned().collect()
    }

    /// Looks whether the files of these segments are what was written; returns what is not.
    pub fn examine(&self, segments: &[Arc<Segment>]) -> Vec<Damage> {
        let damages = self.live().damages();
        for segment in segments {
            match fault_of(segment) {
                Some(fault) => damages.note(segment, fault),
                None => damages.forget(segment.id()),
            }
        }
        let found = lock(&damages.found);
        segments.iter().filter_map(|segment| found.get(&segment.id()).cloned()).collect()
    }

    /// Looks at the next segments of a round through all of them, a bounded amount of work; a round begins when the
    /// folder was opened, and a day after the last one. Says whether more of the round is left.
    ///
    /// # Errors
    /// The catalog's.
    #[tracing::instrument(name = "store.examine", skip_all)]
    pub fn examine_next(&self, now: Timestamp) -> Result<bool, StoreError> {
        let damages = self.live().damages();
        let Round { last, ended } = *lock(&damages.round);
        if last == 0 && ended.is_some_and(|ended| now.millis() < ended.millis().saturating_add(ROUND_MS)) {
            return Ok(false);
        }
        let mut rows = self.catalog().read(all_segments)?;
        let named: HashSet<i64> = rows.iter().map(|row| row.id).collect();
        lock(&damages.found).retain(|id, _| named.contains(id));
        rows.retain(|row| row.id > last);
        rows.sort_by_key(|row| row.id);
        let mut bytes = 0;
        let taken = rows.iter().take_while(|row| {
            let fits = bytes < EXAMINED_BYTES_MAX;
            bytes += row.bytes;
            fits
        });
        let taken = taken.count();
        let left = rows.split_off(taken);
        for row in &rows {
            // Taken away meanwhile: nothing to look at.
            let Some(segments) = self.hold(std::slice::from_ref(row))? else { continue };
            self.examine(&segments);
            self.counters().segments_examined.add(1);
        }
        let more = !left.is_empty();
        *lock(&damages.round) = match rows.last() {
            Some(row) if more => Round { last: row.id, ended },
            Some(_) | None => Round { last: 0, ended: Some(now) },
        };
        Ok(more)
    }
}

/// What is wrong with the file of a segment.
pub(crate) fn fault_of(segment: &Segment) -> Option<Fault> {
    fault_at_first_sight(segment).or_else(|| {
        let path = segment.path().to_owned();
        match Digest::of_file(&path) {
            Ok(found) if segment.digest().is_some_and(|written| found != written) => {
                Some(Fault::Altered { path })
            }
            Ok(_) => None,
            Err(error) => Some(Fault::of_reading(path, &error)),
        }
    })
}

/// The same without reading the file: whether it is there, as long as it was.
pub(crate) fn fault_at_first_sight(segment: &Segment) -> Option<Fault> {
    let path = segment.path().to_owned();
    match path.metadata() {
        Ok(file) => (file.len() != segment.bytes()).then_some(Fault::Altered { path }),
        Err(error) => Some(Fault::of_reading(path, &error)),
    }
}
