//! What `natlens ledger` says of each window.
//!
//! Hides: the program's arguments and its JSON.
//! Knows nothing of: whether it adds up.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::stand::StandError;
use crate::stand::clock::{now, wait_until};
use crate::stand::deployment::Deployment;

/// Nobody said anything about the time.
pub(super) const NO_ENTRY: &str = "no-entry";

/// What is missing and no cause explains.
pub(super) const UNEXPLAINED: &str = "unexplained";

/// The exit code of `natlens ledger` when a window is incomplete.
const INCOMPLETE: i32 = 3;

/// How often the ledger is read while windows have no entry.
const LOOK: Duration = Duration::from_secs(1);

/// One line: a window, or several that were told as one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    #[serde(deserialize_with = "moment")]
    pub(super) start: jiff::Timestamp,
    #[serde(deserialize_with = "moment")]
    pub(super) end: jiff::Timestamp,
    pub(super) kernel_packets: Option<u64>,
    pub(super) recorded_packets: u64,
    /// Packets by cause; `None` when nobody knows how many.
    pub(super) lost_packets: BTreeMap<String, Option<u64>>,
}

impl Entry {
    pub(super) fn from(&self) -> Timestamp {
        Timestamp::from_millis(self.start.as_millisecond())
    }

    pub(super) fn until(&self) -> Timestamp {
        Timestamp::from_millis(self.end.as_millisecond())
    }
}

/// The entries between two moments, oldest first: once no window lacks one, or at the deadline as they are then.
pub(super) fn read(
    deployment: &Deployment,
    (from, until): (Timestamp, Timestamp),
    deadline: Timestamp,
) -> Result<Vec<Entry>, StandError> {
    loop {
        let entries = entries(deployment, from, until)?;
        let is_told = entries.iter().all(|entry| !entry.lost_packets.contains_key(NO_ENTRY))
            && entries.last().is_some_and(|last| last.until() >= until);
        if is_told || now() >= deadline {
            return Ok(entries);
        }
        wait_until(now().plus(LOOK));
    }
}

fn entries(deployment: &Deployment, from: Timestamp, until: Timestamp) -> Result<Vec<Entry>, StandError> {
    let arguments = ["ledger", "--since", &written(from)?, "--until", &written(until)?, "--output", "json"];
    let output = deployment.natlens(&arguments)?;
    let is_answer = output.status.success() || output.status.code() == Some(INCOMPLETE);
    if !is_answer {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(StandError::Program { program: "natlens ledger".to_owned(), said });
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).map_err(std::io::Error::other))
        .collect::<Result<_, _>>()
        .map_err(StandError::system("read what `natlens ledger` says"))
}

/// A moment as the command line reads it.
fn written(at: Timestamp) -> Result<String, StandError> {
    let at = jiff::Timestamp::from_millisecond(at.millis()).map_err(std::io::Error::other);
    Ok(at.map_err(StandError::system("write a moment"))?.to_string())
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<jiff::Timestamp, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
