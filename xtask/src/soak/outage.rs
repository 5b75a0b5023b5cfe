//! Kills agent and server at random moments, and starts them again.
//!
//! Hides: who is killed when and for how long; a seed brings the same pauses again.
//! Knows nothing of: what comes of it.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;
use flow::{Timestamp, WindowLength};

use crate::stand::StandError;
use crate::stand::clock::{now, wait_until};
use crate::stand::deployment::Deployment;

/// Between an outage and the next. Unit: ms.
const CALM_MS: Range<u64> = 1_000..12_000;

/// Of an outage: sometimes longer than a window of 10 s. Unit: ms.
const DOWN_MS: Range<u64> = 0..15_000;

/// Half of the kills come so soon after the end of a window, while it is drained, spooled, sent and stored. Unit: ms.
const AFTER_A_WINDOW_MS: Range<u64> = 0..1_000;

/// Who does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    Agent,
    Server,
    Both,
}

impl Victim {
    const ALL: [Self; 3] = [Self::Agent, Self::Server, Self::Both];

    pub(super) const fn has_agent(self) -> bool {
        matches!(self, Self::Agent | Self::Both)
    }

    pub(super) const fn has_server(self) -> bool {
        matches!(self, Self::Server | Self::Both)
    }
}

/// A kill, and the moment from which all ran again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) victim: Victim,
    pub(super) killed: Timestamp,
    pub(super) back: Timestamp,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |at: Timestamp| jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        write!(f, "{} to {}: {:?} killed", shown(self.killed), shown(self.back), self.victim)
    }
}

/// Kills and starts again until there is no time for another outage; all runs on return.
pub(super) fn play(
    deployment: &mut Deployment,
    seed: u64,
    until: Timestamp,
) -> Result<Vec<Outage>, StandError> {
    let mut chance = Rng::with_seed(seed);
    let mut outages = Vec::new();
    loop {
        let at = next_kill(&mut chance, now());
        let victim = chance.choice(Victim::ALL).unwrap_or(Victim::Both);
        let down = Duration::from_millis(chance.u64(DOWN_MS));
        if at.plus(down) >= until {
            return Ok(outages);
        }
        wait_until(at);
        let outage = suffer(deployment, victim, down)?;
        println!("{outage}");
        outages.push(outage);
    }
}

fn next_kill(chance: &mut Rng, now: Timestamp) -> Timestamp {
    let at = now.plus(Duration::from_millis(chance.u64(CALM_MS)));
    let after = Duration::from_millis(chance.u64(AFTER_A_WINDOW_MS));
    let length = WindowLength::try_from(super::WINDOW_SECONDS).unwrap_or_default();
    if chance.bool() { length.window_of(at).end().plus(after) } else { at }
}

fn suffer(deployment: &mut Deployment, victim: Victim, down: Duration) -> Result<Outage, StandError> {
    let killed = now();
    if victim.has_agent() {
        deployment.kill_agent()?;
    }
    if victim.has_server() {
        deployment.kill_server()?;
    }
    wait_until(killed.plus(down));
    // The agent first: it must get along without a server.
    if victim.has_agent() {
        deployment.start_agent()?;
    }
    if victim.has_server() {
        deployment.start_server()?;
    }
    Ok(Outage { victim, killed, back: now() })
}
