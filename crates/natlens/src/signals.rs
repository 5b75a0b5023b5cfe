//! Turns SIGINT and SIGTERM into a clean stop.
//!
//! Hides: signal handlers.
//! Knows nothing of: what stops, and how long it takes.

use std::thread;
use std::time::Duration;

use agent::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// How long one wait lasts; it is repeated, so the number matters to nobody.
const WAIT: Duration = Duration::from_secs(3600);

/// A stop that the first SIGINT or SIGTERM asks for; a second one ends the process at once.
pub(crate) fn stop() -> Result<Stop, Failure> {
    let failed = |source| Failure::Start { what: "listening to signals", source };
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let stop = Stop::new();
    let asked = stop.clone();
    let wait = move || {
        for signal in signals.forever() {
            if asked.is_asked() {
                // There is nobody left to tell when this fails.
                signal_hook::low_level::emulate_default_handler(signal).ok();
            }
            asked.now();
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map_err(failed)?;
    Ok(stop)
}

/// Returns when `stop` is asked for.
pub(crate) fn wait(stop: &Stop) {
    while !stop.wait(WAIT) {}
}
