//! What a log group tells against packets captured on both sides of a real gateway.

use std::collections::{BTreeMap, BTreeSet};

use capture::{Conntrack, ConntrackSettings, Fallback, LossCause, Nflog, NflogSettings, SourceError};
use flow::{Counters, Event, Rejection, Tuple, Verdict, Window};
use testkit::traffic::{self, Deed, Family, Services};
use testkit::truth::{TrueVerdict, Watch};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::kernel::conntrack::{from_events, from_truth, in_gateway, switch_on};
use crate::kernel::watcher::{Watcher, now, ten_seconds};

const GROUP: u16 = 5;

#[test]
fn refusals_and_conversations_together_are_what_was_on_the_wire() {
    let Some(lab) = lab_or_skip("log", Offloads::Off) else { return };
    switch_on(&lab);
    log_refusals(&lab);
    let _services = Services::start(&lab).unwrap();
    let watch = Watch::start(&lab).unwrap();
    let mut watcher = Watcher::with(|| {
        let conntrack = Conntrack::open(&conntrack_settings(&lab), now())?;
        Ok(Fallback::new(conntrack, Nflog::open(&settings(&lab), now())?))
    });
    traffic::known(&lab).unwrap();
    watcher.wait_for_a_window();
    traffic::known(&lab).unwrap();
    let truth = watch.stop().unwrap();
    watcher.wait_for_a_window();

    let (refused, accepted): (Vec<Event>, Vec<Event>) =
        watcher.events.iter().cloned().partition(|event| event.verdict != Verdict::Accept);
    assert_eq!(from_events(&accepted), from_truth(&truth));
    let mut on_the_wire: BTreeMap<(u8, Tuple), Counters> = BTreeMap::new();
    let flows = truth.flows(ten_seconds()).into_iter();
    for flow in flows.filter(|flow| flow.verdict == TrueVerdict::Refused) {
        let sum = on_the_wire.entry((flow.protocol, flow.original)).or_default();
        *sum = sum.plus(flow.forward);
    }
    assert_eq!(sums(&refused), on_the_wire);
    let names: BTreeSet<String> = refused.iter().map(name).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["ACL acl-telemetry in g0", "SECURITY_GROUP sg-web-admin in g0"]
    );
    let causes: BTreeSet<LossCause> = watcher.losses.iter().map(|loss| loss.cause).collect();
    assert_eq!(causes, BTreeSet::from([LossCause::NotWatching]));
}

#[test]
fn refusals_that_nobody_read_in_time_are_counted_to_the_packet_and_mark_their_window() {
    let Some(lab) = lab_or_skip("log-drop", Offloads::Off) else { return };
    log_refusals(&lab);
    let room_for_few = NflogSettings { socket_buffer_bytes: 64 * 1024, ..settings(&lab) };
    let mut watcher = Watcher::with(|| Nflog::open(&room_for_few, now()));
    let client = lab.namespace(Host::Client);
    let window = ten_seconds().window_of(now());
    traffic::play(client, Family::V4, &[Deed::TellDropped { datagrams: 5000 }]).unwrap();
    assert!(window.contains(now()), "the machine is too slow for this test");
    watcher.wait_for_a_window();
    let marked: BTreeSet<Window> =
        watcher.lost(LossCause::RefusalsDropped).iter().map(|loss| loss.window).collect();
    assert_eq!(marked, BTreeSet::from([window]), "the buffer overran in this window");
    // The number of the next packet tells how many are missing before it.
    traffic::play(client, Family::V4, &[Deed::TellDropped { datagrams: 1 }]).unwrap();
    watcher.wait_for_a_window();

    let told: u64 = sums(&watcher.events).values().map(|counted| counted.packets).sum();
    let lost: u64 = watcher.lost(LossCause::RefusalsDropped).iter().map(|loss| loss.packets).sum();
    assert!(told > 0 && lost > 0, "{told} told, {lost} lost");
    assert_eq!(told + lost, 5001);
}

#[test]
fn a_group_has_one_reader_and_the_second_is_told() {
    let Some(lab) = lab_or_skip("log-two", Offloads::Off) else { return };
    let _first = Nflog::open(&settings(&lab), now()).unwrap();
    let error = Nflog::open(&settings(&lab), now()).unwrap_err();
    assert!(matches!(error, SourceError::LogGroup { group: GROUP, .. }), "{error}");
}

fn settings(lab: &Lab) -> NflogSettings {
    NflogSettings {
        network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
        window: ten_seconds(),
        group: GROUP,
        ..NflogSettings::default()
    }
}

fn conntrack_settings(lab: &Lab) -> ConntrackSettings {
    let NflogSettings { network_namespace, window, .. } = settings(lab);
    ConntrackSettings { network_namespace, window, ..ConntrackSettings::default() }
}

/// Puts rules that log what they refuse before those of the lab.
fn log_refusals(lab: &Lab) {
    let rules = [
        "add table inet logging",
        "add chain inet logging forward { type filter hook forward priority -1; }",
        "add rule inet logging forward iifname g0 tcp dport 8081 log prefix \"sg-web-admin: \" group 5 reject with tcp reset",
        "add rule inet logging forward iifname g0 udp dport 8081 log prefix \"sg-web-admin: \" group 5 reject",
        "add rule inet logging forward iifname g0 udp dport 8082 log prefix \"acl-telemetry\" group 5 drop",
    ];
    in_gateway(lab, "nft", &[&rules.join("\n")]);
}

fn sums(events: &[Event]) -> BTreeMap<(u8, Tuple), Counters> {
    let mut sums: BTreeMap<(u8, Tuple), Counters> = BTreeMap::new();
    for event in events {
        let sum = sums.entry((event.key.protocol, event.key.original)).or_default();
        *sum = sum.plus(event.forward);
    }
    sums
}

fn name(event: &Event) -> String {
    let Verdict::Reject(Rejection { reason, rule }) = &event.verdict else { return "accepted".to_owned() };
    let word = |name: &Option<std::sync::Arc<str>>| name.as_deref().unwrap_or("nothing").to_owned();
    format!("{} {} in {}", reason.as_str(), word(rule), word(&event.interface_in))
}
