//! `cargo xtask flows`: fills a data folder with a day of flows, and tells how large and how fast that was.
//!
//! Hides: which program does it, which build.
//! Knows nothing of: flows, the store.

use std::path::Path;

use crate::ci;
use crate::command::{Failure, run};

/// Writes about `rows` records into the new data folder `out`, which any server can then be started on.
pub(crate) fn flows(root: &Path, rows: &str, out: &str) -> Result<(), Failure> {
    let mut example = ci::cargo(root);
    example.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "store",
        "--example",
        "flows",
        "--",
        rows,
        out,
    ]);
    run(&mut example)
}
