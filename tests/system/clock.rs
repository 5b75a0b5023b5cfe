//! The machine's clock, which the windows of the system follow.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use flow::{Timestamp, Window, WindowLength};

/// How often something is looked at that is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// How far from the edge of a window known traffic keeps, so that no clock's inaccuracy moves a packet over it.
const EDGE: Duration = Duration::from_millis(300);

#[expect(clippy::disallowed_methods, reason = "the system under test follows the machine's clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("it is before the year 292 million"))
}

pub(crate) fn window_now(length: WindowLength) -> Window {
    length.window_of(now())
}

/// Waits until the window after this one has begun; returns it. Windows cannot be hurried.
pub(crate) fn next_window(length: WindowLength) -> Window {
    let next = window_now(length).next();
    wait_until(next.start().plus(EDGE));
    next
}

/// Waits until the window after `window` has begun; returns it.
#[track_caller]
pub(crate) fn next_window_after(window: Window) -> Window {
    let next = window.next();
    assert!(now() < next.end(), "the machine is too slow for this test");
    wait_until(next.start().plus(EDGE));
    next
}

pub(crate) fn wait_until(at: Timestamp) {
    thread::sleep(at.since(now()));
}

/// Waits until `look` finds something.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "measures patience with the program under test")]
pub(crate) fn wait_for<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < patience, "waited {} s in vain for {what}", patience.as_secs());
        thread::sleep(LOOK);
    }
}
