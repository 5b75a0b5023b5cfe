//! One line that changes while something is awaited.
//!
//! Hides: what a terminal can do and a file cannot.
//! Knows nothing of: what is awaited.

use std::io::{self, IsTerminal, Write};

/// How many ticks pass between two lines where lines cannot change, and between two counts of records.
const TICKS: u32 = 20;

/// One line that changes; where it cannot, a line now and then.
pub(super) struct Progress {
    is_terminal: bool,
    ticks: u32,
    is_due: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stdout().is_terminal(), ticks: 0, is_due: false }
    }

    /// Counts a tick; returns whether it is time for something that is not done at every tick.
    pub(super) fn tick(&mut self) -> bool {
        self.is_due = self.ticks.is_multiple_of(TICKS);
        self.ticks += 1;
        self.is_due
    }

    /// Shows the text in place of the last one, or, where that cannot be, below it when it is time.
    pub(super) fn show(&mut self, text: &str) {
        if self.is_terminal {
            // The line is cleared after the text, because the last one may have been longer.
            print!("\r{text}\x1b[K");
            // A terminal that is gone has nobody who misses the line.
            io::stdout().flush().ok();
        } else if self.is_due {
            println!("{text}");
        }
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        if self.is_terminal {
            println!("\r\x1b[K");
        }
        self.ticks = 0;
    }
}
