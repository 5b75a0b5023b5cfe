//! Decides whether a test that needs privileges can run.
//!
//! Hides: what counts as privileged, and that a skip is a failure where tests must be complete.
//! Knows nothing of: any test.

use std::io::Write;

use crate::lab::{Lab, LabSettings, Offloads};
use crate::outcome::LabError;

/// Brings up a lab for the test `name`, or says why the test is skipped and returns `None`.
///
/// # Panics
///
/// Where the environment names `CI`, a skip is a failure; everywhere, a lab that root cannot bring up is one.
#[track_caller]
pub fn lab_or_skip(name: &str, offloads: Offloads) -> Option<Lab> {
    match Lab::up(&LabSettings { offloads, ..LabSettings::for_test(name) }) {
        Ok(lab) => Some(lab),
        Err(error @ LabError::NotRoot) => {
            skip(name, &error.to_string());
            None
        }
        Err(error) => {
            panic!("the lab of `{name}` does not come up: {error}, {:?}", std::error::Error::source(&error))
        }
    }
}

/// Says why the test `name` is skipped.
///
/// # Panics
///
/// Where the environment names `CI`, a skip is a failure.
#[track_caller]
pub fn skip(name: &str, why: &str) {
    let must_be_complete = std::env::var_os("CI").is_some();
    assert!(!must_be_complete, "`{name}` cannot run, and with CI set nothing may be skipped: {why}");
    // Not `eprintln`, which a test runner keeps to itself while tests pass. That nobody reads it fails nothing.
    writeln!(std::io::stderr(), "skipped `{name}`: {why}").ok();
}
