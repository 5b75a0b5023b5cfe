//! Moments, and the windows that time is cut into.
//!
//! Hides: the unit of a moment (milliseconds) and how a window is aligned.
//! Knows nothing of: the clock; `now` is always an argument.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A moment: milliseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `wait` later.
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment `wait` earlier.
    #[must_use]
    pub fn minus(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.div_euclid(1000), self.0.rem_euclid(1000))
    }
}

/// Tells the moment. Only the program itself makes one that reads the machine's clock; tests make their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A span of time: `from` included, `to` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first moment inside.
    pub from: Timestamp,
    /// The first moment after.
    pub to: Timestamp,
}

impl TimeRange {
    /// Every moment that can be written.
    pub const ALWAYS: Self = Self { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };

    /// Whether `at` lies inside.
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// How long a capture window is: 10, 60, 300 or 600 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowLength(u32);

/// A number of seconds that is no window length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a window of {seconds} seconds is not offered: choose 10, 60, 300 or 600")]
pub struct InvalidWindowLength {
    seconds: u32,
}

impl WindowLength {
    /// The default: one minute.
    pub const MINUTE: Self = Self(60);

    /// Unit: seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// The length as a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }

    /// The window that contains `at`; windows are aligned to the Unix epoch, but for one that begins before all moments:
    /// it begins with the first of them.
    pub fn window_of(self, at: Timestamp) -> Window {
        let length = i64::from(self.0) * 1000;
        Window { start: Timestamp(at.0.div_euclid(length).saturating_mul(length)), length: self }
    }
}

impl Default for WindowLength {
    fn default() -> Self {
        Self::MINUTE
    }
}

impl TryFrom<u32> for WindowLength {
    type Error = InvalidWindowLength;

    fn try_from(seconds: u32) -> Result<Self, InvalidWindowLength> {
        if matches!(seconds, 10 | 60 | 300 | 600) {
            Ok(Self(seconds))
        } else {
            Err(InvalidWindowLength { seconds })
        }
    }
}

/// A fixed span of time, aligned to the clock, in which the events of a flow are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    start: Timestamp,
    length: WindowLength,
}

impl Window {
    /// The first moment of the window.
    pub const fn start(self) -> Timestamp {
        self.start
    }

    /// The first moment after the window.
    pub fn end(self) -> Timestamp {
        self.start.plus(self.length.duration())
    }

    /// How long the window is.
    pub const fn length(self) -> WindowLength {
        self.length
    }

    /// Whether `at` lies in the window: start included, end excluded.
    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end()
    }

    /// The window that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self { start: self.end(), length: self.length }
    }

    /// The window before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { start: self.start.minus(self.length.duration()), length: self.length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_aligned_and_half_open() {
        let window = WindowLength::MINUTE.window_of(Timestamp::from_millis(119_999));
        assert_eq!((window.start().seconds(), window.end().seconds()), (60, 120));
        assert!(window.contains(Timestamp::from_seconds(60)));
        assert!(!window.contains(Timestamp::from_seconds(120)));
        assert_eq!(window.next().start(), window.end());
        assert_eq!(window.next().previous(), window);
    }

    #[test]
    fn the_first_moment_of_all_has_its_window() {
        let first = Timestamp::from_millis(i64::MIN);
        let window = WindowLength::MINUTE.window_of(first);
        assert!(window.start() == first && window.contains(first));
    }

    #[test]
    fn only_four_lengths_are_offered() {
        assert_eq!(WindowLength::try_from(10).unwrap().seconds(), 10);
        assert!(WindowLength::try_from(61).unwrap_err().to_string().contains("10, 60, 300 or 600"));
    }
}
