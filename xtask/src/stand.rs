//! Natlens as an operator runs it, for commands that measure it or try to break it.
//!
//! Hides: which programs run, and what can go wrong with them.
//! Knows nothing of: what is measured or tried.

pub(crate) mod clock;
pub(crate) mod deployment;
pub(crate) mod process;
pub(crate) mod records;
pub(crate) mod table;

use std::io;

use api::ClientError;
use testkit::LabError;

/// Why natlens could not be brought up, or be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StandError {
    /// The gateway between network namespaces did not come up.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The server refused.
    #[error("cannot {deed}")]
    Server {
        /// What was asked.
        deed: &'static str,
        /// What it said.
        source: ClientError,
    },
    /// What was waited for did not come.
    #[error("waited {seconds} s in vain for {what}")]
    TooLate {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// A program said something unexpected.
    #[error("`{program}` failed: {said}")]
    Program {
        /// Its name.
        program: String,
        /// What it said.
        said: String,
    },
    /// The operating system refused.
    #[error("cannot {deed}")]
    System {
        /// What was tried.
        deed: String,
        /// What it said.
        source: io::Error,
    },
}

impl StandError {
    pub(crate) fn system(deed: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let deed = deed.into();
        move |source| Self::System { deed, source }
    }
}
