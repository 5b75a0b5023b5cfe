//! The kernel's counts against packets captured on both sides of a real gateway.

mod kernel {
    mod audit;
    mod choice;
    mod conntrack;
    mod delivery;
    mod health;
    mod kinds;
    mod nflog;
    mod pinned;
    mod stacked;
    mod table_full;
    pub(crate) mod watcher;
}

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use capture::{BpfSettings, LossCause, SourceError, Variant};
use flow::{Counters, Event, Rejection, Timestamp, Tuple, Verdict, WindowLength};
use kernel::watcher::{Watcher, now, ten_seconds};
use testkit::traffic::{self, Deed, Family, Services, Talk};
use testkit::truth::{GroundTruth, SENTINEL_PORT, TrueVerdict, Watch};
use testkit::{Host, Lab, Offloads, lab_or_skip};

/// Window, protocol, original tuple, translated tuple; `None` in the last place when refused.
type Name = (Timestamp, u8, Tuple, Option<Tuple>);
type Sum = (Counters, Counters, u8);

#[test]
fn every_event_is_what_was_on_the_wire_and_nothing_else_is() {
    check_the_wire("wire", Variant::Tcx);
}

#[test]
fn every_event_is_what_was_on_the_wire_also_where_the_kernel_has_no_tcx() {
    check_the_wire("wire-tracing", Variant::Tracing);
}

fn check_the_wire(name: &str, variant: Variant) {
    let Some(lab) = lab_or_skip(name, Offloads::Off) else { return };
    let _services = Services::start(&lab).expect("services start");
    let watch = Watch::start(&lab).expect("a capture starts");
    let mut watcher = Watcher::open(&lab, BpfSettings { variant: Some(variant), ..BpfSettings::default() });
    let client = lab.namespace(Host::Client);
    let mut talks = Family::ALL.map(|family| Talk::open(client, family).expect("the lab has traffic"));
    traffic::known(&lab).expect("the lab has traffic");
    talks.iter_mut().for_each(|talk| talk.fetch(3000).expect("the lab has traffic"));

    let middle = watcher.wait_for_a_window();
    talks.iter_mut().for_each(|talk| talk.fetch(5000).expect("the lab has traffic"));
    traffic::known(&lab).expect("the lab has traffic");
    talks.into_iter().for_each(|talk| talk.close().expect("the lab has traffic"));
    let truth = watch.stop().expect("a capture ends");
    watcher.wait_for_a_window();

    let in_events = from_events(&watcher.events);
    let on_the_wire = from_truth(&truth);
    assert_eq!(differences(&in_events, &on_the_wire), [""; 0]);
    let windows = |flows: &BTreeMap<Name, Sum>| flows.keys().filter(|(window, ..)| *window < middle).count();
    assert!(
        0 < windows(&on_the_wire) && windows(&on_the_wire) < on_the_wire.len(),
        "traffic lay in two windows"
    );
    let causes: Vec<LossCause> = watcher.losses.iter().map(|loss| loss.cause).collect();
    assert_eq!(
        causes,
        [LossCause::NotWatching],
        "the window in whose middle the source was opened, and no other"
    );
    watcher.check_conservation();
}

#[test]
fn a_refusal_names_its_reason_and_its_rule() {
    let Some(lab) = lab_or_skip("rules", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    gateway_nft(
        &lab,
        "insert rule inet nat postrouting oifname g1 udp dport 5140 masquerade to :40000-40000",
    );
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    let client = lab.namespace(Host::Client);
    for family in Family::ALL {
        let refused = [Deed::FetchRefused, Deed::AskRefused, Deed::TellDropped { datagrams: 2 }];
        traffic::play(client, family, &refused).unwrap();
    }
    let many = [Deed::Tell { datagrams: 1 }; 3];
    traffic::play(client, Family::V4, &many).unwrap();
    traffic::tell_to(client, "198.51.100.1".parse().unwrap(), 1).unwrap();
    watcher.wait_for_a_window();

    let mut found: Vec<String> = watcher.events.iter().filter_map(told_refusal).collect();
    found.sort();
    expect_test::expect![[r#"
        protocol 17 to 198.51.100.1 port 5140: 1 packets, NO_ROUTE by no rule
        protocol 17 to 2001:db8::2 port 8081: 1 packets, SECURITY_GROUP by sg-web-admin
        protocol 17 to 2001:db8::2 port 8082: 2 packets, ACL by acl-telemetry
        protocol 17 to 203.0.113.2 port 5140: 1 packets, NO_PORT by no rule
        protocol 17 to 203.0.113.2 port 5140: 1 packets, NO_PORT by no rule
        protocol 17 to 203.0.113.2 port 8081: 1 packets, SECURITY_GROUP by sg-web-admin
        protocol 17 to 203.0.113.2 port 8082: 2 packets, ACL by acl-telemetry
        protocol 6 to 2001:db8::2 port 8081: 1 packets, SECURITY_GROUP by sg-web-admin
        protocol 6 to 203.0.113.2 port 8081: 1 packets, SECURITY_GROUP by sg-web-admin"#]]
    .assert_eq(&found.join("\n"));
}

#[test]
fn a_super_packet_counts_as_the_packets_on_the_wire() {
    check_super_packets("offload", Variant::Tcx);
}

#[test]
fn a_super_packet_counts_as_the_packets_on_the_wire_also_where_the_kernel_has_no_tcx() {
    check_super_packets("offload-tracing", Variant::Tracing);
}

fn check_super_packets(name: &str, variant: Variant) {
    let Some(lab) = lab_or_skip(name, Offloads::On) else { return };
    let _services = Services::start(&lab).expect("services start");
    let watch = Watch::start(&lab).expect("a capture starts");
    let mut watcher = Watcher::open(&lab, BpfSettings { variant: Some(variant), ..BpfSettings::default() });
    traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Fetch { bytes: 5_000_000 }])
        .expect("the lab has traffic");
    let truth = watch.stop().expect("a capture ends");
    watcher.wait_for_a_window();

    let reply = watcher.events.iter().fold(Counters::default(), |sum, event| sum.plus(event.reply));
    let flows = truth.flows(WindowLength::MINUTE);
    let payload: u64 = flows.iter().map(|flow| flow.reply_payload_bytes).sum();
    let captured: u64 = flows.iter().map(|flow| flow.reply.packets).sum();
    assert!(captured < reply.packets, "the capture saw super-packets: {captured} for {}", reply.packets);
    // IP and TCP header with time stamps are 52 bytes; the answer to the first SYN has options of 8 bytes more.
    assert_eq!(reply.bytes, payload + 52 * reply.packets + 8);
    assert!(reply.packets >= payload / 1448);
}

#[test]
fn flows_without_room_are_counted_as_lost() {
    let Some(lab) = lab_or_skip("full", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let mut watcher = Watcher::open(&lab, BpfSettings { flows_max: 4, ..BpfSettings::default() });
    traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Ask { questions: 1 }; 10]).unwrap();
    watcher.wait_for_a_window();

    let lost: u64 = watcher.lost(LossCause::TooManyFlows).iter().map(|loss| loss.packets).sum();
    assert_eq!((watcher.events.len(), lost), (4, 12), "4 of 10 conversations of 2 packets");
    watcher.check_conservation();
}

#[test]
fn a_late_call_loses_nothing_silently() {
    let Some(lab) = lab_or_skip("late", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    let mut talk = Talk::open(lab.namespace(Host::Client), Family::V4).unwrap();
    let opened = ten_seconds().window_of(now());
    // Nobody polls for three windows, in each of which the same conversation goes on.
    for window in [opened, opened.next(), opened.next().next()] {
        // Nobody corrects the kernel's clock meanwhile.
        kernel::watcher::wait_until(window.start().plus(Duration::from_secs(1)));
        talk.fetch(1000).unwrap();
    }
    kernel::watcher::wait_until(opened.next().next().end());
    watcher.wait_for_a_window();

    let late: Vec<_> =
        watcher.lost(LossCause::PolledLate).iter().map(|loss| (loss.window, loss.packets > 0)).collect();
    assert_eq!(
        late,
        [(opened.next().next(), true)],
        "only the third window found its map full of an older one"
    );
    watcher.check_conservation();
}

#[test]
fn the_end_of_a_run_gives_what_is_known_of_the_current_window() {
    let Some(lab) = lab_or_skip("finish", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    traffic::play(lab.namespace(Host::Client), Family::V6, &[Deed::Ask { questions: 2 }]).unwrap();
    watcher.finish();
    assert_eq!(watcher.events.len(), 1);
    watcher.check_conservation();
}

#[test]
fn what_cannot_be_watched_is_named() {
    let Some(lab) = lab_or_skip("nothing", Offloads::Off) else { return };
    let in_lab = BpfSettings {
        network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
        interfaces: vec!["g7".to_owned()],
        ..BpfSettings::default()
    };
    let error = capture::Bpf::open(in_lab, now()).unwrap_err();
    assert!(matches!(error, SourceError::NoInterface { ref name } if name == "g7"), "{error}");
}

fn from_events(events: &[Event]) -> BTreeMap<Name, Sum> {
    let mut sums: BTreeMap<Name, Sum> = BTreeMap::new();
    for event in events.iter().filter(|event| event.key.original.dstport != SENTINEL_PORT) {
        let window = ten_seconds().window_of(event.first).start();
        let accepted = event.verdict == Verdict::Accept;
        assert_eq!(event.key.translated.is_some(), accepted, "{event:?}");
        let sum =
            sums.entry((window, event.key.protocol, event.key.original, event.key.translated)).or_default();
        *sum = (sum.0.plus(event.forward), sum.1.plus(event.reply), sum.2 | event.tcp_flags);
    }
    sums
}

fn from_truth(truth: &GroundTruth) -> BTreeMap<Name, Sum> {
    let flows = truth.flows(ten_seconds()).into_iter();
    flows
        .map(|flow| {
            assert_eq!(flow.verdict == TrueVerdict::Accepted, flow.translated.is_some());
            let name = (flow.window.start(), flow.protocol, flow.original, flow.translated);
            (name, (flow.forward, flow.reply, flow.tcp_flags))
        })
        .collect()
}

fn differences(found: &BTreeMap<Name, Sum>, true_ones: &BTreeMap<Name, Sum>) -> Vec<String> {
    let names: BTreeSet<&Name> = found.keys().chain(true_ones.keys()).collect();
    let differs = names.into_iter().filter(|name| found.get(name) != true_ones.get(name));
    differs
        .map(|name| format!("{name:?}: found {:?}, on the wire {:?}", found.get(name), true_ones.get(name)))
        .collect()
}

fn told_refusal(event: &Event) -> Option<String> {
    let Verdict::Reject(Rejection { reason, rule }) = &event.verdict else { return None };
    let rule = rule.as_deref().unwrap_or("no rule");
    let key = &event.key;
    Some(format!(
        "protocol {} to {} port {}: {} packets, {} by {rule}",
        key.protocol,
        key.original.dstaddr,
        key.original.dstport,
        event.forward.packets,
        reason.as_str(),
    ))
}

fn gateway_nft(lab: &Lab, command: &str) {
    let status = lab
        .namespace(Host::Gateway)
        .command("nft")
        .args(command.split(' '))
        .status()
        .expect("nft is installed");
    assert!(status.success(), "nft {command}");
}
