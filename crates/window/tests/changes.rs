//! Laws of windows of every length, and of flow logs that come and go: none leaves a gap, none counts twice.
//!
//! Hides: how random events are made.
//! Knows nothing of: the inside of `Windows`.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::collections::BTreeMap;

use flow::{
    CollectionScope, CollectionType, Counters, Event, FlowKey, FlowLog, FlowLogId, LogStatus, RejectReason,
    Rejection, Timestamp, Tuple, Verdict, WindowLength,
};
use proptest::collection::vec;
use proptest::prelude::*;
use window::{ClosedWindow, WindowSettings, Windows, private_prefixes};

/// Everything that the events of these tests touch is closed by then, whatever the length of a window.
const END: Timestamp = Timestamp::from_seconds(3600);

fn length() -> impl Strategy<Value = WindowLength> {
    prop::sample::select(vec![10_u32, 60, 300, 600]).prop_map(|seconds| seconds.try_into().unwrap())
}

fn windows(length: WindowLength) -> Windows {
    let mut windows = Windows::new(WindowSettings {
        account: "1".parse().unwrap(),
        region: "lab".parse().unwrap(),
        gateway: "nat-00000001".parse().unwrap(),
        vpc: None,
        length,
        inside: private_prefixes(),
    });
    windows.resume(Timestamp::default());
    windows
}

fn flow_log(number: u8) -> FlowLog {
    FlowLog {
        id: format!("fl-0000000{number}").parse().unwrap(),
        scope: CollectionScope::Nat,
        resource: "nat-00000001".to_owned(),
        kind: match number % 3 {
            0 => CollectionType::All,
            1 => CollectionType::Accept,
            _ => CollectionType::Reject,
        },
        topic: "topic-1".parse().unwrap(),
    }
}

/// A flow log, with the kind that its number gives, for every bit that is set.
fn flow_logs(bits: u8) -> Vec<FlowLog> {
    (0..6).filter(|number| bits & (1 << number) != 0).map(flow_log).collect()
}

prop_compose! {
    fn event()(
        (host, port) in (1..4u8, 1..3u16),
        refused in any::<bool>(),
        millis in 0..3_000_000i64,
        (packets, replies) in (1..1000u64, 0..1000u64),
    ) -> Event {
        let original = Tuple {
            srcaddr: [10, 0, 0, host].into(),
            dstaddr: [198, 51, 100, 9].into(),
            srcport: port,
            dstport: 443,
        };
        Event {
            key: FlowKey { protocol: 17, original, translated: Some(original) },
            first: Timestamp::from_millis(millis),
            last: Timestamp::from_millis(millis),
            forward: Counters { packets, bytes: packets * 100 },
            reply: Counters { packets: replies, bytes: replies * 90 },
            verdict: if refused {
                Verdict::Reject(Rejection { reason: RejectReason::Acl, rule: None })
            } else {
                Verdict::Accept
            },
            tcp_flags: 0,
            interface_in: None,
            interface_out: None,
        }
    }
}

/// What the events of each window hold in packets, as a flow log of that kind collects them.
fn expected(events: &[Event], length: WindowLength, kind: CollectionType) -> BTreeMap<Timestamp, u64> {
    let mut packets = BTreeMap::new();
    for event in events {
        let wanted = match kind {
            CollectionType::All => true,
            CollectionType::Accept => event.verdict == Verdict::Accept,
            CollectionType::Reject => event.verdict != Verdict::Accept,
        };
        if wanted {
            *packets.entry(length.window_of(event.first).start()).or_insert(0) +=
                event.forward.packets + event.reply.packets;
        }
    }
    packets
}

/// Packets of each window that one flow log recorded.
fn recorded(closed: &[ClosedWindow], id: &FlowLogId) -> BTreeMap<Timestamp, u64> {
    let mut packets = BTreeMap::new();
    for window in closed {
        let of_log = window.collected.iter().filter(|collected| collected.flow_log == *id);
        for record in of_log.flat_map(|collected| &collected.records) {
            if record.log_status == LogStatus::Ok {
                *packets.entry(window.window.start()).or_insert(0) +=
                    record.packets.unwrap_or(0) + record.reply_packets.unwrap_or(0);
            }
        }
    }
    packets
}

proptest! {
    #[test]
    fn whatever_the_length_each_window_records_the_packets_that_happened_in_it(
        events in vec(event(), 1..60),
        length in length(),
    ) {
        let mut windows = windows(length);
        events.iter().cloned().for_each(|event| windows.observe(event));
        let closed = windows.close(END, &flow_logs(0b11_1111));
        for log in flow_logs(0b11_1111) {
            prop_assert_eq!(recorded(&closed, &log.id), expected(&events, length, log.kind), "{:?}", log.kind);
        }
    }

    #[test]
    fn closed_windows_follow_each_other_without_gap_or_overlap(
        events in vec(event(), 1..40),
        mut closings in vec(0..3_000i64, 0..20),
        length in length(),
    ) {
        closings.sort_unstable();
        let mut windows = windows(length);
        events.into_iter().for_each(|event| windows.observe(event));
        let mut closed = Vec::new();
        for second in closings {
            closed.extend(windows.close(Timestamp::from_seconds(second), &flow_logs(1)));
        }
        closed.extend(windows.close(END, &flow_logs(1)));
        let mut next = Timestamp::default();
        for window in &closed {
            prop_assert_eq!(window.window.start(), next);
            prop_assert!(window.until >= window.window.end());
            next = window.until;
        }
        prop_assert_eq!(next, END);
    }

    #[test]
    fn flow_logs_that_come_and_go_collect_each_window_whole_or_not_at_all(
        mut events in vec(event(), 1..60),
        mut changes in vec((0..3_000i64, any::<u8>()), 1..12),
        length in length(),
    ) {
        events.sort_by_key(|event| event.first);
        changes.sort_unstable();
        let mut windows = windows(length);
        let mut closed = Vec::new();
        let mut in_force: BTreeMap<Timestamp, Vec<FlowLogId>> = BTreeMap::new();
        let mut waiting = events.iter().cloned().peekable();
        for (second, bits) in changes.into_iter().chain([(3600, 0b11_1111)]) {
            let complete_until = Timestamp::from_seconds(second);
            while let Some(event) = waiting.next_if(|event| event.first < complete_until) {
                windows.observe(event);
            }
            let enabled = flow_logs(bits);
            let closing = windows.close(complete_until, &enabled);
            for window in &closing {
                let ids = enabled.iter().map(|log| log.id.clone()).collect();
                in_force.insert(window.window.start(), ids);
            }
            closed.extend(closing);
        }
        for log in flow_logs(0b11_1111) {
            let mut expected = expected(&events, length, log.kind);
            expected.retain(|start, _| in_force.get(start).is_some_and(|ids| ids.contains(&log.id)));
            prop_assert_eq!(recorded(&closed, &log.id), expected, "{}", log.id);
        }
    }

    #[test]
    fn the_same_events_give_the_same_records_every_time(events in vec(event(), 1..60), length in length()) {
        let close = || {
            let mut windows = windows(length);
            events.iter().cloned().for_each(|event| windows.observe(event));
            windows.close(END, &flow_logs(0b11_1111))
        };
        prop_assert_eq!(close(), close());
    }
}
