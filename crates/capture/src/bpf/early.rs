//! What a late call takes of windows that are not complete.
//!
//! Hides: that nobody can have kept it, so that a note says neither that it was delivered nor that its losses were told.
//! Knows nothing of: how maps are emptied, where a note is written.

use flow::{Counters, Loss, LossCause, Window};

use crate::bpf::delivery::Sums;
use crate::bpf::layout::{Totals, less};
use crate::bpf::told::parity;

/// What was taken out of the maps of even and odd windows, and belongs to windows that go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Early {
    taken: [Counters; 2],
}

impl Early {
    /// Every window before `current` of these parities is complete; `taken` is what the delivery took.
    pub(super) fn completed(&mut self, parities: &[usize], current: Window, taken: &Sums) {
        for of in parities {
            let Some(sum) = self.taken.get_mut(*of) else { continue };
            let early = taken.range(current..).filter(|(window, _)| parity(**window) == *of);
            *sum = early
                .fold(Counters::default(), |sum, (_, total)| sum.plus(total.accepted).plus(total.refused));
        }
    }

    /// What was delivered, as far as it can have been kept.
    pub(super) fn without_taken(&self, delivered: [Counters; 2]) -> [Counters; 2] {
        let [even, odd] = delivered;
        let [taken_even, taken_odd] = self.taken;
        [less(even, taken_even), less(odd, taken_odd)]
    }
}

/// The totals as far as they, accepted and refused, and their losses were told.
pub(super) fn told_of(known: [Totals; 2], told: [[Counters; 2]; 2], untold: &[Loss]) -> [Totals; 2] {
    let lost = |of: usize, cause: LossCause| {
        let losses = untold.iter().filter(|loss| loss.cause == cause && parity(loss.window) == of);
        losses.fold(Counters::default(), |sum, loss| sum.plus(loss.counters()))
    };
    let of = |of: usize, known: Totals, [forwarded, refused]: [Counters; 2]| Totals {
        forwarded,
        refused,
        full: less(known.full, lost(of, LossCause::TooManyFlows)),
        late: less(known.late, lost(of, LossCause::PolledLate)),
        ..known
    };
    let ([known_even, known_odd], [told_even, told_odd]) = (known, told);
    [of(0, known_even, told_even), of(1, known_odd, told_odd)]
}

#[cfg(test)]
mod tests {
    use flow::{Timestamp, WindowLength};

    use super::*;

    fn packets(packets: u64) -> Counters {
        Counters { packets, bytes: packets * 100 }
    }

    fn minute(number: i64) -> Window {
        WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
    }

    #[test]
    fn losses_and_counts_of_windows_that_go_on_are_left_to_the_next_source() {
        let counted = |all: u64| Totals {
            forwarded: packets(all),
            refused: packets(1),
            full: packets(5),
            late: packets(7),
            ..Totals::default()
        };
        let loss = |window, cause| Loss { packets: 2, bytes: 200, ..Loss::unknown(window, cause) };
        let untold = [loss(minute(4), LossCause::PolledLate), loss(minute(5), LossCause::TooManyFlows)];
        let told = [[packets(30), packets(1)], [packets(40), packets(0)]];
        let [even, odd] = told_of([counted(33), counted(44)], told, &untold);
        assert_eq!(even, Totals { late: packets(5), ..counted(30) });
        assert_eq!(odd, Totals { full: packets(3), refused: packets(0), ..counted(40) });
    }
}
