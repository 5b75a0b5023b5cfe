//! The clock and the terminal, as the commands may use them.
//!
//! Hides: that writing may fail, and which output a text belongs to.
//! Knows nothing of: what is said.

use std::fmt::Display;
use std::io::{self, Write};

use flow::{Clock, Timestamp};

/// The clock and the terminal.
pub(crate) struct Outside {
    clock: Clock,
    results: io::Stdout,
    hints: io::Stderr,
}

impl Outside {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, results: io::stdout(), hints: io::stderr() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::clone(&self.clock)
    }

    /// Where answers are written.
    pub(crate) fn results(&mut self) -> impl Write + '_ {
        self.results.lock()
    }

    /// One line of the result, for people and scripts.
    pub(crate) fn say(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.results, "{line}")?;
        self.results.flush()
    }

    /// One line beside the result. That nobody can read it fails nothing.
    pub(crate) fn hint(&mut self, line: impl Display) {
        writeln!(self.hints, "{line}").ok();
    }
}
