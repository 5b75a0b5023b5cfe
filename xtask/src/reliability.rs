//! `cargo xtask reliability`: tries to make the store lose or double what it acknowledged, and prints what came of it.
//!
//! Hides: that a model of the store and the real server are tried one after the other.
//! Knows nothing of: what the store does about it.

mod agents;
mod kills;

use std::path::Path;

use crate::ci;
use crate::command::{Failure, output};
use crate::stand::table::Table;

/// Stories of the model, and kills of the server, unless others are asked for.
const SEEDS_DEFAULT: u64 = 10_000;
const KILLS_DEFAULT: u32 = 200;

/// Where files are fast, because nothing of them has to survive.
const MEMORY: &str = "/dev/shm";

/// What the model prints before each of its figures.
const TOLD: &str = "storm: ";

/// Why the command did not begin, or what it found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReliabilityError {
    /// The options are not understood.
    #[error("`{option}` is not understood: `--seeds` and `--kills` take a number")]
    Option {
        /// What was written.
        option: String,
    },
    /// The server lost, doubled or invented records.
    #[error("the law is broken after {kills} kills: {what}")]
    Broken {
        /// How often the server had been killed.
        kills: u32,
        /// What does not add up.
        what: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Options {
    seeds: u64,
    kills: u32,
}

/// Builds, plays the model, kills the server, prints a table; fails when the law does not hold.
pub(crate) fn reliability(root: &Path, options: &[&str]) -> Result<(), Failure> {
    let Options { seeds, kills } = read(options)?;
    ci::build(root)?;
    let mut table = Table::new(&["what", "figure"]);
    if seeds > 0 {
        for (what, figure) in model(root, seeds)? {
            table.row([what, figure]);
        }
    }
    if kills > 0 {
        for (what, figure) in kills::play(&ci::program(root, "debug")?, kills)? {
            table.row([what.to_owned(), figure.to_string()]);
        }
    }
    println!("\n{}", table.text());
    Ok(())
}

/// Plays the stories of so many seeds; a story that breaks the law fails the test that plays it.
fn model(root: &Path, seeds: u64) -> Result<Vec<(String, String)>, Failure> {
    let mut test = ci::cargo(root);
    test.args(["test", "--package", "store", "--test", "model", "storm", "--", "--nocapture"]);
    test.env("NATLENS_SEEDS", format!("0..{seeds}"));
    if Path::new(MEMORY).is_dir() {
        test.env("TMPDIR", MEMORY);
    }
    println!("{seeds} stories of the model");
    let told = output(&mut test)?;
    let figures = told.lines().filter_map(|line| line.strip_prefix(TOLD)?.rsplit_once(": "));
    Ok(figures.map(|(what, figure)| (what.to_owned(), figure.to_owned())).collect())
}

fn read(options: &[&str]) -> Result<Options, ReliabilityError> {
    let mut read = Options { seeds: SEEDS_DEFAULT, kills: KILLS_DEFAULT };
    for option in options.chunks(2) {
        let understood = match option {
            ["--seeds", seeds] => seeds.parse().ok().map(|seeds| read.seeds = seeds),
            ["--kills", kills] => kills.parse().ok().map(|kills| read.kills = kills),
            _ => None,
        };
        understood.ok_or_else(|| ReliabilityError::Option { option: option.join(" ") })?;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order_and_wrong_ones_are_named() {
        assert_eq!(read(&[]).unwrap(), Options { seeds: SEEDS_DEFAULT, kills: KILLS_DEFAULT });
        assert_eq!(read(&["--kills", "3", "--seeds", "0"]).unwrap(), Options { seeds: 0, kills: 3 });
        for wrong in [&["--kills", "-1"][..], &["--seeds"], &["--hours", "1"]] {
            let said = read(wrong).unwrap_err().to_string();
            assert!(said.starts_with(&format!("`{}`", wrong.join(" "))), "{said}");
        }
    }
}
