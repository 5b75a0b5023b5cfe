//! Laws of windows: nothing is invented, nothing lost silently, and the order of events does not matter.
//!
//! Hides: how random events are made.
//! Knows nothing of: the inside of `Windows`.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use flow::{
    CollectionScope, CollectionType, Counters, Event, FlowKey, FlowLog, RejectReason, Rejection, Timestamp,
    Tuple, Verdict, WindowLength,
};
use proptest::collection::vec;
use proptest::prelude::*;
use window::{ClosedWindow, WindowSettings, Windows, private_prefixes};

/// Everything that the events of these tests touch is closed by then.
const END: Timestamp = Timestamp::from_seconds(600);

fn windows() -> Windows {
    Windows::new(WindowSettings {
        account: "1".parse().unwrap(),
        region: "lab".parse().unwrap(),
        gateway: "nat-00000001".parse().unwrap(),
        vpc: None,
        length: WindowLength::MINUTE,
        inside: private_prefixes(),
    })
}

fn everything() -> Vec<FlowLog> {
    vec![FlowLog {
        id: "fl-00000001".parse().unwrap(),
        scope: CollectionScope::Nat,
        resource: "nat-00000001".to_owned(),
        kind: CollectionType::All,
        topic: "topic-1".parse().unwrap(),
    }]
}

prop_compose! {
    fn event()(
        (host, port) in (1..4u8, 1..3u16),
        translated in any::<bool>(),
        refused in any::<bool>(),
        protocol in prop_oneof![Just(6u8), Just(17)],
        millis in 0..300_000i64,
        (packets, replies) in (0..1000u64, 0..1000u64),
        tcp_flags in 0..64u8,
        interface in prop_oneof![Just(None), Just(Some("lan")), Just(Some("dmz"))],
    ) -> Event {
        let original = Tuple {
            srcaddr: [10, 0, 0, host].into(),
            dstaddr: [198, 51, 100, 9].into(),
            srcport: port,
            dstport: 443,
        };
        Event {
            key: FlowKey { protocol, original, translated: translated.then_some(original) },
            first: Timestamp::from_millis(millis),
            last: Timestamp::from_millis(millis),
            forward: Counters { packets, bytes: packets * 100 },
            reply: Counters { packets: replies, bytes: replies * 90 },
            verdict: if refused {
                Verdict::Reject(Rejection { reason: RejectReason::Acl, rule: None })
            } else {
                Verdict::Accept
            },
            tcp_flags,
            interface_in: interface.map(Into::into),
            interface_out: None,
        }
    }
}

/// Packets recorded plus packets lost.
fn accounted(closed: &[ClosedWindow]) -> u64 {
    let records = closed.iter().flat_map(|window| &window.collected).flat_map(|collected| &collected.records);
    records
        .map(|record| [record.packets, record.reply_packets, record.lost].into_iter().flatten().sum::<u64>())
        .sum()
}

fn observed(events: &[Event]) -> u64 {
    events.iter().map(|event| event.forward.packets + event.reply.packets).sum()
}

fn close_all(events: impl IntoIterator<Item = Event>) -> Vec<ClosedWindow> {
    let mut windows = windows();
    for event in events {
        windows.observe(event);
    }
    windows.close(END, &everything())
}

proptest! {
    #[test]
    fn every_packet_is_recorded_or_counted_as_lost(
        steps in vec((event(), 0..4u8), 1..80),
        flows_max in 1..20usize,
    ) {
        let events: Vec<Event> = steps.iter().map(|(event, _)| event.clone()).collect();
        let mut windows = windows().with_open_flows_max(flows_max);
        let mut closed = Vec::new();
        for (event, step) in steps {
            let complete_until = event.first;
            windows.observe(event);
            if step == 0 {
                closed.extend(windows.close(complete_until, &everything()));
            }
        }
        closed.extend(windows.close(END, &everything()));
        prop_assert_eq!(accounted(&closed), observed(&events));
    }

    #[test]
    fn no_byte_is_lost_or_counted_twice(events in vec(event(), 1..80)) {
        let bytes: u64 = close_all(events.clone())
            .iter()
            .flat_map(|window| &window.collected)
            .flat_map(|collected| &collected.records)
            .map(|record| record.bytes.unwrap_or(0) + record.reply_bytes.unwrap_or(0))
            .sum();
        let sent: u64 = events.iter().map(|event| event.forward.bytes + event.reply.bytes).sum();
        prop_assert_eq!(bytes, sent);
    }

    #[test]
    fn the_order_of_events_does_not_matter(
        (events, shuffled) in vec(event(), 1..60).prop_flat_map(|events| {
            (Just(events.clone()), Just(events).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(close_all(events), close_all(shuffled));
    }

    #[test]
    fn an_event_told_in_parts_gives_the_same_records(events in vec((event(), 0..1000u64), 1..60)) {
        let whole = close_all(events.iter().map(|(event, _)| event.clone()));
        let parts = close_all(events.into_iter().flat_map(|(event, at)| {
            let head = Counters { packets: event.forward.packets.min(at), bytes: event.forward.bytes.min(at) };
            let tail = Counters {
                packets: event.forward.packets - head.packets,
                bytes: event.forward.bytes - head.bytes,
            };
            [Event { forward: head, reply: Counters::default(), ..event.clone() }, Event { forward: tail, ..event }]
        }));
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn closing_often_gives_what_closing_once_gives(
        mut events in vec(event(), 1..60),
        mut closings in vec(0..600i64, 0..20),
    ) {
        events.sort_by_key(|event| event.first);
        closings.sort_unstable();
        let once = {
            let mut windows = windows();
            windows.resume(Timestamp::default());
            events.iter().cloned().for_each(|event| windows.observe(event));
            windows.close(END, &everything())
        };
        let mut windows = windows();
        windows.resume(Timestamp::default());
        let mut often = Vec::new();
        let mut events = events.into_iter().peekable();
        for second in closings {
            let complete_until = Timestamp::from_seconds(second);
            while let Some(event) = events.next_if(|event| event.first < complete_until) {
                windows.observe(event);
            }
            often.extend(windows.close(complete_until, &everything()));
        }
        events.for_each(|event| windows.observe(event));
        often.extend(windows.close(END, &everything()));
        prop_assert_eq!(often, once);
    }
}
