//! Which rule of a recorded rule set refused which packet.

use std::net::SocketAddr;

use expect_test::{Expect, expect};

use super::*;

fn recorded() -> Ruleset {
    Ruleset::parse(include_bytes!("../../../../fixtures/capture/ruleset.json")).unwrap()
}

/// Reads `<protocol> <source> > <destination> <in>-<out> <state>`; no `<out>` is unrouted, `lo` the gateway itself.
fn refusal(text: &str) -> Refusal {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [protocol, source, ">", destination, interfaces, state] = words[..] else {
        panic!("six words: {text}")
    };
    let (source, destination): (SocketAddr, SocketAddr) =
        (source.parse().unwrap(), destination.parse().unwrap());
    let (interface_in, interface_out) = interfaces.split_once('-').unwrap();
    Refusal {
        protocol: match protocol {
            "icmp" => 1,
            "tcp" => 6,
            "udp" => 17,
            "gre" => 47,
            "icmpv6" => 58,
            "sctp" => 132,
            other => panic!("unknown protocol {other}"),
        },
        tuple: Tuple {
            srcaddr: source.ip(),
            dstaddr: destination.ip(),
            srcport: source.port(),
            dstport: destination.port(),
        },
        interface_in: Some(interface_in.into()),
        interface_out: (!interface_out.is_empty()).then(|| interface_out.into()),
        connection: Some(match state {
            "new" => Connection::New,
            "established" => Connection::Established,
            "untracked" => Connection::Untracked,
            "invalid" => Connection::Invalid,
            other => panic!("unknown state {other}"),
        }),
        path: match interface_out {
            "" => Path::Unrouted,
            "lo" => Path::ToGateway,
            _ => Path::Through,
        },
    }
}

fn check(packets: &str, expected: Expect) {
    let ruleset = recorded();
    let found: Vec<String> = packets
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match ruleset.who_refused(&refusal(line)) {
            Some(Rejection { reason, rule }) => {
                format!("{line} = {} by {}", reason.as_str(), rule.as_deref().unwrap_or("nobody"))
            }
            None => format!("{line} = nobody"),
        })
        .collect();
    expected.assert_eq(&found.join("\n"));
}

#[test]
fn a_rule_is_named_by_comment_then_log_prefix_then_place() {
    check(
        "tcp 10.10.0.2:4000 > 203.0.113.2:8081 g0-g1 new
         udp [fd10::2]:4000 > [2001:db8::2]:8082 g0-g1 new
         tcp 10.10.0.2:4000 > 203.0.113.2:8084 g0-g1 new
         tcp 10.10.0.2:4000 > 198.51.100.7:443 g0-g1 new",
        expect![[r#"
            tcp 10.10.0.2:4000 > 203.0.113.2:8081 g0-g1 new = SECURITY_GROUP by sg-reject
            udp [fd10::2]:4000 > [2001:db8::2]:8082 g0-g1 new = ACL by acl-drop
            tcp 10.10.0.2:4000 > 203.0.113.2:8084 g0-g1 new = ACL by acl: ports
            tcp 10.10.0.2:4000 > 198.51.100.7:443 g0-g1 new = ACL by fw/forward handle 20"#]],
    );
}

#[test]
fn conditions_of_every_kind_are_followed() {
    check(
        "tcp 10.10.0.2:4000 > 203.0.113.66:443 g0-g1 new
         tcp 10.10.0.2:4000 > 203.0.113.67:443 g0-g1 new
         tcp [fd10::2]:4000 > [2001:db8:bad::1]:443 g0-g1 new
         tcp 10.10.0.2:4000 > 203.0.113.2:8090 g0-g1 new
         tcp 10.10.0.2:4000 > 203.0.113.2:8092 g0-g1 new
         udp 10.10.0.2:4000 > 203.0.113.2:9000 g0-g1 new
         udp 10.10.0.2:4000 > 203.0.113.2:9002 g0-g1 new
         tcp 10.10.0.9:4000 > 203.0.113.2:8100 g0-g1 new
         tcp 10.10.0.8:4000 > 203.0.113.2:8100 g0-g1 new
         sctp 10.10.0.2:0 > 203.0.113.2:0 g0-g1 new
         tcp 192.0.2.1:4000 > 203.0.113.2:443 g0-g1 new
         tcp 10.10.0.2:4000 > 203.0.113.2:8300 g0-g1 new",
        expect![[r#"
            tcp 10.10.0.2:4000 > 203.0.113.66:443 g0-g1 new = ACL by fw/forward handle 20
            tcp 10.10.0.2:4000 > 203.0.113.67:443 g0-g1 new = nobody
            tcp [fd10::2]:4000 > [2001:db8:bad::1]:443 g0-g1 new = ACL by fw/forward handle 21
            tcp 10.10.0.2:4000 > 203.0.113.2:8090 g0-g1 new = ACL by fw/forward handle 22
            tcp 10.10.0.2:4000 > 203.0.113.2:8092 g0-g1 new = ACL by shared refusal
            udp 10.10.0.2:4000 > 203.0.113.2:9000 g0-g1 new = ACL by shared refusal
            udp 10.10.0.2:4000 > 203.0.113.2:9002 g0-g1 new = ACL by fw/forward handle 24
            tcp 10.10.0.9:4000 > 203.0.113.2:8100 g0-g1 new = ACL by fw/forward handle 25
            tcp 10.10.0.8:4000 > 203.0.113.2:8100 g0-g1 new = nobody
            sctp 10.10.0.2:0 > 203.0.113.2:0 g0-g1 new = ACL by fw/forward handle 27
            tcp 192.0.2.1:4000 > 203.0.113.2:443 g0-g1 new = ACL by spoofed
            tcp 10.10.0.2:4000 > 203.0.113.2:8300 g0-g1 new = ACL by fw/sgs handle 30"#]],
    );
}

#[test]
fn a_rule_that_may_have_refused_is_named_when_none_surely_did() {
    check(
        "tcp 10.10.0.2:4000 > 203.0.113.2:8200 g0-g1 new
         tcp 10.10.0.2:4000 > 203.0.113.2:443 g0-g1 new",
        expect![[r#"
            tcp 10.10.0.2:4000 > 203.0.113.2:8200 g0-g1 new = ACL by fw/forward handle 26
            tcp 10.10.0.2:4000 > 203.0.113.2:443 g0-g1 new = nobody"#]],
    );
}

#[test]
fn the_way_and_the_state_of_a_packet_decide_which_rules_it_met() {
    check(
        "tcp 10.10.0.2:4000 > 10.10.0.1:23 g0-lo new
         tcp 10.10.0.2:4000 > 10.10.0.1:22 g0-lo new
         icmp 10.10.0.2:7 > 10.10.0.1:2048 g0-lo new
         udp 10.10.0.2:4000 > 203.0.113.2:8401 g0- invalid
         gre 10.10.0.2:0 > 203.0.113.2:0 g0- invalid
         tcp 10.10.0.2:4000 > 203.0.113.2:443 g0-g1 invalid
         tcp 10.10.0.2:4000 > 203.0.113.2:8081 g0-g1 established",
        expect![[r#"
            tcp 10.10.0.2:4000 > 10.10.0.1:23 g0-lo new = ACL by fw/input policy
            tcp 10.10.0.2:4000 > 10.10.0.1:22 g0-lo new = nobody
            icmp 10.10.0.2:7 > 10.10.0.1:2048 g0-lo new = nobody
            udp 10.10.0.2:4000 > 203.0.113.2:8401 g0- invalid = ACL by raw/pre handle 3
            gre 10.10.0.2:0 > 203.0.113.2:0 g0- invalid = ACL by raw/pre handle 4
            tcp 10.10.0.2:4000 > 203.0.113.2:443 g0-g1 invalid = INVALID by invalid packets
            tcp 10.10.0.2:4000 > 203.0.113.2:8081 g0-g1 established = nobody"#]],
    );
}

#[test]
fn a_style_is_a_whole_word() {
    for (name, expected) in
        [("sg-web", true), ("SG: web", true), ("sg", true), ("sgs", false), ("msg-1", false), ("", false)]
    {
        assert_eq!(in_style(name, "sg"), expected, "{name}");
    }
}

#[test]
fn a_rule_set_that_is_none_is_refused_and_odd_parts_are_passed_over() {
    assert!(Ruleset::parse(b"not json").is_err());
    let odd = br#"{"nftables": [7, {"rule": 3}, {"chain": {"name": "c"}}, {"set": {"elem": 1}}, {}]}"#;
    assert!(
        Ruleset::parse(odd).unwrap().who_refused(&refusal("tcp 10.0.0.1:1 > 10.0.0.2:2 a-b new")).is_none()
    );
}
