//! Numbers windows, and says which of them lost what.
//!
//! Hides: which map a window is summed in, and that the kernel cannot tell windows of one map apart.
//! Knows nothing of: programs, maps.

use flow::{Counters, Loss, LossCause, Timestamp, Window, WindowLength};

/// The most windows that one late call reports losses for, the newest: a day of minutes.
const LATE_WINDOWS_MAX: usize = 1440;

/// The number of a window since the Unix epoch, as the kernel programs count it.
pub(super) fn number(window: Window) -> u64 {
    let number = window.start().seconds() / i64::from(window.length().seconds());
    u64::try_from(number).unwrap_or(0)
}

/// The window of a number.
pub(super) fn numbered(number: u64, length: WindowLength) -> Window {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    length.window_of(Timestamp::from_seconds(number.saturating_mul(i64::from(length.seconds()))))
}

/// Which of the two maps a window is summed in.
pub(super) fn parity(window: Window) -> usize {
    let number = window.start().seconds() / i64::from(window.length().seconds());
    usize::from(number % 2 != 0)
}

/// The windows of one parity from `first` to before `until`, at most the newest [`LATE_WINDOWS_MAX`], oldest first.
pub(super) fn windows_between(first: Window, until: Window, of: usize) -> Vec<Window> {
    let told_at_most =
        until.length().duration().saturating_mul(u32::try_from(LATE_WINDOWS_MAX).unwrap_or(u32::MAX));
    let oldest_told = until.length().window_of(until.start().minus(told_at_most));
    let mut windows = Vec::new();
    let mut window = first.max(oldest_told);
    while window < until {
        if parity(window) == of {
            windows.push(window);
        }
        window = window.next();
    }
    windows
}

/// The losses of `windows`, oldest first, of which the newest carries the number.
pub(super) fn told(cause: LossCause, lost: Counters, windows: &[Window]) -> Vec<Loss> {
    if lost.packets == 0 {
        return Vec::new();
    }
    let newest = windows.last();
    let of = |window: &Window| if Some(window) == newest { lost } else { Counters::default() };
    let loss = |window: &Window| {
        let Counters { packets, bytes } = of(window);
        Loss { window: *window, packets, bytes, cause }
    };
    windows.iter().map(loss).collect()
}

/// The windows from `next` on that began before `since`, from when on everything was watched.
pub(super) fn unwatched(next: Window, since: Timestamp) -> Vec<Loss> {
    let until = if next.start() < since { next.length().window_of(since).next() } else { next };
    let mut windows = [windows_between(next, until, 0), windows_between(next, until, 1)].concat();
    windows.sort_unstable();
    let loss = |window| Loss::unknown(window, LossCause::NotWatching);
    windows.into_iter().map(loss).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: i64) -> Window {
        WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
    }

    #[test]
    fn neighbouring_windows_never_share_a_map() {
        for number in [-3, -1, 0, 1, 2, 29_000_001] {
            assert_ne!(parity(minute(number)), parity(minute(number + 1)), "window {number}");
        }
    }

    #[test]
    fn a_late_call_reports_at_most_a_day_of_windows() {
        assert_eq!(windows_between(minute(10), minute(13), 0), [minute(10), minute(12)]);
        assert_eq!(windows_between(minute(0), minute(1_000_000), 0).len(), LATE_WINDOWS_MAX / 2);
    }

    #[test]
    fn a_window_has_a_number_and_a_number_a_window() {
        for window in [minute(0), minute(1), minute(29_000_001)] {
            assert_eq!(numbered(number(window), window.length()), window);
        }
    }

    #[test]
    fn only_windows_that_began_before_everything_was_watched_are_unwatched() {
        let windows = |next, since| {
            unwatched(minute(next), Timestamp::from_seconds(since)).into_iter().map(|loss| loss.window)
        };
        assert_eq!(windows(10, 600).count(), 0);
        assert_eq!(windows(10, 599).count(), 0);
        assert!(windows(10, 601).eq([minute(10)]));
        assert!(windows(10, 725).eq([minute(10), minute(11), minute(12)]));
    }
}
