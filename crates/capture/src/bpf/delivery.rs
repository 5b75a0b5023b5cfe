//! Takes what the kernel counted in windows that are over, part by part.
//!
//! Hides: which maps are empty already, and what has been taken of which window since the first part.
//! Knows nothing of: what was lost, what becomes of events.

use std::collections::BTreeMap;

use flow::{Counters, Event, KernelTotal, Verdict, Window};

use crate::bpf::judge::{Judge, Rules};
use crate::bpf::program::{FlowMap, Programs, flow_maps};
use crate::bpf::told::parity;
use crate::source::SourceError;

/// After how many events a part ends, with those that came with the last of them: about 10 MB.
pub(super) const PART_EVENTS: usize = 50_000;

/// What was taken of each window: accepted and refused.
pub(super) type Sums = BTreeMap<Window, KernelTotal>;

/// Windows that are being delivered.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Every window before it is complete with the last part.
    until: Window,
    parities: Vec<usize>,
    /// Those that may hold entries, each with its parity.
    maps: Vec<(usize, FlowMap)>,
    sums: Sums,
    rules: Rules,
}

impl Delivery {
    /// Begins to deliver the windows from `next` to before `until`.
    pub(super) fn begin(next: Window, until: Window) -> Self {
        let in_time = next.next() == until;
        // When late, windows that are not complete fill the same maps; their flows so far become events of their own.
        let parities = if in_time { vec![parity(next)] } else { vec![0, 1] };
        let maps = parities.iter().flat_map(|of| flow_maps(*of).map(|map| (*of, map))).collect();
        Self { until, parities, maps, sums: Sums::new(), rules: Rules::default() }
    }

    pub(super) const fn until(&self) -> Window {
        self.until
    }

    pub(super) fn parities(&self) -> &[usize] {
        &self.parities
    }

    /// What all parts so far took.
    pub(super) const fn sums(&self) -> &Sums {
        &self.sums
    }

    /// Takes the next part; returns whether that was the last.
    pub(super) fn take(
        &mut self,
        programs: &Programs,
        judge: Judge<'_>,
        delivered: &mut [Counters; 2],
        taken: &mut Vec<Event>,
    ) -> Result<bool, SourceError> {
        let length = self.until.length();
        while let Some((parity, map)) = self.maps.last_mut() {
            let Some(delivered) = delivered.get_mut(*parity) else { break };
            let has_more = programs.take(map, |entry| {
                let event = judge.event(&mut self.rules, entry);
                let packets = event.forward.plus(event.reply);
                *delivered = delivered.plus(packets);
                let window = length.window_of(event.first);
                let sum = self.sums.entry(window).or_insert_with(|| KernelTotal::nothing(window));
                match event.verdict {
                    Verdict::Accept => sum.accepted = sum.accepted.plus(packets),
                    Verdict::Reject(_) => sum.refused = sum.refused.plus(packets),
                }
                taken.push(event);
            })?;
            if !has_more {
                self.maps.pop();
            }
            if taken.len() >= PART_EVENTS {
                break;
            }
        }
        Ok(self.maps.is_empty())
    }

    /// The window that fills the maps of a parity while the clock stands in `live`, if it is none of those delivered.
    ///
    /// A delivery in time meets one only when it ends later than a whole window after it could have begun.
    pub(super) fn not_complete(&self, of: usize, live: Window) -> Option<Window> {
        let newest = if parity(live) == of { live } else { live.previous() };
        (self.until <= newest).then_some(newest)
    }
}

#[cfg(test)]
mod tests {
    use flow::{Timestamp, WindowLength};

    use super::*;

    fn minute(number: i64) -> Window {
        WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
    }

    fn not_complete(delivery: &Delivery, live: i64) -> Vec<Option<Window>> {
        delivery.parities().iter().map(|of| delivery.not_complete(*of, minute(live))).collect()
    }

    #[test]
    fn a_delivery_in_time_takes_what_no_other_window_fills() {
        let delivery = Delivery::begin(minute(2), minute(3));
        assert_eq!(delivery.parities(), [0]);
        assert_eq!(not_complete(&delivery, 3), [None]);
    }

    #[test]
    fn a_delivery_that_ends_a_window_later_has_taken_of_the_next_in_the_same_map() {
        let delivery = Delivery::begin(minute(2), minute(3));
        assert_eq!(not_complete(&delivery, 4), [Some(minute(4))]);
        assert_eq!(not_complete(&delivery, 5), [Some(minute(4))], "it is over, and not delivered");
    }

    #[test]
    fn a_late_delivery_takes_both_maps() {
        let delivery = Delivery::begin(minute(2), minute(5));
        assert_eq!(delivery.parities(), [0, 1]);
        assert_eq!(not_complete(&delivery, 5), [None, Some(minute(5))]);
        assert_eq!(not_complete(&delivery, 6), [Some(minute(6)), Some(minute(5))]);
    }
}
