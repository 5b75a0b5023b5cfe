//! Why a command failed, said once, with every cause.
//!
//! Hides: which failure gives which exit code.
//! Knows nothing of: how the failures come about.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::outside::Outside;
use crate::reach::KeyError;

/// The exit code of wrong arguments and of a wrong configuration, as `clap` uses it.
const WRONG: u8 = 2;

/// The exit code of a ledger with windows that are not complete.
const INCOMPLETE: u8 = 3;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Client(#[from] api::ClientError),
    #[error(transparent)]
    Server(#[from] server::ServerError),
    #[error(transparent)]
    Store(#[from] server::StoreError),
    #[error(transparent)]
    Agent(#[from] agent::AgentError),
    #[error(transparent)]
    Listen(#[from] agent::ListenError),
    #[error(transparent)]
    Status(#[from] agent::StatusError),
    #[error(transparent)]
    Source(#[from] capture::SourceError),
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Privilege(#[from] capture::PrivilegeError),
    #[cfg(target_os = "linux")]
    #[error("the agent lacks privileges: start it as root, or grant them with `{grant}`")]
    NotPermitted { grant: String, source: capture::SourceError },
    #[error("not everything works: what mends it stands above")]
    Unwell,
    /// Not a failure of the command: what it found.
    #[error("{0}")]
    Incomplete(String),
    /// What was begun did not come to its end.
    #[error("{0}")]
    Unfinished(String),
    #[error("not everything is as it was stored: what is wrong stands above")]
    Unproven,
    #[error("what is missing or altered stands above; everything else was copied")]
    NotWhole,
    #[error("cannot start {what}")]
    Start { what: &'static str, source: io::Error },
    #[error("cannot pack the records for the server")]
    Batch(#[from] api::BatchError),
    #[error("the server named an invalid id: is it of this version?")]
    InvalidId(#[from] flow::InvalidId),
    #[error("cannot write the answer")]
    Output(#[from] io::Error),
    #[error("cannot write the answer as CSV")]
    Csv(#[from] csv::Error),
    #[error("the server answered with what is no JSON")]
    Json(#[from] serde_json::Error),
    #[error("cannot write `{}`", path.display())]
    Save { path: PathBuf, source: io::Error },
    #[error(
        "the answer broke off after {bytes} bytes, so `{}` is not written: the server's log tells why; ask again",
        path.display()
    )]
    NotSaved { path: PathBuf, bytes: u64, source: io::Error },
    #[error("cannot read `{}`", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("`{}` is no index rule: `natlens index show TOPIC` prints one", path.display())]
    Rule { path: PathBuf, source: serde_json::Error },
    #[error("{0}")]
    Arguments(String),
    #[error("{0}")]
    NotFound(String),
}

impl Failure {
    /// Prints the chain of causes; returns the exit code.
    pub(crate) fn report(&self, outside: &mut Outside) -> ExitCode {
        // Whoever read the answer has seen enough, as in `natlens search … | head`.
        if matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        if let Self::Incomplete(found) = self {
            outside.hint(found);
            return ExitCode::from(INCOMPLETE);
        }
        outside.hint(format_args!("error: {self}"));
        let mut cause = self.source();
        while let Some(deeper) = cause {
            outside.hint(format_args!("  because: {deeper}"));
            cause = deeper.source();
        }
        let wrong = matches!(self, Self::Config(_) | Self::Arguments(_) | Self::Key(_));
        if wrong { ExitCode::from(WRONG) } else { ExitCode::FAILURE }
    }
}
