//! Sentences about windows, in a small notation.
//!
//! A line of input is one of
//! `00:12 tcp 10.0.0.2:4000>198.51.100.9:443 as 203.0.113.1:61000>198.51.100.9:443 2p180b/1p60b F in=lan out=wan`,
//! the same with `reject=ACL:web`, `lost 00:12 7`, or `close 01:00`, which prints every record that it gives.
//! Times are minutes and seconds; `as` is left out when nothing is known of a translation, `=` says that nothing changed.

use expect_test::{Expect, expect};
use flow::{
    CollectionScope, CollectionType, Counters, FlowKey, RejectReason, Rejection, Tuple, Verdict,
    WindowLength, protocol,
};

use super::*;
use crate::settings::private_prefixes;

fn settings() -> WindowSettings {
    WindowSettings {
        account: "1".parse().unwrap(),
        region: "lab".parse().unwrap(),
        gateway: "nat-00000001".parse().unwrap(),
        vpc: Some("vpc-1".to_owned()),
        length: WindowLength::MINUTE,
        inside: private_prefixes(),
    }
}

fn flow_log(scope: CollectionScope, resource: &str, kind: CollectionType) -> FlowLog {
    FlowLog {
        id: "fl-00000001".parse().unwrap(),
        scope,
        resource: resource.to_owned(),
        kind,
        topic: "topic-1".parse().unwrap(),
    }
}

fn everything() -> FlowLog {
    flow_log(CollectionScope::Nat, "nat-00000001", CollectionType::All)
}

fn at(text: &str) -> Timestamp {
    let (minutes, seconds) = text.split_once(':').unwrap();
    Timestamp::from_seconds(minutes.parse::<i64>().unwrap() * 60 + seconds.parse::<i64>().unwrap())
}

fn endpoint(text: &str) -> (std::net::IpAddr, u16) {
    let (address, port) = text.rsplit_once(':').unwrap();
    (address.trim_matches(['[', ']']).parse().unwrap(), port.parse().unwrap())
}

fn tuple(text: &str) -> Tuple {
    let (source, destination) = text.split_once('>').unwrap();
    let ((srcaddr, srcport), (dstaddr, dstport)) = (endpoint(source), endpoint(destination));
    Tuple { srcaddr, dstaddr, srcport, dstport }
}

fn counters(text: &str) -> Counters {
    let (packets, bytes) = text.trim_end_matches('b').split_once('p').unwrap();
    Counters { packets: packets.parse().unwrap(), bytes: bytes.parse().unwrap() }
}

fn event(line: &str) -> Event {
    let words: Vec<&str> = line.split_whitespace().collect();
    let original = tuple(words[2]);
    let mut event = Event {
        key: FlowKey { protocol: protocol::TCP, original, translated: None },
        first: at(words[0]),
        last: at(words[0]),
        forward: Counters::default(),
        reply: Counters::default(),
        verdict: Verdict::Accept,
        tcp_flags: 0,
        interface_in: None,
        interface_out: None,
    };
    event.key.protocol = match words[1] {
        "udp" => protocol::UDP,
        "icmp" => protocol::ICMP,
        _ => protocol::TCP,
    };
    let mut rest = words[3..].iter();
    while let Some(word) = rest.next() {
        match word.split_once('=') {
            Some(("in", name)) => event.interface_in = Some(name.into()),
            Some(("out", name)) => event.interface_out = Some(name.into()),
            Some(("reject", rule)) => {
                event.verdict =
                    Verdict::Reject(Rejection { reason: RejectReason::Acl, rule: Some(rule.into()) });
            }
            Some(_) => event.key.translated = Some(original),
            None if *word == "as" => event.key.translated = Some(tuple(rest.next().unwrap())),
            None if word.contains('p') => {
                let (forward, reply) = word.split_once('/').unwrap_or((word, "0p0b"));
                (event.forward, event.reply) = (counters(forward), counters(reply));
            }
            None => event.tcp_flags = word.bytes().map(|flag| if flag == b'F' { 1 } else { 2 }).sum(),
        }
    }
    event
}

/// The fields that differ between the records of a test; `-` for an absent value.
fn render(record: &Record) -> String {
    const LEFT_OUT: &[&str] = &[
        "version",
        "account-id",
        "start",
        "end",
        "nat-gateway-id",
        "region-id",
        "vpc-id",
        "flow-log-id",
        "flow-id",
    ];
    let values = flow::FIELDS.iter().filter(|field| !LEFT_OUT.contains(&field.name)).filter_map(|field| {
        let value = (field.get)(record)?;
        Some(if field.name.ends_with("-ms") || field.name == "flow-start" {
            format!("{}={}s", field.name, value.to_string().parse::<f64>().unwrap() / 1000.0)
        } else {
            format!("{}={value}", field.name)
        })
    });
    values.collect::<Vec<_>>().join(" ")
}

fn run(mut windows: Windows, flow_logs: &[FlowLog], input: &str) -> String {
    let mut output = Vec::new();
    for line in input.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "close" => {
                for closed in windows.close(at(words[1]), flow_logs) {
                    output.push(format!("[{} {})", closed.window.start().seconds(), closed.until.seconds()));
                    for collected in &closed.collected {
                        output.extend(collected.records.iter().map(render));
                    }
                }
            }
            "lost" => windows.lose(&Loss {
                packets: words[2].parse().unwrap(),
                ..Loss::unknown(WindowLength::MINUTE.window_of(at(words[1])), LossCause::TooManyFlows)
            }),
            _ => windows.observe(event(line)),
        }
    }
    output.join("\n")
}

#[track_caller]
fn check(input: &str, expected: Expect) {
    expected.assert_eq(&run(Windows::new(settings()), &[everything()], input));
}

#[track_caller]
fn check_collected(flow_log: FlowLog, input: &str, expected: Expect) {
    expected.assert_eq(&run(Windows::new(settings()), &[flow_log], input));
}

#[test]
fn events_of_one_flow_fold_into_one_record() {
    check(
        "00:12 tcp 10.0.0.2:4000>198.51.100.9:443 as 203.0.113.1:61000>198.51.100.9:443 2p180b/1p60b S in=lan out=wan
         00:10 tcp 10.0.0.2:4000>198.51.100.9:443 as 203.0.113.1:61000>198.51.100.9:443 1p40b in=lan out=wan
         close 01:00",
        expect![[r#"
            [0 60)
            interface-id=lan srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=4000 dstport=443 protocol=6 packets=3 bytes=220 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=60 nat-type=SNAT natsrcaddr=203.0.113.1 natsrcport=61000 natdstaddr=198.51.100.9 natdstport=443 start-ms=10s end-ms=12s direction=EGRESS flow-start=10s flow-state=NEW tcp-flags=2"#]],
    );
}

#[test]
fn a_flow_across_two_windows_keeps_its_id_and_start() {
    let mut windows = Windows::new(settings());
    windows.observe(event("00:59 udp 10.0.0.2:53>198.51.100.9:53 1p80b"));
    windows.observe(event("01:01 udp 10.0.0.2:53>198.51.100.9:53 1p80b"));
    let records: Vec<Record> = windows
        .close(at("02:00"), &[everything()])
        .into_iter()
        .flat_map(|closed| closed.collected)
        .flat_map(|collected| collected.records)
        .collect();
    let [first, second] = records.as_slice() else { panic!("two records, not {}", records.len()) };
    assert_eq!(first.flow_id, second.flow_id);
    assert_eq!((first.flow_start, second.flow_start), (Some(at("00:59")), Some(at("00:59"))));
    assert_eq!(first.flow_state, Some(flow::FlowState::New));
    assert_eq!(
        second.flow_state,
        Some(flow::FlowState::Closed),
        "30 s of silence end an unanswered UDP conversation"
    );
}

#[test]
fn accept_and_reject_of_the_same_tuple_are_two_records() {
    check(
        "00:01 udp 10.0.0.2:9>198.51.100.9:9 3p90b in=lan out=wan
         00:02 udp 10.0.0.2:9>198.51.100.9:9 1p30b in=lan reject=web-acl
         close 01:00",
        expect![[r#"
            [0 60)
            interface-id=lan srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=9 dstport=9 protocol=17 packets=3 bytes=90 action=ACCEPT log-status=OK reply-packets=0 reply-bytes=0 start-ms=1s end-ms=1s direction=EGRESS flow-start=1s flow-state=CLOSED
            interface-id=lan srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=9 dstport=9 protocol=17 packets=1 bytes=30 action=REJECT log-status=OK reply-packets=0 reply-bytes=0 start-ms=2s end-ms=2s direction=EGRESS flow-start=1s flow-state=CLOSED reject-reason=ACL reject-rule=web-acl"#]],
    );
}

#[test]
fn a_fin_closes_the_conversation_and_the_last_ack_does_not_reopen_it() {
    check(
        "00:59 tcp 10.0.0.2:1>198.51.100.9:80 = 5p500b/4p400b SF
         01:00 tcp 10.0.0.2:1>198.51.100.9:80 = 1p40b
         close 02:00",
        expect![[r#"
            [0 60)
            srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=1 dstport=80 protocol=6 packets=5 bytes=500 action=ACCEPT log-status=OK reply-packets=4 reply-bytes=400 nat-type=NONE natsrcaddr=10.0.0.2 natsrcport=1 natdstaddr=198.51.100.9 natdstport=80 start-ms=59s end-ms=59s direction=EGRESS flow-start=59s flow-state=CLOSED tcp-flags=3
            [60 120)
            srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=1 dstport=80 protocol=6 packets=1 bytes=40 action=ACCEPT log-status=OK reply-packets=0 reply-bytes=0 nat-type=NONE natsrcaddr=10.0.0.2 natsrcport=1 natdstaddr=198.51.100.9 natdstport=80 start-ms=60s end-ms=60s direction=EGRESS flow-start=59s flow-state=CLOSED tcp-flags=0"#]],
    );
}

#[test]
fn who_opens_from_inside_goes_out() {
    check(
        "00:01 tcp 10.0.0.2:1>10.0.0.3:80 1p40b/1p40b
         00:01 tcp 198.51.100.9:1>203.0.113.1:80 as 198.51.100.9:1>10.0.0.3:8080 1p40b/1p40b
         00:01 tcp 10.0.0.2:2>203.0.113.1:80 as 203.0.113.1:2>10.0.0.3:8080 1p40b/1p40b
         00:01 tcp [fd00::2]:1>[2001:db8::9]:80 = 1p60b/1p60b
         close 01:00",
        expect![[r#"
            [0 60)
            srcaddr=10.0.0.2 dstaddr=10.0.0.3 srcport=1 dstport=80 protocol=6 packets=1 bytes=40 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=40 start-ms=1s end-ms=1s direction=INGRESS flow-start=1s flow-state=NEW tcp-flags=0
            srcaddr=10.0.0.2 dstaddr=203.0.113.1 srcport=2 dstport=80 protocol=6 packets=1 bytes=40 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=40 nat-type=BOTH natsrcaddr=203.0.113.1 natsrcport=2 natdstaddr=10.0.0.3 natdstport=8080 start-ms=1s end-ms=1s direction=EGRESS flow-start=1s flow-state=NEW tcp-flags=0
            srcaddr=198.51.100.9 dstaddr=203.0.113.1 srcport=1 dstport=80 protocol=6 packets=1 bytes=40 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=40 nat-type=DNAT natsrcaddr=198.51.100.9 natsrcport=1 natdstaddr=10.0.0.3 natdstport=8080 start-ms=1s end-ms=1s direction=INGRESS flow-start=1s flow-state=NEW tcp-flags=0
            srcaddr=fd00::2 dstaddr=2001:db8::9 srcport=1 dstport=80 protocol=6 packets=1 bytes=60 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=60 nat-type=NONE natsrcaddr=fd00::2 natsrcport=1 natdstaddr=2001:db8::9 natdstport=80 start-ms=1s end-ms=1s direction=EGRESS flow-start=1s flow-state=NEW tcp-flags=0"#]],
    );
}

#[test]
fn a_quiet_window_says_so_once() {
    check(
        "close 00:30\nclose 01:30\nclose 01:59\nclose 03:00",
        expect![[r#"
        [0 60)
        log-status=NODATA start-ms=0s end-ms=60s
        [60 120)
        log-status=NODATA start-ms=60s end-ms=120s
        [120 180)
        log-status=NODATA start-ms=120s end-ms=180s"#]],
    );
}

#[test]
fn a_window_with_a_loss_claims_no_silence() {
    check(
        "lost 00:10 7
         lost 01:10 0
         01:20 udp 10.0.0.2:9>198.51.100.9:9 3p90b/3p90b
         close 02:00",
        expect![[r#"
            [0 60)
            log-status=SKIPDATA start-ms=0s end-ms=60s lost=7
            [60 120)
            srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=9 dstport=9 protocol=17 packets=3 bytes=90 action=ACCEPT log-status=OK reply-packets=3 reply-bytes=90 start-ms=80s end-ms=80s direction=EGRESS flow-start=80s flow-state=NEW
            log-status=SKIPDATA start-ms=60s end-ms=120s"#]],
    );
}

#[test]
fn a_late_event_opens_no_second_record_and_is_counted_with_the_next_window() {
    check(
        "00:10 udp 10.0.0.2:9>198.51.100.9:9 1p30b/1p30b
         close 01:00
         00:20 udp 10.0.0.2:9>198.51.100.9:9 3p90b/2p60b
         lost 00:30 4
         close 02:00
         close 03:00",
        expect![[r#"
            [0 60)
            srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=9 dstport=9 protocol=17 packets=1 bytes=30 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=30 start-ms=10s end-ms=10s direction=EGRESS flow-start=10s flow-state=NEW
            [60 120)
            log-status=SKIPDATA start-ms=60s end-ms=120s lost=9
            [120 180)
            log-status=NODATA start-ms=120s end-ms=180s"#]],
    );
}

#[test]
fn a_long_gap_is_one_skipdata_and_a_bounded_number_of_nodata() {
    let output = run(Windows::new(settings()), &[everything()], "close 00:00\nclose 2000:00");
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len() / 2, QUIET_WINDOWS_MAX as usize + 1);
    assert_eq!(lines[0], "[0 33600)");
    assert!(lines[1].contains("log-status=SKIPDATA"), "{}", lines[1]);
    assert_eq!(lines[2], "[33600 33660)");
    assert!(lines[3].contains("log-status=NODATA"), "{}", lines[3]);
}

#[test]
fn a_flow_beyond_the_limit_is_counted_as_lost() {
    let windows = Windows::new(settings()).with_open_flows_max(1);
    let output = run(
        windows,
        &[everything()],
        "00:01 udp 10.0.0.2:1>198.51.100.9:9 1p30b
         00:02 udp 10.0.0.2:2>198.51.100.9:9 5p30b/2p30b
         00:03 udp 10.0.0.2:1>198.51.100.9:9 1p30b
         close 01:00
         01:01 udp 10.0.0.2:2>198.51.100.9:9 1p30b
         close 02:00",
    );
    expect![[r#"
        [0 60)
        srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=1 dstport=9 protocol=17 packets=2 bytes=60 action=ACCEPT log-status=OK reply-packets=0 reply-bytes=0 start-ms=1s end-ms=3s direction=EGRESS flow-start=1s flow-state=CLOSED
        log-status=SKIPDATA start-ms=0s end-ms=60s lost=7
        [60 120)
        srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=2 dstport=9 protocol=17 packets=1 bytes=30 action=ACCEPT log-status=OK reply-packets=0 reply-bytes=0 start-ms=61s end-ms=61s direction=EGRESS flow-start=61s flow-state=CLOSED"#]].assert_eq(&output);
}

#[test]
fn a_type_collects_its_verdict() {
    let input = "00:01 udp 10.0.0.2:9>198.51.100.9:9 3p90b/1p30b in=lan out=wan
                 00:02 udp 10.0.0.2:9>198.51.100.9:9 1p30b in=lan reject=web-acl
                 close 01:00";
    let of = |kind| flow_log(CollectionScope::Nat, "nat-00000001", kind);
    check_collected(
        of(CollectionType::Accept),
        input,
        expect![[r#"
        [0 60)
        interface-id=lan srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=9 dstport=9 protocol=17 packets=3 bytes=90 action=ACCEPT log-status=OK reply-packets=1 reply-bytes=30 start-ms=1s end-ms=1s direction=EGRESS flow-start=1s flow-state=NEW"#]],
    );
    check_collected(
        of(CollectionType::Reject),
        input,
        expect![[r#"
        [0 60)
        interface-id=lan srcaddr=10.0.0.2 dstaddr=198.51.100.9 srcport=9 dstport=9 protocol=17 packets=1 bytes=30 action=REJECT log-status=OK reply-packets=0 reply-bytes=0 start-ms=2s end-ms=2s direction=EGRESS flow-start=1s flow-state=NEW reject-reason=ACL reject-rule=web-acl"#]],
    );
}

#[test]
fn a_scope_collects_its_resource_and_speaks_only_for_what_the_gateway_knows() {
    let input = "00:01 udp 10.0.0.2:9>198.51.100.9:9 3p90b/1p30b in=lan out=wan
                 close 01:00";
    let collected = [
        (CollectionScope::Nat, "nat-00000001", "OK"),
        (CollectionScope::Nat, "nat-00000002", ""),
        (CollectionScope::NetworkInterface, "lan", "OK"),
        (CollectionScope::NetworkInterface, "wan", "OK"),
        (CollectionScope::NetworkInterface, "dmz", "NODATA"),
        (CollectionScope::Vpc, "vpc-1", "OK"),
        (CollectionScope::Vpc, "vpc-2", ""),
        (CollectionScope::Subnet, "subnet-1", ""),
        (CollectionScope::Ccn, "ccn-1", ""),
    ];
    for (scope, resource, expected) in collected {
        let of = flow_log(scope, resource, CollectionType::All);
        let output = run(Windows::new(settings()), &[of], input);
        let status = output.split_once("log-status=").map_or("", |(_, rest)| rest.split(' ').next().unwrap());
        assert_eq!(status, expected, "{scope} {resource}");
    }
}

#[test]
fn the_end_of_a_run_gives_what_is_open_and_a_later_run_the_rest() {
    let mut windows = Windows::new(settings());
    windows.observe(event("00:10 udp 10.0.0.2:9>198.51.100.9:9 1p30b"));
    let early = windows.close_early(at("00:20"), &[everything()], &mut |_| {});
    assert_eq!((early.len(), early[0].collected[0].records.len()), (1, 1));

    let mut later = Windows::new(settings());
    later.resume(early[0].window.start());
    later.observe(event("00:50 udp 10.0.0.2:9>198.51.100.9:9 1p30b"));
    assert_eq!(later.close(at("01:00"), &[everything()])[0].collected[0].records[0].packets, Some(1));
}

#[test]
fn windows_that_nobody_watched_claim_no_silence() {
    let mut windows = Windows::new(settings());
    windows.resume(at("01:00"));
    windows.watched_since(at("03:10"), LossCause::AgentDown);
    windows.observe(event("03:50 udp 10.0.0.2:9>198.51.100.9:9 1p30b"));
    let closed = windows.close(at("05:00"), &[everything()]);
    let told: Vec<(i64, Option<u64>)> =
        closed.iter().map(|closed| (closed.window.start().seconds(), closed.balance.lost())).collect();
    assert_eq!(told, [(60, Some(0)), (120, Some(0)), (180, Some(0)), (240, None)]);
    assert_eq!(windows.closed_until(), Some(at("05:00")));
}

#[test]
fn full_parts_and_the_rest_are_what_a_flow_log_collects_in_one_window() {
    let flow_logs = [everything(), flow_log(CollectionScope::Nat, "nat-00000001", CollectionType::Accept)];
    let filled = || {
        let mut windows = Windows::new(settings());
        for port in 4000..4005 {
            windows.observe(event(&format!("00:12 tcp 10.0.0.2:{port}>198.51.100.9:443 2p180b/1p60b")));
        }
        windows
    };
    let whole = filled().close(at("01:00"), &flow_logs);
    let in_parts = |close: &dyn Fn(&mut Windows, &mut Parts<'_>) -> Vec<ClosedWindow>| {
        let mut given: Vec<Collected> = Vec::new();
        let rest = close(&mut filled(), &mut Parts { records_max: 2, each: &mut |part| given.push(part) });
        (given, rest)
    };
    let (given, rest) = in_parts(&|windows, parts| windows.close_until(at("01:00"), &flow_logs, parts));
    assert_eq!(
        in_parts(&|windows, parts| windows.close_open(at("01:00"), &flow_logs, parts)),
        (given.clone(), rest.clone()),
        "the end of a run gives parts, too"
    );
    for (place, of_window) in whole[0].collected.iter().enumerate() {
        let mut records: Vec<Record> =
            given.iter().skip(place).step_by(2).flat_map(|part| part.records.clone()).collect();
        let last = &rest[0].collected[place];
        assert!(!last.records.is_empty() && given.len() == 4);
        records.extend(last.records.clone());
        assert_eq!(records, of_window.records);
    }
}
