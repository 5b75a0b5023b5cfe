//! Captures of a real gateway against the truth about it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use flow::{Counters, Event, Timestamp, Tuple, Verdict};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::traffic::{self, Family, Services, Talk};
use testkit::truth::{GroundTruth, SENTINEL_PORT, Watch};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::{read_pair, ten_seconds};

/// Window, protocol, original tuple, translated tuple; `None` in the last place when refused.
type Name = (Timestamp, u8, Tuple, Option<Tuple>);
type Sum = (Counters, Counters, u8, Timestamp, Timestamp);

#[test]
fn the_captures_of_both_sides_give_the_flows_that_there_were() {
    let Some(lab) = lab_or_skip("pcap", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let inside = Tcpdump::start(&lab, Lab::INSIDE);
    let outside = Tcpdump::start(&lab, Lab::OUTSIDE);
    let watch = Watch::start(&lab).unwrap();
    let client = lab.namespace(Host::Client);
    let mut talks = Family::ALL.map(|family| Talk::open(client, family).unwrap());
    traffic::known(&lab).unwrap();
    talks.iter_mut().for_each(|talk| talk.fetch(3000).unwrap());
    talks.into_iter().for_each(|talk| talk.close().unwrap());
    let truth = watch.stop().unwrap();
    // The truth's last packet is the last in these captures, too.
    let read = read_pair(&inside.stop(), &outside.stop()).unwrap();

    let (found, expected) = (from_events(&read.events), from_truth(&truth));
    let names: BTreeSet<&Name> = found.keys().chain(expected.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| !found.get(name).zip(expected.get(name)).is_some_and(|(one, other)| equal(one, other)))
        .map(|name| format!("{name:?}: found {:?}, on the wire {:?}", found.get(name), expected.get(name)))
        .collect();
    assert_eq!(differences, [""; 0]);
    assert!(expected.len() >= 16, "every kind of traffic in both families: {}", expected.len());
    assert_eq!(read.losses.iter().map(|loss| loss.packets).sum::<u64>(), 0, "{:?}", read.losses);
}

/// Counters and flags must be the same. Replies are dated when they left the gateway, by the truth when they reached it.
fn equal(one: &Sum, other: &Sum) -> bool {
    let near = |one: Timestamp, other: Timestamp| (one.millis() - other.millis()).abs() <= 2;
    (one.0, one.1, one.2) == (other.0, other.1, other.2) && near(one.3, other.3) && near(one.4, other.4)
}

fn from_events(events: &[Event]) -> BTreeMap<Name, Sum> {
    let of_traffic = events.iter().filter(|event| event.key.original.dstport != SENTINEL_PORT);
    of_traffic
        .map(|event| {
            assert_eq!(event.key.translated.is_some(), event.verdict == Verdict::Accept, "{event:?}");
            let window = ten_seconds().window_of(event.first).start();
            let name = (window, event.key.protocol, event.key.original, event.key.translated);
            (name, (event.forward, event.reply, event.tcp_flags, event.first, event.last))
        })
        .collect()
}

fn from_truth(truth: &GroundTruth) -> BTreeMap<Name, Sum> {
    let flows = truth.flows(ten_seconds()).into_iter();
    flows
        .map(|flow| {
            let name = (flow.window.start(), flow.protocol, flow.original, flow.translated);
            (name, (flow.forward, flow.reply, flow.tcp_flags, flow.first, flow.last))
        })
        .collect()
}

/// A capture of one interface of the gateway, as anyone makes one.
struct Tcpdump {
    child: Child,
}

impl Tcpdump {
    fn start(lab: &Lab, interface: &str) -> Self {
        let mut command: Command = lab.namespace(Host::Gateway).command("tcpdump");
        command.args(["-i", interface, "-n", "-p", "-U", "--immediate-mode", "-Z", "root", "-B", "16384"]);
        command
            .args(["-s", "96", "-w", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("tcpdump is installed");
        let said = child.stderr.as_mut().expect("its errors are piped");
        let mut text = Vec::new();
        while !text.ends_with(b"listening on") {
            let mut byte = [0];
            said.read_exact(&mut byte).expect("tcpdump says when it listens");
            text.extend(byte);
        }
        Self { child }
    }

    /// The capture, up to the truth's last packet.
    fn stop(mut self) -> Vec<u8> {
        let mut output = self.child.stdout.take().expect("its output is piped");
        let (mut file, mut part) = (Vec::new(), [0; 65_536]);
        while !file.windows(7).rev().take(part.len()).any(|seven| seven == b"the end") {
            let count = output.read(&mut part).expect("tcpdump writes");
            assert!(count > 0, "tcpdump ended before the last packet");
            file.extend(&part[..count]);
        }
        let id = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGINT).expect("tcpdump runs");
        output.read_to_end(&mut file).expect("tcpdump writes");
        self.child.wait().expect("tcpdump ends");
        file
    }
}

impl Drop for Tcpdump {
    fn drop(&mut self) {
        // Already ended is as good as killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
