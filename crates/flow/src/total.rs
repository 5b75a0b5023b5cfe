//! What the kernel counted in a window, to hold records against.
//!
//! Hides: nothing.
//! Knows nothing of: which kernel interface counts.

use crate::event::Counters;
use crate::time::Window;

/// What the kernel counted in a window, packets and bytes of both directions, whether or not they are in an event.
///
/// Where the kernel cannot tell windows apart, each but the newest has what its own events hold, and the newest the
/// rest: over all of them it is what the kernel counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelTotal {
    /// The window.
    pub window: Window,
    /// Forwarded.
    pub accepted: Counters,
    /// Refused.
    pub refused: Counters,
}

impl KernelTotal {
    /// A window in which nothing was counted.
    pub fn nothing(window: Window) -> Self {
        Self { window, accepted: Counters::default(), refused: Counters::default() }
    }
}
