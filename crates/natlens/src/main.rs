//! The program `natlens`: server, agent, both in one, and a command line for all of it.
//!
//! Hides: configuration, wiring, how answers and failures reach the terminal.
//! Knows nothing of: how records are captured, stored, searched; the rooms do that.
//!
//! Only this file reads the clock and the arguments. Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration,
//! 3 a ledger that is not complete.
//! Results go to the standard output; hints, log lines and failures to the standard error.

mod answer;
mod arguments;
mod command;
mod config;
mod failure;
mod logging;
mod moment;
mod outside;
mod reach;
mod signals;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use flow::Timestamp;

use arguments::Arguments;
use outside::Outside;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut outside = Outside::new(Arc::new(now));
    match arguments.carry_out(&mut outside) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&mut outside),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().plus(since)
}
