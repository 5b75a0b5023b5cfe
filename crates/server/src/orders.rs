//! Tells waiting agents at once that some flow log has changed.
//!
//! Hides: how the waiting is done.
//! Knows nothing of: which flow logs there are; the waiting side looks again.

use std::time::Duration;

use tokio::sync::watch;

/// How long an agent waits for news before it is answered without. Below the patience of common proxies, 30 seconds.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(25);

/// The state of the orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// How often they have changed.
    Changed(u64),
    /// The server ends: nobody waits any more.
    Closed,
}

/// Where changes are announced and waited for.
#[derive(Debug)]
pub(crate) struct Orders {
    state: watch::Sender<State>,
}

/// Somebody who waits. What changes after it was made is not missed.
pub(crate) struct Waiter {
    state: watch::Receiver<State>,
}

impl Default for Orders {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::Changed(0)) }
    }
}

impl Orders {
    /// Wakes everybody who waits.
    pub(crate) fn changed(&self) {
        self.state.send_modify(|state| {
            if let State::Changed(times) = state {
                *times += 1;
            }
        });
    }

    /// Wakes everybody who waits, for the last time.
    pub(crate) fn close(&self) {
        self.state.send_replace(State::Closed);
    }

    /// Somebody who notices every change from now on.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter { state: self.state.subscribe() }
    }
}

impl Waiter {
    /// Waits for a change, the end of the server, or `WAIT_MAX`.
    pub(crate) async fn wait(mut self) {
        if *self.state.borrow() == State::Closed {
            return;
        }
        // However the wait ends, the answer is the same: what is in force then.
        tokio::time::timeout(WAIT_MAX, self.state.changed()).await.ok();
    }
}
