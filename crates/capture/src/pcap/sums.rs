//! Sums packets into events, one for each flow and window.
//!
//! Hides: which windows are open, and when one is complete.
//! Knows nothing of: capture files, how a packet's flow is known.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use flow::{Counters, Event, FlowKey, Loss, LossCause, Timestamp, Window, WindowLength};

use super::file::Moment;

/// How much later than its successors a packet may come: it may have waited for the first part of its datagram, and then
/// for its likeness on the other side of the gateway, two seconds each.
const LATENESS_MAX: Duration = Duration::from_secs(5);

/// The most flows of all open windows; at about 300 bytes each this bounds them to 300 MB.
const FLOWS_MAX: usize = 1_000_000;

/// The open windows.
#[derive(Debug)]
pub(super) struct Sums {
    length: WindowLength,
    open: BTreeMap<Window, HashMap<FlowKey, Event>>,
    flows: usize,
    flows_max: usize,
    lost: BTreeMap<(Window, LossCause), Counters>,
    newest: Moment,
    complete_until: Timestamp,
}

impl Sums {
    pub(super) fn new(length: WindowLength) -> Self {
        Self {
            length,
            open: BTreeMap::new(),
            flows: 0,
            flows_max: FLOWS_MAX,
            lost: BTreeMap::new(),
            newest: Moment::default(),
            complete_until: Timestamp::default(),
        }
    }

    /// Adds an event of one packet, captured at `at`.
    pub(super) fn add(&mut self, at: Moment, event: Event) {
        self.newest = self.newest.max(at);
        let window = self.length.window_of(event.first);
        let counted = event.forward.plus(event.reply);
        if window.start() < self.complete_until {
            return self.lose(at, counted, LossCause::OutOfOrder);
        }
        let flows = self.open.entry(window).or_default();
        if let Some(sum) = flows.get_mut(&event.key) {
            sum.first = sum.first.min(event.first);
            sum.last = sum.last.max(event.last);
            sum.forward = sum.forward.plus(event.forward);
            sum.reply = sum.reply.plus(event.reply);
            sum.tcp_flags |= event.tcp_flags;
            sum.interface_in = sum.interface_in.take().or(event.interface_in);
            sum.interface_out = sum.interface_out.take().or(event.interface_out);
        } else if self.flows < self.flows_max {
            self.flows += 1;
            flows.insert(event.key, event);
        } else {
            self.lose(at, counted, LossCause::TooManyFlows);
        }
    }

    /// Notes that packets captured at `at` are in no event. Those of a window that is complete already are told with
    /// the next that becomes complete.
    pub(super) fn lose(&mut self, at: Moment, packets: Counters, cause: LossCause) {
        self.newest = self.newest.max(at);
        let window = self.length.window_of(at.timestamp().max(self.complete_until));
        let lost = self.lost.entry((window, cause)).or_default();
        *lost = lost.plus(packets);
    }

    /// Gives back the windows that no packet can come for any more; returns the moment until which all is given back.
    pub(super) fn close(&mut self, events: &mut Vec<Event>, losses: &mut Vec<Loss>) -> Timestamp {
        let until = self.length.window_of(self.newest.minus(LATENESS_MAX).timestamp()).start();
        // What lies before the capture is not complete: nobody watched.
        let begins = self.lost.keys().map(|(window, _)| *window).chain(self.open.keys().copied()).min();
        if begins.is_none_or(|first| until <= first.start()) {
            return self.complete_until;
        }
        self.close_until(until, events, losses)
    }

    /// Gives back all windows.
    pub(super) fn close_all(&mut self, events: &mut Vec<Event>, losses: &mut Vec<Loss>) -> Timestamp {
        let until = self.length.window_of(self.newest.timestamp().max(self.complete_until)).end();
        self.close_until(until, events, losses)
    }

    fn close_until(
        &mut self,
        until: Timestamp,
        events: &mut Vec<Event>,
        losses: &mut Vec<Loss>,
    ) -> Timestamp {
        let until = until.max(self.complete_until);
        let still_open = self.open.split_off(&self.length.window_of(until));
        for flows in std::mem::replace(&mut self.open, still_open).into_values() {
            self.flows -= flows.len();
            let given = events.len();
            events.extend(flows.into_values());
            if let Some(window) = events.get_mut(given..) {
                window.sort_unstable_by_key(|event| event.key);
            }
        }
        while let Some(entry) = self.lost.first_entry().filter(|entry| entry.key().0.end() <= until) {
            let ((window, cause), Counters { packets, bytes }) = entry.remove_entry();
            losses.push(Loss { window, packets, bytes, cause });
        }
        self.complete_until = until;
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow::{Tuple, Verdict};

    fn packet(second: i64, port: u16) -> (Moment, Event) {
        let at = Moment::from_nanos(i128::from(second) * 1_000_000_000);
        let address = "192.0.2.1".parse().unwrap();
        let original = Tuple { srcaddr: address, dstaddr: address, srcport: port, dstport: 53 };
        let event = Event {
            key: FlowKey { protocol: 17, original, translated: None },
            first: at.timestamp(),
            last: at.timestamp(),
            forward: Counters { packets: 1, bytes: 100 },
            reply: Counters::default(),
            verdict: Verdict::Accept,
            tcp_flags: 0,
            interface_in: None,
            interface_out: None,
        };
        (at, event)
    }

    #[test]
    fn what_comes_too_late_or_has_no_room_is_counted_as_lost() {
        let mut sums = Sums { flows_max: 2, ..Sums::new(WindowLength::try_from(10).unwrap()) };
        let (mut events, mut losses) = (Vec::new(), Vec::new());
        for (second, port) in [(1, 1), (2, 1), (3, 2), (4, 3), (9, 1), (16, 1), (17, 1)] {
            let (at, event) = packet(second, port);
            sums.add(at, event);
            sums.close(&mut events, &mut losses);
        }
        let (at, late) = packet(8, 1);
        sums.add(at, late);
        assert_eq!(sums.close_all(&mut events, &mut losses).seconds(), 20);
        let found: Vec<_> = events
            .iter()
            .map(|event| (event.first.seconds(), event.key.original.srcport, event.forward.packets))
            .collect();
        assert_eq!(found, [(1, 1, 3), (3, 2, 1), (17, 1, 1)]);
        let lost: Vec<_> =
            losses.iter().map(|loss| (loss.window.start().seconds(), loss.cause, loss.packets)).collect();
        let full = LossCause::TooManyFlows;
        assert_eq!(lost, [(0, full, 1), (10, full, 1), (10, LossCause::OutOfOrder, 1)]);
    }
}
