//! Tells what the kernel counted, window by window.
//!
//! Hides: that the kernel sums all windows of a map, and that a late call finds several of them in one sum.
//! Knows nothing of: how the sums are read, what was lost and why.

use flow::{Counters, KernelTotal, Loss, Window};

use crate::bpf::delivery::Sums;
use crate::bpf::layout::{Totals, less};

/// What was told of the kernel's sums, and what is still to be told.
#[derive(Debug)]
pub(super) struct KernelTotals {
    /// Accepted and refused, of even and odd windows, since the programs were loaded.
    told: [[Counters; 2]; 2],
    /// Told already, and not yet given to the caller, because a later step failed.
    waiting: Vec<KernelTotal>,
}

impl KernelTotals {
    /// Everything in `known` was told by an earlier source.
    pub(super) fn told_until(known: [Totals; 2]) -> Self {
        Self { told: known.map(|totals| [totals.forwarded, totals.refused]), waiting: Vec::new() }
    }

    /// Tells of windows of one parity, oldest first, each with the share that is known to be its own; the newest of
    /// them has the rest of what the kernel counted.
    pub(super) fn tell(&mut self, of: usize, counted: Totals, mut shares: Vec<KernelTotal>) {
        let Some((newest, older)) = shares.split_last_mut() else { return };
        let told = self.told.get(of).copied().unwrap_or_default();
        let [accepted, refused] = older.iter().fold(told, added);
        newest.accepted = less(counted.forwarded, accepted);
        newest.refused = less(counted.refused, refused);
        self.tell_shares(of, shares);
    }

    /// Tells of windows whose sum still grows, with what a later window fills in the same map: the rest is the latter's.
    pub(super) fn tell_shares(&mut self, of: usize, shares: Vec<KernelTotal>) {
        if let Some(told) = self.told.get_mut(of) {
            *told = shares.iter().fold(*told, added);
        }
        self.waiting.extend(shares);
    }

    /// Accepted and refused that were told, of even and odd windows.
    pub(super) const fn told(&self) -> [[Counters; 2]; 2] {
        self.told
    }

    /// Takes what was told, oldest first.
    pub(super) fn take(&mut self) -> Vec<KernelTotal> {
        self.waiting.sort_by_key(|total| total.window);
        std::mem::take(&mut self.waiting)
    }
}

/// What `windows` are known to have counted themselves: what was taken of them, and what they lost.
pub(super) fn shares(windows: &[Window], taken: &Sums, losses: &[Loss]) -> Vec<KernelTotal> {
    let share = |window: &Window| {
        let nothing = KernelTotal::nothing(*window);
        let share = taken.get(window).cloned().unwrap_or(nothing);
        // Nobody knows the verdict of what was lost; most packets of a gateway pass.
        let lost = losses.iter().filter(|loss| loss.window == *window).map(Loss::counters);
        KernelTotal { accepted: lost.fold(share.accepted, Counters::plus), ..share }
    };
    windows.iter().map(share).collect()
}

fn added([accepted, refused]: [Counters; 2], total: &KernelTotal) -> [Counters; 2] {
    [accepted.plus(total.accepted), refused.plus(total.refused)]
}

#[cfg(test)]
mod tests {
    use flow::{LossCause, Timestamp, WindowLength};

    use super::*;

    fn minute(number: i64) -> Window {
        WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
    }

    fn packets(packets: u64) -> Counters {
        Counters { packets, bytes: packets * 100 }
    }

    fn counted(forwarded: u64, refused: u64) -> Totals {
        Totals { forwarded: packets(forwarded), refused: packets(refused), ..Totals::default() }
    }

    fn share(number: i64, accepted: u64) -> KernelTotal {
        KernelTotal { accepted: packets(accepted), ..KernelTotal::nothing(minute(number)) }
    }

    fn told(totals: &mut KernelTotals) -> Vec<(i64, u64, u64)> {
        let told = totals.take().into_iter();
        told.map(|total| (total.window.start().seconds() / 60, total.accepted.packets, total.refused.packets))
            .collect()
    }

    #[test]
    fn a_window_has_what_was_counted_since_the_one_before() {
        let mut totals = KernelTotals::told_until([counted(10, 1), Totals::default()]);
        totals.tell(0, counted(17, 3), vec![KernelTotal::nothing(minute(2))]);
        totals.tell(1, counted(4, 0), vec![KernelTotal::nothing(minute(3))]);
        assert_eq!(told(&mut totals), [(2, 7, 2), (3, 4, 0)]);
        totals.tell(0, counted(17, 3), vec![KernelTotal::nothing(minute(4))]);
        assert_eq!(told(&mut totals), [(4, 0, 0)]);
    }

    #[test]
    fn windows_that_a_late_call_finds_together_are_the_sum_together() {
        let mut totals = KernelTotals::told_until(Default::default());
        totals.tell(0, counted(20, 2), vec![share(2, 5), share(4, 6)]);
        assert_eq!(told(&mut totals), [(2, 5, 0), (4, 15, 2)]);
        // Minute 5 goes on; what it has so far is told when it is complete.
        totals.tell_shares(1, vec![share(3, 7)]);
        totals.tell(1, counted(30, 0), vec![KernelTotal::nothing(minute(5))]);
        assert_eq!(told(&mut totals), [(3, 7, 0), (5, 23, 0)]);
    }

    #[test]
    fn what_an_older_window_lost_is_its_own() {
        let loss = Loss { packets: 3, bytes: 300, ..Loss::unknown(minute(2), LossCause::NotKept) };
        let taken = Sums::from([(minute(4), share(4, 5)), (minute(6), share(6, 7))]);
        assert_eq!(shares(&[minute(2), minute(4)], &taken, &[loss]), [share(2, 3), share(4, 5)]);
    }
}
