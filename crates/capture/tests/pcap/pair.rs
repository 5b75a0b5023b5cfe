//! Captures of both sides of a gateway.

use expect_test::{Expect, expect};

use super::frames::*;
use crate::{read_pair, told};

/// Outside, this comes first and last, so that the capture covers everything between.
const BEACON: &str = "203.0.113.1:9 > 198.51.100.1:9";

fn arp() -> Vec<u8> {
    [vec![2; 12], vec![8, 6], vec![0; 46]].concat()
}

fn file(packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let captured: Vec<Captured> =
        packets.iter().map(|(millis, packet)| at(*millis, ethernet(&[], packet))).collect();
    classic(Order::Little, true, 1, &captured)
}

/// The capture of the outside, from 0.5 s to 9 s.
fn outside_file(packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut captured = vec![at(500, arp())];
    captured.extend(packets.iter().map(|(millis, packet)| at(*millis, ethernet(&[], packet))));
    captured.push(at(9000, arp()));
    classic(Order::Little, true, 1, &captured)
}

#[track_caller]
fn check(inside: &[(u64, Vec<u8>)], outside: &[(u64, Vec<u8>)], expected: Expect) {
    expected.assert_eq(&told(&read_pair(&file(inside), &outside_file(outside)).unwrap()));
}

/// The same packet with another identification.
fn numbered(mut packet: Vec<u8>, id: u8) -> Vec<u8> {
    packet[5] = id;
    packet
}

#[test]
fn each_conversation_has_the_tuples_of_both_sides_whoever_opened_it() {
    check(
        &[
            (1000, tcp("10.0.0.2:4000 > 198.51.100.9:443", SYN, 1, "")),
            (1013, tcp("198.51.100.9:443 > 10.0.0.2:4000", SYN | ACK, 7, "")),
            (2001, tcp("198.51.100.7:5000 > 10.0.0.3:80", SYN, 3, "")),
            (2002, tcp("10.0.0.3:80 > 198.51.100.7:5000", SYN | ACK, 4, "")),
            (3000, icmp("10.0.0.2:0 > 198.51.100.9:0", 8, 0, 77, 1)),
            (3003, icmp("198.51.100.9:0 > 10.0.0.2:0", 0, 0, 77, 1)),
            (4000, plain("10.0.0.2:0 > 198.51.100.9:0", 50, b"\0\0\0\x07\0\0\0\x01")),
            (5000, udp("[fd00::2]:4000 > [2001:db8::9]:53", "where?")),
            (5003, udp("[2001:db8::9]:53 > [fd00::2]:4000", "there")),
        ],
        &[
            (1001, tcp("203.0.113.1:61000 > 198.51.100.9:443", SYN, 1, "")),
            (1012, tcp("198.51.100.9:443 > 203.0.113.1:61000", SYN | ACK, 7, "")),
            (2000, tcp("198.51.100.7:5000 > 203.0.113.1:8080", SYN, 3, "")),
            (2003, tcp("203.0.113.1:8080 > 198.51.100.7:5000", SYN | ACK, 4, "")),
            (3001, icmp("203.0.113.1:0 > 198.51.100.9:0", 8, 0, 9000, 1)),
            (3002, icmp("198.51.100.9:0 > 203.0.113.1:0", 0, 0, 9000, 1)),
            (4001, plain("203.0.113.1:0 > 198.51.100.9:0", 50, b"\0\0\0\x07\0\0\0\x01")),
            (5001, udp("[2001:db8::1]:4000 > [2001:db8::9]:53", "where?")),
            (5002, udp("[2001:db8::9]:53 > [2001:db8::1]:4000", "there")),
        ],
        expect![[r#"
            3.001-3.003 1 10.0.0.2:77 > 198.51.100.9:2048 as 203.0.113.1:9000 > 198.51.100.9:2048 sent 1/28 got 1/28
            1.001-1.013 6 10.0.0.2:4000 > 198.51.100.9:443 as 203.0.113.1:61000 > 198.51.100.9:443 sent 1/40 got 1/40 flags 0x12
            2.001-2.003 6 198.51.100.7:5000 > 203.0.113.1:8080 as 198.51.100.7:5000 > 10.0.0.3:80 sent 1/40 got 1/40 flags 0x12
            5.001-5.003 17 [fd00::2]:4000 > [2001:db8::9]:53 as [2001:db8::1]:4000 > [2001:db8::9]:53 sent 1/54 got 1/53
            4.001-4.001 50 10.0.0.2:0 > 198.51.100.9:0 as 203.0.113.1:0 > 198.51.100.9:0 sent 1/28 got 0/0
        "#]],
    );
}

#[test]
fn what_never_left_is_refused_and_what_the_gateway_sends_itself_is_no_record() {
    check(
        &[
            (1000, tcp("10.0.0.2:4000 > 198.51.100.9:8081", SYN, 1, "")),
            (1001, tcp("198.51.100.9:8081 > 10.0.0.2:4000", RST | ACK, 0, "")),
            (1100, udp("10.0.0.2:4001 > 198.51.100.9:8082", "dropped")),
            (1200, udp("10.0.0.2:4002 > 198.51.100.9:8083", "refused")),
            (
                1201,
                icmp_error(
                    "10.0.0.1:0 > 10.0.0.2:0",
                    3,
                    3,
                    &udp("10.0.0.2:4002 > 198.51.100.9:8083", "refused"),
                ),
            ),
            // With the gateway itself, and to everybody on the link.
            (1300, udp("10.0.0.2:4003 > 10.0.0.1:53", "where?")),
            (1301, udp("10.0.0.1:53 > 10.0.0.2:4003", "there")),
            (1400, udp("10.0.0.2:5353 > 224.0.0.251:5353", "anyone?")),
            (1500, icmp("[fe80::2]:0 > [ff02::2]:0", 133, 0, 0, 0)),
        ],
        &[(1600, udp(BEACON, "gateway's own"))],
        expect![[r#"
            1.000-1.000 6 10.0.0.2:4000 > 198.51.100.9:8081 sent 1/40 got 0/0 flags 0x02 refused OTHER
            1.100-1.100 17 10.0.0.2:4001 > 198.51.100.9:8082 sent 1/35 got 0/0 refused OTHER
            1.200-1.200 17 10.0.0.2:4002 > 198.51.100.9:8083 sent 1/35 got 0/0 refused OTHER
        "#]],
    );
}

#[test]
fn packets_that_look_alike_are_told_apart_by_conversation_port_and_order() {
    let ask = |text: &str| udp(text, "where?");
    check(
        &[
            (1000, ask("10.0.0.2:4000 > 198.51.100.9:53")),
            (1000, ask("10.0.0.3:4001 > 198.51.100.9:53")),
            (1000, ask("10.0.0.4:4002 > 198.51.100.8:53")),
            (1100, ask("10.0.0.2:4000 > 198.51.100.9:53")),
            (1100, ask("10.0.0.3:4001 > 198.51.100.9:53")),
        ],
        &[
            (1001, ask("203.0.113.1:4001 > 198.51.100.9:53")),
            (1001, ask("203.0.113.1:61002 > 198.51.100.8:53")),
            (1001, ask("203.0.113.1:4000 > 198.51.100.9:53")),
            (1101, ask("203.0.113.1:4001 > 198.51.100.9:53")),
        ],
        expect![[r#"
            1.100-1.100 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 0/0 refused OTHER
            1.001-1.001 17 10.0.0.2:4000 > 198.51.100.9:53 as 203.0.113.1:4000 > 198.51.100.9:53 sent 1/34 got 0/0
            1.001-1.101 17 10.0.0.3:4001 > 198.51.100.9:53 as 203.0.113.1:4001 > 198.51.100.9:53 sent 2/68 got 0/0
            1.001-1.001 17 10.0.0.4:4002 > 198.51.100.8:53 as 203.0.113.1:61002 > 198.51.100.8:53 sent 1/34 got 0/0
        "#]],
    );
}

#[test]
fn a_port_that_is_used_anew_is_another_flow() {
    let syn = |text: &str, seq| tcp(text, SYN, seq, "");
    check(
        &[
            (1000, syn("10.0.0.2:4000 > 198.51.100.9:443", 1)),
            (7000, syn("10.0.0.2:4000 > 198.51.100.9:443", 2)),
        ],
        &[
            (1001, syn("203.0.113.1:61000 > 198.51.100.9:443", 1)),
            (7001, syn("203.0.113.1:62000 > 198.51.100.9:443", 2)),
        ],
        expect![[r#"
            1.001-1.001 6 10.0.0.2:4000 > 198.51.100.9:443 as 203.0.113.1:61000 > 198.51.100.9:443 sent 1/40 got 0/0 flags 0x02
            7.001-7.001 6 10.0.0.2:4000 > 198.51.100.9:443 as 203.0.113.1:62000 > 198.51.100.9:443 sent 1/40 got 0/0 flags 0x02
        "#]],
    );
}

#[test]
fn clocks_that_differ_do_not_turn_conversations_round() {
    // Outside seems to be half a second earlier.
    check(
        &[
            (1500, udp("10.0.0.2:4000 > 198.51.100.9:53", "where?")),
            (1510, udp("198.51.100.9:53 > 10.0.0.2:4000", "there")),
        ],
        &[
            (1001, udp("203.0.113.1:61000 > 198.51.100.9:53", "where?")),
            (1009, udp("198.51.100.9:53 > 203.0.113.1:61000", "there")),
        ],
        expect![[r#"
            1.001-1.510 17 10.0.0.2:4000 > 198.51.100.9:53 as 203.0.113.1:61000 > 198.51.100.9:53 sent 1/34 got 1/33
        "#]],
    );
}

#[test]
fn nobody_is_said_to_be_refused_while_the_outside_was_not_captured() {
    let ask = |id| numbered(udp("10.0.0.2:4000 > 198.51.100.9:53", "where?"), id);
    check(
        &[(100, ask(1)), (1000, ask(2)), (8000, ask(3)), (9100, ask(4))],
        &[(1001, numbered(udp("203.0.113.1:61000 > 198.51.100.9:53", "where?"), 2))],
        expect![[r#"
            8.000-8.000 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 0/0 refused OTHER
            1.001-1.001 17 10.0.0.2:4000 > 198.51.100.9:53 as 203.0.113.1:61000 > 198.51.100.9:53 sent 1/34 got 0/0
            lost 2/68 not-watching in 0.000
        "#]],
    );
}

#[test]
fn parts_of_a_datagram_are_found_again_too() {
    let parts = |text: &str, later: u64| {
        let ends = ends(text);
        let whole = udp_header_and(ends, &[7; 40]);
        vec![
            (1000 + later, ip(ends, 17, 9, 0x2000, &whole[..24])),
            (1000 + later, ip(ends, 17, 9, 3, &whole[24..])),
        ]
    };
    check(
        &parts("10.0.0.2:4000 > 198.51.100.9:53", 0),
        &parts("203.0.113.1:61000 > 198.51.100.9:53", 1),
        expect![[r#"
            1.001-1.001 17 10.0.0.2:4000 > 198.51.100.9:53 as 203.0.113.1:61000 > 198.51.100.9:53 sent 2/88 got 0/0
        "#]],
    );
}
