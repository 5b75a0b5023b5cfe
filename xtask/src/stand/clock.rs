//! The machine's clock, which the windows under measurement follow.
//!
//! Hides: how it is waited for.
//! Knows nothing of: what happens meanwhile.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flow::{Timestamp, Window, WindowLength};

use super::StandError;

#[expect(clippy::disallowed_methods, reason = "a measurement is a program of its own: this is its clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn wait_until(at: Timestamp) {
    thread::sleep(at.since(now()));
}

/// Waits until the next window of that length has begun; returns it.
pub(crate) fn next_window(length: WindowLength) -> Window {
    let next = length.window_of(now()).next();
    wait_until(next.start());
    next
}

/// Looks every `pause` until there is something.
#[expect(clippy::disallowed_methods, reason = "measures patience with the program under measurement")]
pub(crate) fn wait_for<T>(
    what: &str,
    patience: Duration,
    pause: Duration,
    mut look: impl FnMut() -> Result<Option<T>, StandError>,
) -> Result<T, StandError> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            return Err(StandError::TooLate { what: what.to_owned(), seconds: patience.as_secs() });
        }
        thread::sleep(pause);
    }
}
