//! Remembers what windows lost until they are complete.
//!
//! Hides: that a cause is told once for each window, with the sum of its packets.
//! Knows nothing of: how a loss is noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::{Loss, LossCause, Window};

/// The longest time that one late poll reports losses for.
const LATE_TOLD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Packets by window and cause, not yet told.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    packets: BTreeMap<(Window, LossCause), u64>,
}

impl Losses {
    /// Notes that `packets` of a window are missing; zero when nobody knows how many.
    pub(crate) fn add(&mut self, window: Window, cause: LossCause, packets: u64) {
        let known = self.packets.entry((window, cause)).or_default();
        *known = known.saturating_add(packets);
    }

    /// Notes that windows from `next` to before `current` were polled together. In time there is one; of several nobody
    /// knows which packets passed in which.
    pub(crate) fn polled_late(&mut self, next: Window, current: Window) {
        let in_time = next.next() >= current;
        if in_time {
            return;
        }
        self.add(next, LossCause::PolledLate, 0);
        let oldest_told = current.length().window_of(current.start().minus(LATE_TOLD_MAX));
        let mut window = next.next().max(oldest_told);
        while window < current {
            self.add(window, LossCause::PolledLate, 0);
            window = window.next();
        }
    }

    /// Takes the losses of windows before `window`, oldest first.
    pub(crate) fn take_before(&mut self, window: Window) -> Vec<Loss> {
        let taken = self.packets.extract_if(.., |(lost_in, _), _| *lost_in < window);
        taken.map(|((window, cause), packets)| Loss { window, packets, bytes: 0, cause }).collect()
    }
}

#[cfg(test)]
mod tests {
    use flow::{Timestamp, WindowLength};

    use super::*;

    fn minute(number: i64) -> Window {
        WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
    }

    #[test]
    fn windows_that_a_late_poll_blurs_are_named_and_no_other() {
        let mut losses = Losses::default();
        losses.polled_late(minute(1), minute(2));
        assert_eq!(losses.take_before(minute(9)), [], "in time");
        losses.polled_late(minute(2), minute(5));
        let told = losses.take_before(minute(5)).into_iter();
        let told: Vec<_> = told.map(|loss| (loss.window, loss.cause)).collect();
        assert_eq!(told, [2, 3, 4].map(|number| (minute(number), LossCause::PolledLate)));
        losses.polled_late(minute(5), minute(1_000_000));
        assert_eq!(losses.take_before(minute(1_000_000)).len(), 24 * 60 + 1);
    }

    #[test]
    fn a_window_that_is_not_complete_keeps_its_losses() {
        let mut losses = Losses::default();
        losses.add(minute(2), LossCause::RefusalsDropped, 3);
        losses.add(minute(2), LossCause::RefusalsDropped, 4);
        assert_eq!(losses.take_before(minute(2)), []);
        let packets: Vec<u64> = losses.take_before(minute(3)).iter().map(|loss| loss.packets).collect();
        assert_eq!((packets, losses.take_before(minute(3))), (vec![7], Vec::new()));
    }
}
