//! Everything that CI does, in the same order.
//!
//! Hides: the steps, and where build output stands.
//! Knows nothing of: what is tested.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;

use crate::command::{Failure, output, run};
use crate::{generate, machine, tidy};

/// Installs what is needed, checks, builds and tests all of it, and prints how long each step took.
pub(crate) fn ci(root: &Path) -> Result<(), Failure> {
    type Step = fn(&Path) -> Result<(), Failure>;
    let steps: [(&str, Step); 8] = [
        ("install", install),
        ("tidy", tidy::tidy),
        ("format", |root| run(cargo(root).args(["fmt", "--all", "--check"]))),
        ("console", console),
        ("build", build),
        ("generate", generate::check),
        ("test", |root| run(cargo(root).args(["test", "--workspace"]))),
        ("lint", |root| {
            run(cargo(root).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
        }),
    ];
    let mut times = Vec::new();
    for (name, step) in steps {
        println!("\n== {name}");
        let begun = now();
        step(root)?;
        times.push(format!("{name} {} s", begun.elapsed().as_secs()));
    }
    let begun = now();
    println!("\n== end to end");
    end_to_end(root)?;
    times.push(format!("end to end {} s", begun.elapsed().as_secs()));
    println!("\nall passed: {}", times.join(", "));
    Ok(())
}

fn install(root: &Path) -> Result<(), Failure> {
    machine::install(machine::FOR_TESTS)?;
    machine::install_duckdb(&target(root)?)
}

/// Cargo in the folder of the workspace.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    command
}

/// Builds everything, tests included: another set of features would compile the query engine again.
pub(crate) fn build(root: &Path) -> Result<(), Failure> {
    run(cargo(root).args(["build", "--workspace", "--all-targets"]))
}

/// The program `natlens` as the last build left it, in the folder of its profile.
pub(crate) fn program(root: &Path, profile: &str) -> Result<PathBuf, Failure> {
    Ok(target(root)?.join(profile).join("natlens"))
}

/// The folder into which cargo builds.
pub(crate) fn target(root: &Path) -> Result<PathBuf, Failure> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let text = output(cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text)
        .map_err(|error| Failure::file("read", "the answer of `cargo metadata`")(error.into()))?;
    Ok(metadata.target_directory)
}

/// Installs the console's packages as its lock file names them, unless they are there already.
pub(crate) fn install_console(root: &Path) -> Result<(), Failure> {
    let console = root.join("console");
    let lock = |path: &str| std::fs::metadata(console.join(path)).and_then(|file| file.modified()).ok();
    let fresh = lock("node_modules/.package-lock.json") >= lock("package-lock.json");
    if fresh && console.join("node_modules/.package-lock.json").exists() {
        return Ok(());
    }
    run(npm(root).args(["ci", "--no-audit", "--no-fund"]))
}

/// Builds the console into `console/dist`.
pub(crate) fn build_console(root: &Path) -> Result<(), Failure> {
    install_console(root)?;
    run(npm(root).args(["run", "--silent", "build"]))
}

fn console(root: &Path) -> Result<(), Failure> {
    build_console(root)?;
    run(npm(root).args(["test", "--silent"]))
}

fn end_to_end(root: &Path) -> Result<(), Failure> {
    run(npm(root).env("NATLENS_BIN", program(root, "debug")?).args(["run", "--silent", "e2e"]))
}

fn npm(root: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root.join("console"));
    command
}

#[expect(clippy::disallowed_methods, reason = "a step's duration is measured, not decided upon")]
fn now() -> Instant {
    Instant::now()
}
