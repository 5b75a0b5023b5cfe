//! What an agent needs beside capture: its folders, and a server that knows it.
//!
//! Hides: how each is tried.
//! Knows nothing of: the kernel; `capture` examines it.

use std::fs::{self, File};
use std::path::Path;

use capture::{Finding, State};

use crate::config::{AgentConfig, ConfigError};

/// Is written to try a folder, and removed.
const TRIAL_FILE: &str = "doctor.new";

/// What was found.
pub(super) fn findings(config: &AgentConfig) -> Result<Vec<Finding>, ConfigError> {
    let mut findings = vec![state_folder(&config.state_folder)];
    findings.extend(config.pin.then(|| pins(&config.pin_folder)));
    findings.push(server(config)?);
    Ok(findings)
}

fn state_folder(folder: &Path) -> Finding {
    let what = "state folder";
    let shown = folder.display();
    if !folder.exists() {
        let says = format!("`{shown}` is not there yet: the agent makes it");
        return Finding { what, state: State::Good, says, mend: None };
    }
    let trial = folder.join(TRIAL_FILE);
    match File::create(&trial).and_then(|_file| fs::remove_file(&trial)) {
        Ok(()) => Finding { what, state: State::Good, says: format!("`{shown}` can be written"), mend: None },
        Err(error) => Finding {
            what,
            state: State::Missing,
            says: format!("`{shown}` cannot be written: {error}"),
            mend: Some(format!("chown -R \"$(id -u)\" {shown}")),
        },
    }
}

fn pins(folder: &Path) -> Finding {
    let what = "pins";
    match capture::check_pin_folder(folder) {
        Ok(()) => {
            let says = "the kernel can count on while the agent is down".to_owned();
            Finding { what, state: State::Good, says, mend: None }
        }
        Err(error) => Finding {
            what,
            state: State::Degraded,
            says: format!("nothing is counted while the agent is down: {error}"),
            mend: Some("mount -t bpf bpf /sys/fs/bpf".to_owned()),
        },
    }
}

fn server(config: &AgentConfig) -> Result<Finding, ConfigError> {
    let what = "server";
    // The name matters only at enrolment, which is not tried.
    let settings = config.settings("doctor")?;
    Ok(match agent::check_server(&settings) {
        Ok(()) => Finding {
            what,
            state: State::Good,
            says: format!("{} knows this agent", config.server),
            mend: None,
        },
        Err(agent::IdentityError::NotEnrolled { .. }) => Finding {
            what,
            state: State::Unknown,
            says: "the agent is not enrolled yet".to_owned(),
            mend: Some("natlens enrolment-token create".to_owned()),
        },
        Err(error) => Finding {
            what,
            state: State::Missing,
            says: std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
            mend: Some(mend(&error).to_owned()),
        },
    })
}

fn mend(error: &agent::IdentityError) -> &'static str {
    use agent::IdentityError::{Distrusted, Refused};
    if matches!(error, Distrusted(_)) {
        "set `agent.ca_file` to the certificate of the server's authority"
    } else if matches!(error, Refused { .. }) {
        "remove `identity.json` from the state folder, and enrol again with a new token"
    } else {
        "see that the server runs and that `agent.server` is its address"
    }
}
