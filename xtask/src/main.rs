//! The project's own commands: `cargo xtask tidy|generate|install|ci|demo|bench|soak|reliability|flows`.
//!
//! Hides: which programs each command runs, and in which order.
//! Knows nothing of: what natlens does; it builds, checks and shows it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its user")]

mod bench;
mod ci;
mod command;
mod demo;
mod flows;
mod generate;
mod machine;
mod reliability;
mod soak;
mod stand;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  tidy               checks what the compiler cannot: arrows between rooms, file headers, sizes, names
  generate           writes the generated files: OpenAPI, the console's types, the console's words of SQL, the references
  generate --check   fails when one of them is stale
  install            installs the Debian packages that building and testing need
  ci                 everything that CI does, in the same order
  demo               brings everything up around a real NAT gateway, and shows its records
  bench WHAT         measures and prints a table; WHAT is `accuracy`, `cost` or `agent` (root)
  bench WHAT --quick the same with little traffic and the development build: tries whether it works, measures nothing
  bench store [--quick] [--rows N]
                     how large a day of N records is, and how fast it is searched, beside DuckDB and chdb
  soak [--minutes N] [--seed N]
                     kills agent and server at random under traffic; fails unless every packet is accounted for once (root)
  reliability [--seeds N] [--kills N]
                     a model of the store on the worst of disks, and kills of the real server under load; prints a table
  flows --rows N --out FOLDER
                     fills a new data folder with a day of flows, always the same; prints bytes per record and rates";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy::tidy(&root),
        ["generate"] => generate::write(&root),
        ["generate", "--check"] => generate::check(&root),
        ["install"] => machine::install(machine::FOR_TESTS),
        ["ci"] => ci::ci(&root),
        ["demo"] => demo::demo(&root),
        ["bench", "store", options @ ..] => bench::bench_store(&root, options),
        ["bench", what] => bench::bench(&root, what, bench::Size::Full),
        ["bench", what, "--quick"] => bench::bench(&root, what, bench::Size::Quick),
        ["reliability", options @ ..] => reliability::reliability(&root, options),
        ["soak", options @ ..] => soak::soak(&root, options),
        ["flows", "--rows", rows, "--out", out] => flows::flows(&root, rows, out),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(deeper) = cause {
                eprintln!("  because: {deeper}");
                cause = deeper.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace: that in which cargo runs this program, wherever it was compiled.
fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    package.parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}
