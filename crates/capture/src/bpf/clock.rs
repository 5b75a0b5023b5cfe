//! Keeps the kernel's monotonic clock and the caller's clock together.
//!
//! Hides: that a caller's moment is older than the look at the kernel's clock, by as long as the thread was not run.
//! Knows nothing of: windows, maps.

use flow::Timestamp;
use nix::time::{ClockId, clock_gettime};

use crate::source::SourceError;

const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A difference that is no delay any more: somebody set the clock, or the machine slept. Unit: nanoseconds.
const STEP: i64 = 200 * NANOS_PER_MILLI;

/// How many looks in a row must show a clock that went back. A thread that was not run for a while shows the same,
/// but not every time.
const STEPS_BACK_MIN: u32 = 3;

/// The distance from the kernel's monotonic clock to the Unix epoch.
#[derive(Debug)]
pub(super) struct KernelClock {
    offset: i64,
    steps_back: u32,
}

/// What a look at both clocks showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// Nothing new.
    AsBefore,
    /// The distance is known better than before.
    Nearer,
    /// One of the clocks was set, forward when positive.
    Set { millis: i64 },
}

/// The kernel's clock. Unit: nanoseconds.
pub(super) fn monotonic() -> Result<i64, SourceError> {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_err(|errno| SourceError::Facts { what: "the kernel's clock", source: errno.into() })?;
    Ok(time.tv_sec() * NANOS_PER_SECOND + time.tv_nsec())
}

impl KernelClock {
    pub(super) fn start(now: Timestamp, monotonic: i64) -> Self {
        Self { offset: distance(now, monotonic), steps_back: 0 }
    }

    /// Add to the kernel's clock for the time since the Unix epoch. Unit: nanoseconds.
    pub(super) fn offset_nanos(&self) -> i64 {
        self.offset
    }

    /// The nearer of this and what an earlier agent found, unless the clock was set since.
    pub(super) fn or_earlier(self, earlier: i64) -> Self {
        let is_nearer = earlier > self.offset && earlier <= self.offset + STEP;
        if is_nearer { Self { offset: earlier, ..self } } else { self }
    }

    /// The first whole millisecond after a look at the kernel's clock.
    pub(super) fn moment(&self, monotonic: i64) -> Timestamp {
        Timestamp::from_millis(self.offset.saturating_add(monotonic) / NANOS_PER_MILLI + 1)
    }

    /// How far the clock was set forward since an earlier agent found that distance, if it was. Unit: milliseconds.
    ///
    /// A clock that seems to have gone back may be a delay; looks that follow tell.
    pub(super) fn was_set_since(&self, earlier: i64) -> Option<i64> {
        let moved = self.offset - earlier;
        (moved > STEP).then_some(moved / NANOS_PER_MILLI)
    }

    /// Looks again. Every look shows the true distance less a delay, so the largest is nearest to the truth.
    pub(super) fn follow(&mut self, now: Timestamp, monotonic: i64) -> Followed {
        let seen = distance(now, monotonic);
        let set = Followed::Set { millis: (seen - self.offset) / NANOS_PER_MILLI };
        if seen > self.offset + STEP {
            return set;
        }
        if seen < self.offset - STEP {
            self.steps_back += 1;
            return if self.steps_back >= STEPS_BACK_MIN { set } else { Followed::AsBefore };
        }
        self.steps_back = 0;
        if seen > self.offset {
            self.offset = seen;
            return Followed::Nearer;
        }
        Followed::AsBefore
    }
}

fn distance(now: Timestamp, monotonic: i64) -> i64 {
    now.millis().saturating_mul(NANOS_PER_MILLI).saturating_sub(monotonic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_thread_that_was_not_run_does_not_move_the_clock() {
        let mut clock = KernelClock::start(at(1_000_000), 900);
        assert_eq!(clock.follow(at(1_001_000), 1_000_000_200), Followed::Nearer);
        let offset = clock.offset_nanos();
        assert_eq!(clock.follow(at(1_002_000), 2_000_000_900), Followed::AsBefore);
        assert_eq!(clock.follow(at(1_003_000), 3_500_000_000), Followed::AsBefore, "half a second not run");
        assert_eq!(clock.offset_nanos(), offset);
    }

    #[test]
    fn a_restart_does_not_move_the_clock() {
        let earlier = KernelClock::start(at(1_000_000), 900).offset_nanos();
        let delayed = || KernelClock::start(at(1_000_500), 520_000_900);
        assert_eq!(delayed().or_earlier(earlier).offset_nanos(), earlier, "20 ms not run");
        assert_eq!(delayed().was_set_since(earlier), None);
        assert_eq!(KernelClock::start(at(1_003_000), 900).was_set_since(earlier), Some(3000));
    }

    #[test]
    fn a_clock_that_was_set_is_noticed() {
        let mut clock = KernelClock::start(at(1_000_000), 0);
        assert_eq!(clock.follow(at(1_003_000), 1_000_000_000), Followed::Set { millis: 2000 });
        let back = Followed::Set { millis: -3000 };
        let looks: Vec<Followed> =
            (1..=3).map(|second| clock.follow(at(997_000 + second * 1000), second * 1_000_000_000)).collect();
        assert_eq!(looks, [Followed::AsBefore, Followed::AsBefore, back]);
    }
}
