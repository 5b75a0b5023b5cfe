//! `cargo xtask bench`: measures what capture costs and whether it is exact, and prints a table for `docs/reference`.
//!
//! Hides: which measurements there are, which build is measured.
//! Knows nothing of: how anything is measured.

mod accuracy;
mod agent;
mod clock;
mod cost;
mod deployment;
mod process;
mod records;
mod setting;
mod table;

use std::io;
use std::path::Path;

use api::ClientError;
use testkit::LabError;

use crate::command::{Failure, run};
use crate::{ci, machine};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// The release build and as much traffic as the figures speak of.
    Full,
    /// The development build and little traffic: shows that the measurement works, measures nothing.
    Quick,
}

impl Size {
    /// The one or the other.
    fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// There is no measurement of that name.
    #[error("there is no measurement `{what}`: `accuracy`, `cost` and `agent` are offered")]
    Unknown {
        /// What was asked for.
        what: String,
    },
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

impl BenchError {
    fn system(deed: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let deed = deed.into();
        move |source| Self::System { deed, source }
    }
}

/// Builds, measures and prints.
pub(crate) fn bench(root: &Path, what: &str, size: Size) -> Result<(), Failure> {
    type Measure = fn(&Path, Size) -> Result<(), BenchError>;
    let measure: Measure = match what {
        "accuracy" => accuracy::measure,
        "cost" => cost::measure,
        "agent" => agent::measure,
        _ => return Err(BenchError::Unknown { what: what.to_owned() }.into()),
    };
    machine::install(machine::FOR_A_BENCH)?;
    let mut build = ci::cargo(root);
    build.args(["build", "--workspace"]);
    if size == Size::Full {
        build.arg("--release");
    }
    run(&mut build)?;
    Ok(measure(&ci::program(root, size.pick("release", "debug"))?, size)?)
}
