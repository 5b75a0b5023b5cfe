//! Every kind of conversation through a gateway: what is told of it, against packets captured on both sides.
//!
//! Each kind has addresses of its own, so that all packets between two addresses are its packets, whatever their
//! protocol: the truth needs to understand neither ports nor fragments nor errors.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::process::Stdio;

use capture::{BpfSettings, Conntrack, ConntrackSettings, Variant};
use flow::{Counters, Event, Tuple, Verdict};
use testkit::traffic::{self, End};
use testkit::truth::{GroundTruth, Watch};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::kernel::conntrack::switch_on;
use crate::kernel::watcher::{Watcher, now, ten_seconds};

/// Translation and none, chosen by address.
const RULES: &str = r#"
table inet kinds {
  chain raw {
    type filter hook prerouting priority raw;
    ip saddr 10.10.0.13 notrack
    ip daddr 10.10.0.13 notrack
  }
  chain forwards {
    type nat hook prerouting priority dstnat;
    ip daddr 203.0.113.1 tcp dport 9000 dnat ip to 10.10.0.21:9001
    ip6 daddr 2001:db8::1 udp dport 9000 dnat ip6 to [fd10::21]:9001
  }
}
insert rule inet nat postrouting ip saddr { 10.10.0.12, 10.10.0.13 } accept
insert rule inet nat postrouting ip saddr 10.10.0.0/24 ip daddr 10.10.0.21 masquerade
insert rule inet nat postrouting ip saddr 10.10.0.14 udp sport 4014 masquerade to :50014
"#;

/// The addresses of the client beside its first, and those of the internet.
const CLIENTS: [&str; 10] = [
    "10.10.0.12",
    "10.10.0.13",
    "10.10.0.14",
    "10.10.0.20",
    "10.10.0.21",
    "10.10.0.22",
    "10.10.0.23",
    "10.10.0.24",
    "fd10::21",
    "fd10::22",
];
const SERVERS: [&str; 18] = [
    "203.0.113.11",
    "203.0.113.12",
    "203.0.113.13",
    "203.0.113.14",
    "203.0.113.15",
    "203.0.113.16",
    "203.0.113.17",
    "203.0.113.18",
    "203.0.113.19",
    "203.0.113.20",
    "203.0.113.21",
    "203.0.113.22",
    "2001:db8::11",
    "2001:db8::12",
    "2001:db8::13",
    "2001:db8::14",
    "2001:db8::15",
    "2001:db8::16",
];

#[test]
fn every_kind_of_conversation_is_counted_to_the_packet_and_the_byte() {
    check_every_kind("kinds", Variant::Tcx);
}

#[test]
fn every_kind_of_conversation_is_counted_also_where_the_kernel_has_no_tcx() {
    check_every_kind("kinds-tracing", Variant::Tracing);
}

fn check_every_kind(name: &str, variant: Variant) {
    let Some(lab) = lab_or_skip(name, Offloads::Off) else { return };
    set_up(&lab);
    let watch = Watch::start(&lab).expect("a capture starts");
    let mut watcher = Watcher::open(&lab, BpfSettings { variant: Some(variant), ..BpfSettings::default() });
    let kinds = [translated(&lab), protocols(&lab), odd_packets(&lab)].concat();
    let truth = watch.stop().expect("a capture ends");
    watcher.wait_for_a_window();

    let told: Vec<String> = kinds.iter().map(|kind| kind.check(&watcher.events, &truth)).collect();
    expect_test::expect![[r#"
        SNAT: protocol 6 10.10.0.2:4001 -> 203.0.113.11:80 as 203.0.113.1:4001 -> 203.0.113.11:80, g0 to g1, flags 0x1b
        SNAT to another port: protocol 17 10.10.0.14:4014 -> 203.0.113.21:53 as 203.0.113.1:50014 -> 203.0.113.21:53, g0 to g1
        NAT66: protocol 6 [fd10::2]:4002 -> [2001:db8::11]:80 as [2001:db8::1]:4002 -> [2001:db8::11]:80, g0 to g1, flags 0x1b
        routed: protocol 6 10.10.0.12:4003 -> 203.0.113.12:80 unchanged, g0 to g1, flags 0x1b
        untracked: protocol 17 10.10.0.13:4004 -> 203.0.113.13:53 untranslated, g0 to g1
        untracked, the other way: protocol 17 203.0.113.13:53 -> 10.10.0.13:4004 untranslated, g1 to g0
        DNAT: protocol 6 203.0.113.14:4005 -> 203.0.113.1:9000 as 203.0.113.14:4005 -> 10.10.0.21:9001, g1 to g0, flags 0x1b
        DNAT66: protocol 17 [2001:db8::12]:4006 -> [2001:db8::1]:9000 as [2001:db8::12]:4006 -> [fd10::21]:9001, g1 to g0
        hairpin: protocol 6 10.10.0.20:4007 -> 203.0.113.1:9000 as 10.10.0.1:4007 -> 10.10.0.21:9001, g0 to g0, flags 0x1b
        SCTP: protocol 132 10.10.0.2:5001 -> 203.0.113.15:5002 as 203.0.113.1:5001 -> 203.0.113.15:5002, g0 to g1
        GRE: protocol 47 10.10.0.2:0 -> 203.0.113.16:0 as 203.0.113.1:0 -> 203.0.113.16:0, g0 to g1
        ESP: protocol 50 10.10.0.2:0 -> 203.0.113.17:0 as 203.0.113.1:0 -> 203.0.113.17:0, g0 to g1
        ICMP echo: protocol 1 10.10.0.2:16641 -> 203.0.113.18:2048 as 203.0.113.1:16641 -> 203.0.113.18:2048, g0 to g1
        ICMP timestamp: protocol 1 10.10.0.2:16642 -> 203.0.113.19:3328 as 203.0.113.1:16642 -> 203.0.113.19:3328, g0 to g1
        ICMPv6 echo: protocol 58 [fd10::2]:16643 -> [2001:db8::13]:32768 as [2001:db8::1]:16643 -> [2001:db8::13]:32768, g0 to g1
        ICMP error: protocol 17 10.10.0.22:4022 -> 203.0.113.20:7 as 203.0.113.1:4022 -> 203.0.113.20:7, g0 to g1
        ICMPv6 error: protocol 17 [fd10::22]:4022 -> [2001:db8::14]:7 as [2001:db8::1]:4022 -> [2001:db8::14]:7, g0 to g1
        fragments: protocol 17 10.10.0.23:4023 -> 203.0.113.22:54 as 203.0.113.1:4023 -> 203.0.113.22:54, g0 to g1
        IPv6 fragments: protocol 17 [fd10::2]:4023 -> [2001:db8::16]:54 as [2001:db8::1]:4023 -> [2001:db8::16]:54, g0 to g1
        IPv6 options: protocol 17 [fd10::2]:4024 -> [2001:db8::15]:55 as [2001:db8::1]:4024 -> [2001:db8::15]:55, g0 to g1"#]]
    .assert_eq(&told.join("\n"));
    let known = |event: &Event| kinds.iter().any(|kind| kind.is(event));
    let strange: Vec<_> = watcher.events.iter().filter(|event| !known(event)).collect();
    assert!(strange.iter().all(|event| is_the_sentinel(event)), "{strange:?}");
    watcher.check_conservation();
}

#[test]
fn connection_tracking_tells_of_every_kind_that_it_tracks_under_the_same_names() {
    let Some(lab) = lab_or_skip("kinds-ct", Offloads::Off) else { return };
    set_up(&lab);
    switch_on(&lab);
    let watch = Watch::start(&lab).unwrap();
    let settings = ConntrackSettings {
        network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
        window: ten_seconds(),
        ..ConntrackSettings::default()
    };
    let mut watcher = Watcher::with(|| Conntrack::open(&settings, now()));
    let kinds = [translated(&lab), protocols(&lab), odd_packets(&lab)].concat();
    let truth = watch.stop().unwrap();
    watcher.wait_for_a_window();

    for kind in kinds.iter().filter(|kind| !kind.name.starts_with("untracked")) {
        let told: Vec<&Event> = watcher.events.iter().filter(|event| kind.is(event)).collect();
        let [event] = told[..] else { panic!("{} is told of in {told:?}", kind.name) };
        let (_, from, to) = kind.forward;
        let translated = event.key.translated.unwrap();
        assert_eq!((translated.srcaddr, translated.dstaddr), (from, to), "{}", kind.name);
        let whole = if kind.name.contains("fragments") { 1 } else { kind.sent(&truth).0.packets };
        assert_eq!(
            event.forward.packets, whole,
            "{}: fragments are put together before they are counted",
            kind.name
        );
    }
}

fn is_the_sentinel(event: &Event) -> bool {
    event.key.original.dstport == testkit::truth::SENTINEL_PORT
}

/// By which interface packets leave.
#[derive(Clone, Copy)]
enum Side {
    Inside,
    Outside,
}

/// A kind of conversation, and which packets are its own.
#[derive(Clone)]
struct Kind {
    name: &'static str,
    opened: (IpAddr, IpAddr),
    forward: (Side, IpAddr, IpAddr),
    /// `None` when answers are a conversation of their own.
    reply: Option<(Side, IpAddr, IpAddr)>,
}

impl Kind {
    /// From inside to outside; its source becomes `public`.
    fn outwards(name: &'static str, from: &str, to: &str, public: IpAddr) -> Self {
        let (from, to) = (ip(from), ip(to));
        Self {
            name,
            opened: (from, to),
            forward: (Side::Outside, public, to),
            reply: Some((Side::Inside, to, from)),
        }
    }

    fn is(&self, event: &Event) -> bool {
        self.opened == (event.key.original.srcaddr, event.key.original.dstaddr)
    }

    /// What was on the wires, forwards and back.
    fn sent(&self, truth: &GroundTruth) -> (Counters, Counters) {
        let sent = |(side, from, to): (Side, IpAddr, IpAddr)| match side {
            Side::Inside => truth.inside_pairs.sent(from, to),
            Side::Outside => truth.outside_pairs.sent(from, to),
        };
        (sent(self.forward), self.reply.map(sent).unwrap_or_default())
    }

    /// Compares what the events say with what was on the wires, and tells the rest.
    fn check(&self, events: &[Event], truth: &GroundTruth) -> String {
        let events: Vec<&Event> = events.iter().filter(|event| self.is(event)).collect();
        let sum = |counters: fn(&Event) -> Counters| {
            events.iter().fold(Counters::default(), |sum, event| sum.plus(counters(event)))
        };
        let found = (sum(|event| event.forward), sum(|event| event.reply));
        let on_the_wire = self.sent(truth);
        assert!(on_the_wire.0.packets > 0, "{} made no traffic", self.name);
        assert_eq!(found, on_the_wire, "{}: {events:?}", self.name);
        assert!(events.iter().all(|event| event.verdict == Verdict::Accept));
        let mut told: Vec<String> = events.iter().map(|event| tell(event)).collect();
        told.sort();
        told.dedup();
        format!("{}: {}", self.name, told.join(" and "))
    }
}

fn tell(event: &Event) -> String {
    let translated = match event.key.translated {
        None => "untranslated".to_owned(),
        Some(tuple) if tuple == event.key.original => "unchanged".to_owned(),
        Some(tuple) => format!("as {}", tell_tuple(tuple)),
    };
    let interface = |name: &Option<std::sync::Arc<str>>| name.as_deref().unwrap_or("?").to_owned();
    let flags = if event.tcp_flags == 0 { String::new() } else { format!(", flags {:#x}", event.tcp_flags) };
    format!(
        "protocol {} {} {translated}, {} to {}{flags}",
        event.key.protocol,
        tell_tuple(event.key.original),
        interface(&event.interface_in),
        interface(&event.interface_out),
    )
}

fn tell_tuple(tuple: Tuple) -> String {
    let Tuple { srcaddr, srcport, dstaddr, dstport } = tuple;
    format!("{} -> {}", SocketAddr::new(srcaddr, srcport), SocketAddr::new(dstaddr, dstport))
}

fn set_up(lab: &Lab) {
    for (host, interface, addresses) in
        [(Host::Client, "c0", &CLIENTS[..]), (Host::Internet, "i0", &SERVERS[..])]
    {
        for address in addresses {
            let arguments = if address.contains(':') { "/64 nodad" } else { "/24" };
            let (length, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
            let command = format!("addr add {address}{length} dev {interface} {rest}");
            lab.namespace(host).ip(&command).expect("an address can be added");
        }
    }
    // Untranslated packets must find their way back.
    let route = format!("route add 10.10.0.0/24 via {}", Lab::PUBLIC_V4);
    lab.namespace(Host::Internet).ip(&route).expect("a route can be added");
    let mut nft = lab.namespace(Host::Gateway).command("nft");
    let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft is installed");
    nft.stdin.take().expect("it is piped").write_all(RULES.as_bytes()).expect("nft reads");
    assert!(nft.wait().expect("nft ends").success());
}

/// Translated in each way, or in none.
fn translated(lab: &Lab) -> Vec<Kind> {
    let (client, internet) = (lab.namespace(Host::Client), lab.namespace(Host::Internet));
    let end = |host, text: &str| End { host, at: at(text) };
    let (v4, v6) = (IpAddr::V4(Lab::PUBLIC_V4), IpAddr::V6(Lab::PUBLIC_V6));
    let tcp = |opener: End<'_>, target: &str, answerer: End<'_>| {
        traffic::connect(opener, at(target), answerer, 3000).expect("the lab has traffic");
    };
    let udp = |opener: End<'_>, target: &str, answerer: End<'_>| {
        traffic::exchange(opener, at(target), answerer, 300).expect("the lab has traffic");
    };
    tcp(end(client, "10.10.0.2:4001"), "203.0.113.11:80", end(internet, "203.0.113.11:80"));
    udp(end(client, "10.10.0.14:4014"), "203.0.113.21:53", end(internet, "203.0.113.21:53"));
    tcp(end(client, "[fd10::2]:4002"), "[2001:db8::11]:80", end(internet, "[2001:db8::11]:80"));
    tcp(end(client, "10.10.0.12:4003"), "203.0.113.12:80", end(internet, "203.0.113.12:80"));
    udp(end(client, "10.10.0.13:4004"), "203.0.113.13:53", end(internet, "203.0.113.13:53"));
    tcp(end(internet, "203.0.113.14:4005"), "203.0.113.1:9000", end(client, "10.10.0.21:9001"));
    udp(end(internet, "[2001:db8::12]:4006"), "[2001:db8::1]:9000", end(client, "[fd10::21]:9001"));
    tcp(end(client, "10.10.0.20:4007"), "203.0.113.1:9000", end(client, "10.10.0.21:9001"));
    vec![
        Kind::outwards("SNAT", "10.10.0.2", "203.0.113.11", v4),
        Kind::outwards("SNAT to another port", "10.10.0.14", "203.0.113.21", v4),
        Kind::outwards("NAT66", "fd10::2", "2001:db8::11", v6),
        Kind::outwards("routed", "10.10.0.12", "203.0.113.12", ip("10.10.0.12")),
        Kind { reply: None, ..Kind::outwards("untracked", "10.10.0.13", "203.0.113.13", ip("10.10.0.13")) },
        Kind {
            name: "untracked, the other way",
            opened: (ip("203.0.113.13"), ip("10.10.0.13")),
            forward: (Side::Inside, ip("203.0.113.13"), ip("10.10.0.13")),
            reply: None,
        },
        Kind {
            name: "DNAT",
            opened: (ip("203.0.113.14"), v4),
            forward: (Side::Inside, ip("203.0.113.14"), ip("10.10.0.21")),
            reply: Some((Side::Outside, v4, ip("203.0.113.14"))),
        },
        Kind {
            name: "DNAT66",
            opened: (ip("2001:db8::12"), v6),
            forward: (Side::Inside, ip("2001:db8::12"), ip("fd10::21")),
            reply: Some((Side::Outside, v6, ip("2001:db8::12"))),
        },
        Kind {
            name: "hairpin",
            opened: (ip("10.10.0.20"), v4),
            forward: (Side::Inside, IpAddr::V4(Lab::INSIDE_V4), ip("10.10.0.21")),
            reply: Some((Side::Inside, v4, ip("10.10.0.20"))),
        },
    ]
}

/// Protocols beside TCP and UDP.
fn protocols(lab: &Lab) -> Vec<Kind> {
    const SCTP: u8 = 132;
    const GRE: u8 = 47;
    const ESP: u8 = 50;
    let (client, internet) = (lab.namespace(Host::Client), lab.namespace(Host::Internet));
    let (v4, v6) = (IpAddr::V4(Lab::PUBLIC_V4), IpAddr::V6(Lab::PUBLIC_V6));
    let raw = |from: &str, to: &str, protocol: u8, question: &[u8], answer: Option<&[u8]>| {
        let (opener, answerer) =
            (End { host: client, at: portless(from) }, End { host: internet, at: portless(to) });
        traffic::exchange_raw(opener, answerer, protocol, question, answer).expect("the lab has traffic");
    };
    let (init, init_ack) = (traffic::sctp_init(5001, 5002), traffic::sctp_init_ack(5002, 5001));
    raw("10.10.0.2", "203.0.113.15", SCTP, &init, Some(&init_ack));
    raw("10.10.0.2", "203.0.113.16", GRE, &traffic::gre(b"question"), Some(&traffic::gre(b"answer")));
    raw("10.10.0.2", "203.0.113.17", ESP, &[1; 40], Some(&[2; 48]));
    raw("10.10.0.2", "203.0.113.18", flow::protocol::ICMP, &traffic::icmp_request(8, 0x4101), None);
    raw("10.10.0.2", "203.0.113.19", flow::protocol::ICMP, &traffic::icmp_request(13, 0x4102), None);
    raw("fd10::2", "2001:db8::13", flow::protocol::ICMPV6, &traffic::icmp_request(128, 0x4103), None);
    vec![
        Kind::outwards("SCTP", "10.10.0.2", "203.0.113.15", v4),
        Kind::outwards("GRE", "10.10.0.2", "203.0.113.16", v4),
        Kind::outwards("ESP", "10.10.0.2", "203.0.113.17", v4),
        Kind::outwards("ICMP echo", "10.10.0.2", "203.0.113.18", v4),
        Kind::outwards("ICMP timestamp", "10.10.0.2", "203.0.113.19", v4),
        Kind::outwards("ICMPv6 echo", "fd10::2", "2001:db8::13", v6),
    ]
}

/// Errors, fragments, extension headers.
fn odd_packets(lab: &Lab) -> Vec<Kind> {
    let (client, internet) = (lab.namespace(Host::Client), lab.namespace(Host::Internet));
    let (v4, v6) = (IpAddr::V4(Lab::PUBLIC_V4), IpAddr::V6(Lab::PUBLIC_V6));
    let end = |host, text: &str| End { host, at: at(text) };
    for (from, target) in [("10.10.0.22:4022", "203.0.113.20:7"), ("[fd10::22]:4022", "[2001:db8::14]:7")] {
        traffic::ask_in_vain(end(client, from), at(target)).expect("the lab has traffic");
    }
    for (from, to) in [("10.10.0.23:4023", "203.0.113.22:54"), ("[fd10::2]:4023", "[2001:db8::16]:54")] {
        traffic::exchange(end(client, from), at(to), end(internet, to), 4000).expect("the lab has traffic");
    }
    let to = at("[2001:db8::15]:55");
    traffic::send_behind_options(end(client, "[fd10::2]:4024"), to, b"behind").expect("the lab has traffic");
    vec![
        Kind::outwards("ICMP error", "10.10.0.22", "203.0.113.20", v4),
        Kind::outwards("ICMPv6 error", "fd10::22", "2001:db8::14", v6),
        Kind::outwards("fragments", "10.10.0.23", "203.0.113.22", v4),
        Kind::outwards("IPv6 fragments", "fd10::2", "2001:db8::16", v6),
        Kind::outwards("IPv6 options", "fd10::2", "2001:db8::15", v6),
    ]
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("it is written here")
}

fn at(text: &str) -> SocketAddr {
    text.parse().expect("it is written here")
}

fn portless(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), 0)
}
