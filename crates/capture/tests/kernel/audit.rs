//! What an audit finds: a source that tells everything, and one that keeps something to itself.

use std::net::UdpSocket;
use std::time::Duration;

use capture::{
    AuditNumbers, AuditSettings, AuditTotals, Audited, Bpf, BpfSettings, Progress, Source, SourceError,
};
use flow::{Event, Timestamp};
use testkit::traffic::{self, Deed, ECHO_PORT, Family, Services};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::kernel::conntrack::{in_gateway, switch_on};
use crate::kernel::watcher::{Watcher, now, ten_seconds, wait_until};

#[test]
fn an_audit_misses_nothing_where_every_conversation_is_told() {
    check("audit", |_| true, 0);
}

#[test]
fn an_audit_finds_the_conversations_that_are_in_no_event() {
    check("audit-missing", |event| event.key.original.dstport != ECHO_PORT, 2);
}

fn check(name: &str, keeps: fn(&Event) -> bool, missing: u64) {
    let Some(lab) = lab_or_skip(name, Offloads::Off) else { return };
    switch_on(&lab);
    in_gateway(&lab, "sysctl", &["-qw", "net.netfilter.nf_conntrack_timestamp=0"]);
    let _services = Services::start(&lab).expect("services start");
    // What began before an audit ends while it listens, and may have sent its last packet before: nobody looks for it.
    play(&lab);
    let numbers = AuditNumbers::default();
    let mut watcher = Watcher::with(|| open(&lab, keeps, numbers.clone()));
    // The audit begins with the next window.
    watcher.wait_for_a_window();
    wait_until(now().plus(Duration::from_millis(300)));
    watcher.poll_once();
    play(&lab);
    // It ends in the gateway, at the address of its network.
    lab.namespace(Host::Client).within(broadcast).expect("the lab obeys").expect("the lab has traffic");
    in_gateway(&lab, "conntrack", &["-F"]);
    for _ in 0..4 {
        watcher.wait_for_a_window();
    }
    let AuditTotals { audits_total, ended_total, missing_total } = numbers.read();
    assert_eq!((audits_total, ended_total, missing_total), (1, 4, missing));
}

fn play(lab: &Lab) {
    for family in Family::ALL {
        let deeds = [Deed::Ask { questions: 1 }, Deed::Tell { datagrams: 2 }, Deed::FetchRefused];
        traffic::play(lab.namespace(Host::Client), family, &deeds).expect("the lab has traffic");
    }
}

fn broadcast() -> std::io::Result<()> {
    let socket = UdpSocket::bind((Lab::CLIENT_V4, 0))?;
    socket.set_broadcast(true)?;
    socket.send_to(b"who is here?", ("10.10.0.255", 137)).map(drop)
}

/// A source that keeps some events to itself.
struct Partial {
    source: Bpf,
    keeps: fn(&Event) -> bool,
}

impl Source for Partial {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        let progress = self.source.poll(now, events)?;
        events.retain(self.keeps);
        Ok(progress)
    }
}

fn open(lab: &Lab, keeps: fn(&Event) -> bool, numbers: AuditNumbers) -> Result<Audited, SourceError> {
    let network_namespace = Some(lab.namespace(Host::Gateway).name().to_owned());
    let settings = BpfSettings {
        network_namespace: network_namespace.clone(),
        window: ten_seconds(),
        ..BpfSettings::default()
    };
    let source = Partial { source: Bpf::open(settings, now())?, keeps };
    let settings = AuditSettings { network_namespace, window: ten_seconds(), every_windows: 10, numbers };
    Ok(Audited::new(Box::new(source), settings))
}
