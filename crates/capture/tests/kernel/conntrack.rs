//! What connection tracking tells against packets captured on both sides of a real gateway.

use std::collections::BTreeMap;

use capture::{Conntrack, ConntrackSettings, Heard, LossCause};
use flow::{Counters, Event, Tuple};
use testkit::traffic::{self, Deed, Family, Services, Talk};
use testkit::truth::{GroundTruth, SENTINEL_PORT, TrueVerdict, Watch};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::kernel::watcher::{Watcher, now, ten_seconds};

/// Protocol, original and translated tuple: what both directions carried in all windows.
pub(crate) type Totals = BTreeMap<(u8, Tuple, Option<Tuple>), (Counters, Counters)>;

#[test]
fn every_conversation_is_told_of_and_its_totals_are_those_of_the_wire() {
    let Some(lab) = lab_or_skip("ct", Offloads::Off) else { return };
    switch_on(&lab);
    let _services = Services::start(&lab).unwrap();
    let watch = Watch::start(&lab).unwrap();
    let mut watcher = open(&lab, ConntrackSettings::default());
    let client = lab.namespace(Host::Client);
    let mut talks = Family::ALL.map(|family| Talk::open(client, family).unwrap());
    traffic::known(&lab).unwrap();
    talks.iter_mut().for_each(|talk| talk.fetch(3000).unwrap());

    watcher.wait_for_a_window();
    let first_window = watcher.events.len();
    talks.iter_mut().for_each(|talk| talk.fetch(5000).unwrap());
    traffic::known(&lab).unwrap();
    talks.into_iter().for_each(|talk| talk.close().unwrap());
    let truth = watch.stop().unwrap();
    watcher.wait_for_a_window();

    let (told, on_the_wire) = (from_events(&watcher.events), from_truth(&truth));
    assert_eq!(told.keys().collect::<Vec<_>>(), on_the_wire.keys().collect::<Vec<_>>());
    assert_eq!(told, on_the_wire);
    assert!(0 < first_window && first_window < watcher.events.len(), "both windows have events");
    let in_one_window = |event: &Event| ten_seconds().window_of(event.first).contains(event.last);
    assert!(watcher.events.iter().all(in_one_window));
    let causes: Vec<LossCause> = watcher.losses.iter().map(|loss| loss.cause).collect();
    assert_eq!(causes, [LossCause::NotWatching]);
}

#[test]
fn what_the_kernel_drops_is_counted_to_the_message_and_marks_its_window() {
    let Some(lab) = lab_or_skip("ct-drop", Offloads::Off) else { return };
    switch_on(&lab);
    let _services = Services::start(&lab).unwrap();
    let room_for_few = ConntrackSettings { socket_buffer_bytes: 16 * 1024, ..ConntrackSettings::default() };
    let mut watcher = open(&lab, room_for_few);
    let conversations = [Deed::Tell { datagrams: 1 }; 100];
    traffic::play(lab.namespace(Host::Client), Family::V4, &conversations).unwrap();
    watcher.wait_for_a_window();
    // The system chooses ports by chance, so some conversations may be one.
    let alive = from_events(&watcher.events).len();
    assert!((80..=conversations.len()).contains(&alive), "{alive} are alive and listed");

    let window = ten_seconds().window_of(now());
    in_gateway(&lab, "conntrack", &["-F"]);
    assert!(window.contains(now()), "the machine is too slow for this test");
    watcher.wait_for_a_window();
    let Heard { ended, dropped } = watcher.source.heard();
    assert!(ended > 0 && dropped > 0, "{ended} ends were heard, {dropped} dropped");
    assert_eq!(ended + dropped, alive as u64);
    let lost = watcher.lost(LossCause::EventsDropped);
    assert_eq!(
        lost.iter().map(|loss| (loss.window, loss.packets)).collect::<Vec<_>>(),
        [(window, 0)],
        "nobody knows how many packets"
    );
    assert!(
        watcher.lost(LossCause::NotCounted).is_empty(),
        "the overrun explains those that are gone unheard"
    );
}

#[test]
fn a_kernel_that_does_not_count_makes_no_event_of_nothing() {
    let Some(lab) = lab_or_skip("ct-acct", Offloads::Off) else { return };
    switch_on(&lab);
    in_gateway(&lab, "sysctl", &["-qw", "net.netfilter.nf_conntrack_acct=0"]);
    let _services = Services::start(&lab).unwrap();
    let mut watcher = open(&lab, ConntrackSettings::default());
    traffic::play(lab.namespace(Host::Client), Family::V6, &[Deed::Ask { questions: 2 }]).unwrap();
    watcher.wait_for_a_window();
    assert_eq!(watcher.events, []);
    assert_eq!(watcher.lost(LossCause::NotCounted).len(), 1);
}

fn open(lab: &Lab, settings: ConntrackSettings) -> Watcher<Conntrack> {
    let settings = ConntrackSettings {
        network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
        window: ten_seconds(),
        ..settings
    };
    Watcher::with(|| Conntrack::open(&settings, now()))
}

/// Makes the gateway's kernel count.
pub(crate) fn switch_on(lab: &Lab) {
    for setting in ["acct", "timestamp", "events"] {
        in_gateway(lab, "sysctl", &["-qw", &format!("net.netfilter.nf_conntrack_{setting}=1")]);
    }
}

pub(crate) fn in_gateway(lab: &Lab, program: &str, arguments: &[&str]) {
    let output = lab.namespace(Host::Gateway).command(program).args(arguments).output();
    let output = output.expect("the lab's programs are installed");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

pub(crate) fn from_events(events: &[Event]) -> Totals {
    let mut totals = Totals::new();
    for event in events.iter().filter(|event| event.key.original.dstport != SENTINEL_PORT) {
        let name = (event.key.protocol, event.key.original, event.key.translated);
        let (forward, reply) = totals.entry(name).or_default();
        (*forward, *reply) = (forward.plus(event.forward), reply.plus(event.reply));
    }
    totals
}

pub(crate) fn from_truth(truth: &GroundTruth) -> Totals {
    let mut totals = Totals::new();
    let flows = truth.flows(ten_seconds()).into_iter();
    for flow in flows.filter(|flow| flow.verdict == TrueVerdict::Accepted) {
        let name = (flow.protocol, flow.original, flow.translated);
        let (forward, reply) = totals.entry(name).or_default();
        (*forward, *reply) = (forward.plus(flow.forward), reply.plus(flow.reply));
    }
    totals
}
