//! Windows of many flows are delivered in parts, and windows that are delivered late are told apart to the packet.

use std::time::Duration;

use capture::{BpfSettings, LossCause, Source};
use flow::Event;
use testkit::traffic::{self, Deed, Family, Flood, SINK_PORT, Services};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use super::pinned::{packets, pinned, with_pin_folder};
use super::watcher::{Watcher, now, ten_seconds, wait_until};

/// Flows of one window: more than one part.
const FLOWS: u32 = 70_000;
/// The most events of one part: its 50 000, and those of the batch that went beyond.
const PART_EVENTS_MAX: usize = 54_096;

#[test]
fn a_window_of_many_flows_comes_in_parts_and_is_complete_with_the_last() {
    let Some((lab, flood)) = lab_for_many_flows("parts") else { return };
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    flood.send(SINK_PORT, 0..FLOWS, 1).unwrap();
    // On a slow machine the flood lies in several windows.
    let end = ten_seconds().window_of(now()).end();
    let (mut parts, mut complete_until) = (Vec::new(), end.minus(Duration::from_secs(3600)));
    while complete_until < end {
        let (at, known) = (now(), watcher.events.len());
        let progress = watcher.source.poll(at, &mut watcher.events).unwrap();
        parts.push(watcher.events.len() - known);
        let goes_on = progress.poll_again <= at;
        if goes_on {
            assert!(progress.losses.is_empty() && progress.totals.is_empty(), "{progress:?}");
            assert!(progress.complete_until <= complete_until || parts.len() == 1, "{progress:?}");
        }
        complete_until = progress.complete_until;
        watcher.losses.extend(progress.losses);
        watcher.totals.extend(progress.totals);
        wait_until(progress.poll_again);
    }

    assert!(parts.iter().all(|events| *events <= PART_EVENTS_MAX), "{parts:?}");
    assert_eq!(packets(&watcher.events).packets, u64::from(FLOWS));
    watcher.check_conservation();
}

#[test]
fn parts_of_a_window_that_was_never_complete_are_lost_by_number() {
    let Some((lab, flood)) = lab_for_many_flows("part-killed") else { return };
    with_pin_folder(|folder| {
        let mut watcher = Watcher::open(&lab, pinned(folder));
        let window = ten_seconds().window_of(now()).next();
        wait_until(window.start());
        watcher.poll_and_keep();
        flood.send(SINK_PORT, 0..FLOWS, 1).unwrap();
        assert!(window.contains(now()), "the machine is too slow for this test");
        let mut forgotten: Vec<Event> = Vec::new();
        while forgotten.is_empty() {
            let progress = watcher.source.poll(now(), &mut forgotten).unwrap();
            assert!(progress.complete_until <= window.start(), "{progress:?}");
            watcher.losses.extend(progress.losses);
            watcher.totals.extend(progress.totals);
            watcher.source.kept().unwrap();
            wait_until(progress.poll_again);
        }
        watcher = watcher.opened_again(&lab, pinned(folder), || ());
        watcher.wait_for_a_window();

        let lost: Vec<_> =
            watcher.lost(LossCause::NotKept).into_iter().map(|loss| (loss.window, loss.counters())).collect();
        assert_eq!(lost, [(window, packets(&forgotten))]);
        assert_eq!(packets(&watcher.events).plus(packets(&forgotten)).packets, u64::from(FLOWS));
        watcher.check_conservation();
    });
}

#[test]
fn the_end_of_a_run_gives_many_flows_in_parts() {
    let Some((lab, flood)) = lab_for_many_flows("part-end") else { return };
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    flood.send(SINK_PORT, 0..FLOWS, 1).unwrap();
    watcher.finish();
    assert_eq!(packets(&watcher.events).packets, u64::from(FLOWS));
    watcher.check_conservation();
}

#[test]
fn a_call_that_is_late_by_a_window_does_not_take_the_next_one_for_it() {
    let Some(lab) = lab_or_skip("almost-late", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    let client = lab.namespace(Host::Client);
    traffic::play(client, Family::V4, &[Deed::Tell { datagrams: 2 }]).unwrap();
    let third = ten_seconds().window_of(now()).next().next();
    // Nobody polls until the third window, which fills the map of the first, has just begun.
    wait_until(third.start().plus(Duration::from_millis(2)));
    traffic::play(client, Family::V4, &[Deed::Tell { datagrams: 3 }]).unwrap();
    watcher.poll_and_keep();
    assert!(third.contains(now()), "the machine is too slow for this test");
    watcher.wait_for_a_window();

    let counted: Vec<_> = watcher.totals.iter().map(|total| (total.window, total.accepted.packets)).collect();
    let expected = [third.previous().previous(), third.previous(), third].into_iter().zip([2, 0, 3]);
    assert_eq!(counted, Vec::from_iter(expected));
    assert_eq!(packets(&watcher.events).packets, 5);
    assert!(watcher.lost(LossCause::NotKept).is_empty(), "{:?}", watcher.losses);
    watcher.check_conservation();
}

/// `None` where the kernel's table has no room for the conversations.
fn lab_for_many_flows(name: &str) -> Option<(Lab, Flood)> {
    let limit = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_max").unwrap_or_default();
    let has_room = limit.trim().parse::<u32>().is_ok_and(|limit| limit > FLOWS);
    if !has_room {
        testkit::skip(name, "nf_conntrack_max is below the flows of the test");
        return None;
    }
    let lab = lab_or_skip(name, Offloads::Off)?;
    let flood = Flood::prepare(&lab).expect("the lab takes a flood");
    Some((lab, flood))
}
