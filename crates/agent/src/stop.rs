//! Asks a run to end.
//!
//! Hides: how a waiting thread is woken.
//! Knows nothing of: what ends, and in which order.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Asks a run to end; clones ask the same run. Asking twice changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to end, and wakes who waits.
    pub fn now(&self) {
        *self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.changed.notify_all();
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        *self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until somebody asks, at most `patience`; returns whether somebody asked.
    pub fn wait(&self, patience: Duration) -> bool {
        let asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self
            .inner
            .changed
            .wait_timeout_while(asked, patience, |asked| !*asked)
            .unwrap_or_else(PoisonError::into_inner);
        *asked
    }
}
