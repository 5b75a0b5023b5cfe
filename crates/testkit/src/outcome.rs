//! What can go wrong in the lab.
//!
//! Hides: nothing; it is the list of failures.
//! Knows nothing of: who reads it.

use std::io;
use std::process::Command;

/// Why the lab could not do something.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The lab makes network namespaces, which only root may.
    #[error("the lab needs root to make network namespaces: run it with sudo")]
    NotRoot,
    /// A namespace of that name belongs to somebody else.
    #[error(
        "network namespace `{name}` exists and is not ours: remove it with `ip netns del {name}` or stop what uses it"
    )]
    Taken {
        /// Name of the namespace.
        name: String,
    },
    /// Another process holds a lab of that name.
    #[error("a lab named `{name}` is already up in another process: stop that one first")]
    InUse {
        /// Name of the lab.
        name: String,
    },
    /// A program of the system is missing or refused.
    #[error("`{command}` failed: {reason} (`make setup` installs what the lab needs)")]
    Command {
        /// The command line.
        command: String,
        /// What it said.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot {deed}")]
    Io {
        /// What was tried.
        deed: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// What was waited for did not come.
    #[error("waited {seconds} s in vain for {what}")]
    TooLate {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// The packet capture is not the whole truth.
    #[error("the packet capture on `{interface}` is incomplete: {reason}")]
    Incomplete {
        /// The interface.
        interface: String,
        /// What is missing.
        reason: String,
    },
}

impl LabError {
    /// Wraps an error of the operating system with what was tried, for `map_err`.
    pub fn on(deed: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let deed = deed.into();
        move |source| Self::Io { deed, source }
    }
}

/// Runs a command to its end; a failure carries what it wrote to its standard error.
pub(crate) fn run(command: &mut Command) -> Result<String, LabError> {
    let line = format!("{command:?}").replace('"', "");
    let failed = |reason: String| LabError::Command { command: line.clone(), reason };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}
