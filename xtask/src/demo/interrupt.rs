//! Ctrl-C, as something that a wait ends with.
//!
//! Hides: signal handlers.
//! Knows nothing of: what goes down then.

use std::cell::Cell;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::DemoError;

/// Tells whether somebody asked the demo to end.
pub(super) struct Interrupt {
    signalled: Receiver<()>,
    asked: Cell<bool>,
}

impl Interrupt {
    /// From now on signals end a wait rather than the process.
    pub(super) fn listen() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (sender, signalled) = sync_channel(1);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for _ in signals.forever() {
                // One that waits already is enough.
                sender.try_send(()).ok();
            }
        })?;
        Ok(Self { signalled, asked: Cell::new(false) })
    }

    /// Waits for `patience`; fails at once when somebody asks to end, or has asked.
    pub(super) fn wait(&self, patience: Duration) -> Result<(), DemoError> {
        if !self.asked.get() && self.signalled.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            return Ok(());
        }
        self.asked.set(true);
        Err(DemoError::Interrupted)
    }
}
