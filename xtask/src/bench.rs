//! `cargo xtask bench`: measures what capture costs and whether it is exact, and how records are stored and found, and prints a table for `docs/reference`.
//!
//! Hides: which measurements there are, which build is measured.
//! Knows nothing of: how anything is measured.

mod accuracy;
mod agent;
mod cost;
mod setting;
mod store;

use std::path::Path;

use crate::command::{Failure, run};
use crate::stand::StandError;
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

/// There is no such measurement.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no measurement `{what}`: `accuracy`, `cost`, `agent` and `store [--quick] [--rows N]` are offered"
)]
pub(crate) struct NoSuchMeasurement {
    /// What was asked for.
    what: String,
}

/// Measures what is stored, beside other programs that store it; `options` are `--quick` and `--rows N`.
pub(crate) fn bench_store(root: &Path, options: &[&str]) -> Result<(), Failure> {
    let (mut size, mut rows, mut rest) = (Size::Full, None, options);
    loop {
        match rest {
            [] => return store::measure(root, size, rows),
            ["--quick", after @ ..] => (size, rest) = (Size::Quick, after),
            ["--rows", number, after @ ..] if number.parse::<u64>().is_ok() => {
                (rows, rest) = (number.parse().ok(), after);
            }
            [what, ..] => return Err(NoSuchMeasurement { what: (*what).to_owned() }.into()),
        }
    }
}

/// Builds, measures and prints.
pub(crate) fn bench(root: &Path, what: &str, size: Size) -> Result<(), Failure> {
    type Measure = fn(&Path, Size) -> Result<(), StandError>;
    let measure: Measure = match what {
        "accuracy" => accuracy::measure,
        "cost" => cost::measure,
        "agent" => agent::measure,
        _ => return Err(NoSuchMeasurement { what: what.to_owned() }.into()),
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
