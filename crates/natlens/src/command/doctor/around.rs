//! What an agent needs beside capture: its folders and room in them, a clock that is kept right, a server that knows it.
//!
//! Hides: how each is tried, which command mends what.
//! Knows nothing of: the kernel's programs; `capture` examines those.

mod machine;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use capture::{Finding, PinError, State};

use crate::config::{AgentConfig, ConfigError};

/// Is written to try a folder, and removed.
const TRIAL_FILE: &str = "doctor.new";

/// What was found.
pub(super) fn findings(config: &AgentConfig) -> Result<Vec<Finding>, ConfigError> {
    let mut findings = vec![state_folder(&config.state_folder), room(config)];
    findings.push(machine::clock(&capture::timekeeping()));
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    findings.push(machine::locked_memory(&read("/proc/sys/kernel/osrelease"), &read("/proc/self/limits")));
    findings
        .extend(config.pin.then(|| pins(&config.pin_folder, capture::check_pin_folder(&config.pin_folder))));
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

/// Room for the batches of a long outage of the server.
fn room(config: &AgentConfig) -> Finding {
    let folder = agent::spool_folder(&config.state_folder);
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    let used = files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum();
    // A folder that is not there yet will be on the disk of the nearest one that is.
    let absolute = std::path::absolute(&folder).unwrap_or(folder);
    let there =
        absolute.ancestors().find(|folder| folder.exists()).map_or(PathBuf::from("/"), Path::to_owned);
    let free = nix::sys::statvfs::statvfs(&there).map_err(std::io::Error::from);
    let free = free.map(|disk| disk.blocks_available().saturating_mul(disk.fragment_size()));
    machine::room(&there, free, (used, config.spool_bytes_max))
}

fn pins(folder: &Path, checked: Result<(), PinError>) -> Finding {
    let what = "pins";
    let shown = folder.display();
    let Err(error) = checked else {
        let says = "the kernel can count on while the agent is down".to_owned();
        return Finding { what, state: State::Good, says, mend: None };
    };
    let mend = if matches!(error, PinError::NoBpfFilesystem { .. }) {
        "mount -t bpf bpf /sys/fs/bpf".to_owned()
    } else {
        format!("install -d -o \"$(id -u)\" -m 0700 {shown} && chmod o+x /sys/fs/bpf")
    };
    let says = format!("nothing is counted while the agent is down: {error}");
    Finding { what, state: State::Degraded, says, mend: Some(mend) }
}

fn server(config: &AgentConfig) -> Result<Finding, ConfigError> {
    // The name matters only at enrolment, which is not tried.
    let settings = config.settings("doctor")?;
    Ok(known(agent::check_server(&settings), &config.server, &config.state_folder))
}

/// Whether the server at `url` knows the agent.
fn known(checked: Result<(), agent::IdentityError>, url: &str, state_folder: &Path) -> Finding {
    let what = "server";
    match checked {
        Ok(()) => Finding { what, state: State::Good, says: format!("{url} knows this agent"), mend: None },
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
            mend: Some(mend(&error, url, state_folder)),
        },
    }
}

fn mend(error: &agent::IdentityError, url: &str, state_folder: &Path) -> String {
    use agent::IdentityError::{Distrusted, Refused};
    if matches!(error, Distrusted(_)) {
        "set `agent.ca_file` to the certificate of the server's authority".to_owned()
    } else if matches!(error, Refused { .. }) {
        let identity = agent::identity_file(state_folder);
        format!("rm {}, and enrol again: natlens agent --enrolment-token TOKEN", identity.display())
    } else {
        format!("curl -i {url}/readyz, which fails until the server runs and `agent.server` is its address")
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_state_folder_that_cannot_be_written_is_missing() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(state_folder(place.path()).state, State::Good);
        assert_eq!(state_folder(&place.path().join("later")).state, State::Good, "the agent makes it");
        let file = place.path().join("file");
        File::create(&file).unwrap();
        let found = state_folder(&file);
        assert_eq!(found.state, State::Missing);
        assert!(found.mend.unwrap().starts_with("chown -R"), "{}", found.says);
    }

    #[test]
    fn pins_are_mended_by_what_is_wrong_with_them() {
        let folder = PathBuf::from("/sys/fs/bpf/natlens");
        let mend = |error| pins(&folder, Err(error)).mend.unwrap();
        assert_eq!(pins(&folder, Ok(())).state, State::Good);
        let no_filesystem = PinError::NoBpfFilesystem { path: folder.clone() };
        assert_eq!(mend(no_filesystem), "mount -t bpf bpf /sys/fs/bpf");
        let refused = PinError::Folder { path: folder.clone(), source: io::Error::from_raw_os_error(13) };
        assert!(mend(refused).starts_with("install -d "));
    }

    #[test]
    fn a_server_that_does_not_know_the_agent_is_told_from_one_that_is_away() {
        let url = "http://127.0.0.1:1";
        let settings = |state_folder: &Path| agent::AgentSettings {
            server: url.to_owned(),
            state_folder: state_folder.to_owned(),
            ..agent::AgentSettings::default()
        };
        let place = tempfile::tempdir().unwrap();
        let found = known(agent::check_server(&settings(place.path())), url, place.path());
        assert_eq!(
            (found.state, found.mend.as_deref()),
            (State::Unknown, Some("natlens enrolment-token create"))
        );

        let identity = r#"{"version":1,"account_id":"100000000001","region":"ap-guangzhou",
            "nat_gateway_id":"nat-00000001","agent_token":"secret"}"#;
        fs::write(place.path().join("identity.json"), identity).unwrap();
        let found = known(agent::check_server(&settings(place.path())), url, place.path());
        assert_eq!(found.state, State::Missing, "{}", found.says);
        assert!(found.mend.unwrap().starts_with("curl -i http://127.0.0.1:1/readyz"));
    }
}
