//! `natlens agent status`: how the agent on this host is, also when the server cannot be asked.
//!
//! Hides: when what an agent told is too old to be believed.
//! Knows nothing of: the agent's files.

use std::path::PathBuf;
use std::time::Duration;

use agent::OwnStatus;
use serde::Serialize;

use super::super::gateway::degraded;
use crate::answer::{Answer, Column, Form};
use crate::config::AgentConfig;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;

/// How old what an agent told may be. It tells with each question for flow logs, which follow each other within two minutes
/// also when the server is away.
const TOLD_AGE_MAX: Duration = Duration::from_secs(180);

/// Say how the agent on this host is
///
/// Ends with 0 when it runs and goes without nothing, and with 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// Folder for identity and spool of the agent
    #[arg(long, value_name = "FOLDER")]
    state_folder: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, short, value_name = "FORM", default_value = "table")]
    output: Form,
}

/// How the agent is, as programs read it.
#[derive(Debug, Serialize)]
struct Line {
    gateway: String,
    state: &'static str,
    told: String,
    source: String,
    variant: String,
    degraded: String,
    /// Why the server could not be asked the last time; empty when it answered.
    server: String,
    spooled_batches: u64,
    lost_packets: u64,
}

const COLUMNS: &[Column<Line>] = &[
    ("gateway", |line| line.gateway.clone()),
    ("state", |line| line.state.to_owned()),
    ("told", |line| line.told.clone()),
    ("source", |line| format!("{} {}", line.source, line.variant).trim_end().to_owned()),
    ("degraded", |line| line.degraded.clone()),
    ("server", |line| if line.server.is_empty() { "answers".to_owned() } else { line.server.clone() }),
    ("waiting batches", |line| line.spooled_batches.to_string()),
    ("lost packets", |line| line.lost_packets.to_string()),
];

impl Status {
    pub(super) fn adjust(&self, config: &mut AgentConfig) {
        if let Some(folder) = &self.state_folder {
            config.state_folder.clone_from(folder);
        }
    }

    pub(super) fn run(&self, config: &AgentConfig, outside: &mut Outside) -> Result<(), Failure> {
        let own = agent::read_status(&config.state_folder)?;
        let is_heard = outside.now().since(own.told) <= TOLD_AGE_MAX;
        let line = line(own, is_heard);
        let is_well = is_heard && line.degraded.is_empty();
        Answer::list(&[line], COLUMNS)?.write(self.output, outside.results())?;
        if is_well { Ok(()) } else { Err(Failure::Unwell) }
    }
}

fn line(OwnStatus { told, gateway, unreached, status }: OwnStatus, is_heard: bool) -> Line {
    let state = match (is_heard, status.degraded.is_empty()) {
        (false, _) => "silent",
        (true, false) => "degraded",
        (true, true) => "running",
    };
    Line {
        gateway,
        state,
        told: moment::shown(told.millis()),
        source: status.source,
        variant: status.variant,
        degraded: degraded(&status.degraded),
        server: unreached.unwrap_or_default(),
        spooled_batches: status.spooled_batches,
        lost_packets: status.lost_packets,
    }
}
