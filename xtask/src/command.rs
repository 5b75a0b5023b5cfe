//! Runs other programs and says what failed.
//!
//! Hides: exit codes.
//! Knows nothing of: which programs there are.

use std::io;
use std::path::PathBuf;
use std::process::Command;

/// Why a command of the project did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A program could not be started.
    #[error(
        "cannot start `{program}`: is it installed? `cargo xtask install` installs what the project needs"
    )]
    Start {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program ended with an error, which it has printed itself.
    #[error("`{line}` failed")]
    Program {
        /// The program with its arguments.
        line: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {deed} `{path}`")]
    File {
        /// What was tried.
        deed: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Rules of the project are broken; each line says where and how.
    #[error("{} broken:\n{}", if findings.len() == 1 { "1 rule is".to_owned() } else { format!("{} rules are", findings.len()) }, findings.join("\n"))]
    Untidy {
        /// One line each: place and rule.
        findings: Vec<String>,
    },
    /// Packages are missing, and cannot be installed from here.
    #[error("these Debian packages are missing: {packages}; as root, run `apt-get install {packages}`")]
    Missing {
        /// Their names.
        packages: String,
    },
    /// The demo could not go on.
    #[error(transparent)]
    Demo(#[from] crate::demo::DemoError),
    /// There is no such measurement.
    #[error(transparent)]
    Bench(#[from] crate::bench::NoSuchMeasurement),
    /// Natlens could not be brought up, or be asked.
    #[error(transparent)]
    Stand(#[from] crate::stand::StandError),
    /// The soak cannot begin, or the law did not hold.
    #[error(transparent)]
    Soak(#[from] crate::soak::SoakError),
    /// The store was not tried, or the law did not hold.
    #[error(transparent)]
    Reliability(#[from] crate::reliability::ReliabilityError),
    /// Generated files do not fit their sources.
    #[error("stale: {}; run `cargo xtask generate` and commit the result", paths.join(", "))]
    Stale {
        /// Which files.
        paths: Vec<String>,
    },
}

impl Failure {
    pub(crate) fn file(deed: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { deed, path, source }
    }
}

/// Runs a program with this one's output; fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    println!("$ {}", line(command));
    let status = command.status().map_err(|source| start(command, source))?;
    if status.success() { Ok(()) } else { Err(Failure::Program { line: line(command) }) }
}

/// Runs a program and returns what it prints; fails when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|source| start(command, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Err(Failure::Program { line: line(command) })
}

fn start(command: &Command, source: io::Error) -> Failure {
    Failure::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
