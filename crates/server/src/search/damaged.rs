//! Questions that meet damaged segments: they fail and say what cannot be answered, or are answered without it.
//!
//! Hides: when files are looked at: those that are known to be damaged before, all of them after a failure.
//! Knows nothing of: how a segment is read.

use std::sync::Arc;

use engine::EngineError;
use flow::Timestamp;
use store::{Damage, Fault, Store};

use crate::failure::Failure;
use crate::http::{Asked, blocking};
use crate::search::Question;

/// The most damaged segments that a message names.
const NAMED_MAX: usize = 3;

/// What becomes of the records of damaged segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// They make the question fail.
    Refuses,
    /// The answer leaves them out, so far these.
    LeftOut(Vec<Damage>),
}

impl Damaged {
    /// As a request wants it.
    pub(crate) fn wanted(allow_partial: Option<bool>) -> Self {
        if allow_partial.unwrap_or(false) { Self::LeftOut(Vec::new()) } else { Self::Refuses }
    }
}

impl Question {
    /// Looks again at the segments that are known to be damaged. Waits for the disk.
    pub(crate) fn leave_out_known(&mut self, store: &Store) -> Result<(), Failure> {
        let known: Vec<i64> = store.damages().iter().map(|damage| damage.segment).collect();
        let mut segments = self.scope.snapshot.segments.clone();
        segments.retain(|segment| known.contains(&segment.id()));
        self.leave_out(store.examine(&segments))
    }

    /// How the question ended; `None` when segments turned out to be damaged and it is to be asked again without them.
    pub(crate) async fn ended<T>(
        &mut self,
        asked: &Asked,
        outcome: Result<T, EngineError>,
    ) -> Result<Option<T>, Failure> {
        let failed_reading = matches!(outcome, Err(EngineError::Failed(_)));
        if failed_reading {
            let (store, segments) = (Arc::clone(&asked.server.store), self.scope.snapshot.segments.clone());
            let found = blocking(move || Ok(store.examine(&segments))).await?;
            if !found.is_empty() {
                self.leave_out(found)?;
                return Ok(None);
            }
        }
        Ok(Some(self.listed.ended(outcome)?))
    }

    /// What the answer leaves out; `None` when nothing.
    pub(crate) fn left_out(&self) -> Option<Vec<api::LeftOut>> {
        match &self.damaged {
            Damaged::LeftOut(damages) if !damages.is_empty() => Some(damages.iter().map(shown).collect()),
            Damaged::LeftOut(_) | Damaged::Refuses => None,
        }
    }

    fn leave_out(&mut self, found: Vec<Damage>) -> Result<(), Failure> {
        if found.is_empty() {
            return Ok(());
        }
        match &mut self.damaged {
            Damaged::Refuses => Err(Failure::new("InternalError.SearchFailed", refusal(&found))),
            Damaged::LeftOut(left_out) => {
                let is_damaged = |id| found.iter().any(|damage| damage.segment == id);
                self.scope.snapshot.segments.retain(|segment| !is_damaged(segment.id()));
                left_out.extend(found);
                Ok(())
            }
        }
    }
}

fn refusal(found: &[Damage]) -> String {
    let named: Vec<String> = found.iter().take(NAMED_MAX).map(in_words).collect();
    let more = match found.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(", and {more} more segments are damaged"),
    };
    format!(
        "{}{more}: leave that time out, ask for the rest with AllowPartial, or put the files back from a back-up",
        named.join(", ")
    )
}

fn in_words(damage: &Damage) -> String {
    let shown = |at: Timestamp| jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    let Damage { segment, range, rows, fault } = damage;
    let what = match fault {
        Fault::Missing { .. } => "is missing",
        Fault::Unreadable { .. } => "cannot be read",
        Fault::Altered { .. } | Fault::Link { .. } | Fault::Signature { .. } | Fault::Catalog { .. } => {
            "is not what was written"
        }
    };
    format!(
        "segment {segment} {what}, with {rows} records between {} and {}",
        shown(range.from),
        shown(range.to)
    )
}

fn shown(damage: &Damage) -> api::LeftOut {
    let reason = match damage.fault {
        Fault::Missing { .. } => "Missing",
        Fault::Unreadable { .. } => "Unreadable",
        Fault::Altered { .. } | Fault::Link { .. } | Fault::Signature { .. } | Fault::Catalog { .. } => {
            "Altered"
        }
    };
    api::LeftOut {
        segment_id: damage.segment,
        from: damage.range.from.millis(),
        to: damage.range.to.millis(),
        records: damage.rows,
        reason: reason.to_owned(),
    }
}
