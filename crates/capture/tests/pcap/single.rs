//! One capture file: formats, headers, who opened the conversation.

use capture::{CaptureFileError, LossCause, SourceError};
use expect_test::{Expect, expect};

use super::frames::*;
use crate::{read_one, told};

/// Puts a link header before a packet.
type Framing<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

const ETHERNET: u32 = 1;
const ASK: &str = "10.0.0.2:4000 > 198.51.100.9:53";
const ANSWER: &str = "198.51.100.9:53 > 10.0.0.2:4000";
const ASK6: &str = "[fd00::2]:4000 > [2001:db8::9]:53";
const ANSWER6: &str = "[2001:db8::9]:53 > [fd00::2]:4000";

#[track_caller]
fn check(packets: &[Vec<u8>], expected: Expect) {
    let captured: Vec<Captured> =
        packets.iter().zip(0..).map(|(packet, number)| at(1000 + number, ethernet(&[], packet))).collect();
    expected.assert_eq(&told(&read_one(&classic(Order::Little, false, ETHERNET, &captured)).unwrap()));
}

#[test]
fn every_format_and_every_link_says_the_same() {
    let packets = [udp(ASK, "where?"), udp(ASK6, "where?"), udp(ANSWER, "there"), udp(ANSWER6, "there")];
    let captured = |link: Framing<'_>| -> Vec<Captured> {
        packets.iter().zip(0..).map(|(packet, number)| at(61_500 + 125 * number, link(packet))).collect()
    };
    let plain = captured(&|packet| ethernet(&[], packet));
    let mut files = Vec::new();
    for order in [Order::Little, Order::Big] {
        files.extend([true, false].map(|nanos| classic(order, nanos, ETHERNET, &plain)));
        // Parts of a second: 10^-6, 10^-9, 10^-3, 2^-20.
        files.extend([6, 9, 3, 0x94].map(|resolution| pcapng(order, resolution, 1, &plain, 0)));
    }
    let other_links: [(u32, Framing<'_>); 7] = [
        (1, &|packet| ethernet(&[[0x81, 0x00]], packet)),
        (1, &|packet| ethernet(&[[0x88, 0xa8], [0x81, 0x00]], packet)),
        (101, &<[u8]>::to_vec),
        (12, &<[u8]>::to_vec),
        (113, &cooked),
        (276, &|packet| cooked2(&[], packet)),
        (276, &|packet| cooked2(&[[0x88, 0xa8], [0x81, 0x00]], packet)),
    ];
    files.extend(
        other_links.map(|(link_type, link)| classic(Order::Little, false, link_type, &captured(link))),
    );
    assert_eq!(files.len(), 19);
    for (number, file) in files.iter().enumerate() {
        let read = read_one(file).unwrap();
        let expected = "61.500-61.750 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 1/33\n\
                        61.625-61.875 17 [fd00::2]:4000 > [2001:db8::9]:53 sent 1/54 got 1/53\n";
        assert_eq!(told(&read), expected, "file {number}");
        assert_eq!((read.numbers.frames, read.numbers.other_frames), (4, 0));
    }
}

#[test]
fn every_protocol_is_named_as_the_documentation_says() {
    check(
        &[
            tcp("10.0.0.2:4000 > 198.51.100.9:443", SYN, 1, ""),
            icmp("10.0.0.2:0 > 198.51.100.9:0", 8, 0, 77, 1),
            icmp("198.51.100.9:0 > 10.0.0.2:0", 0, 0, 77, 1),
            icmp("10.0.0.2:0 > 198.51.100.9:0", 13, 0, 78, 1),
            icmp("[fd00::2]:0 > [2001:db8::9]:0", 128, 0, 79, 1),
            icmp("[2001:db8::9]:0 > [fd00::2]:0", 129, 0, 79, 1),
            icmp("10.0.0.2:0 > 224.0.0.2:0", 10, 3, 0, 0),
            plain("10.0.0.2:0 > 198.51.100.9:0", 47, &[0, 0, 8, 0, 1]),
            plain("10.0.0.2:0 > 198.51.100.9:0", 50, &[0, 0, 0, 7, 0, 0, 0, 1]),
            plain("10.0.0.2:0 > 198.51.100.9:0", 132, &[0x13, 0x88, 0x0b, 0x59, 0, 0, 0, 9, 0, 0, 0, 0]),
        ],
        expect![[r#"
            1.001-1.002 1 10.0.0.2:77 > 198.51.100.9:2048 sent 1/28 got 1/28
            1.003-1.003 1 10.0.0.2:78 > 198.51.100.9:3328 sent 1/28 got 0/0
            1.006-1.006 1 10.0.0.2:0 > 224.0.0.2:2563 sent 1/28 got 0/0
            1.000-1.000 6 10.0.0.2:4000 > 198.51.100.9:443 sent 1/40 got 0/0 flags 0x02
            1.007-1.007 47 10.0.0.2:0 > 198.51.100.9:0 sent 1/25 got 0/0
            1.008-1.008 50 10.0.0.2:0 > 198.51.100.9:0 sent 1/28 got 0/0
            1.004-1.005 58 [fd00::2]:79 > [2001:db8::9]:32768 sent 1/48 got 1/48
            1.009-1.009 132 10.0.0.2:5000 > 198.51.100.9:2905 sent 1/32 got 0/0
        "#]],
    );
}

#[test]
fn an_icmp_error_belongs_to_the_conversation_that_it_is_about() {
    let ask = udp(ASK, "where?");
    let ask6 = udp(ASK6, "where?");
    check(
        &[
            ask.clone(),
            icmp_error("192.0.2.1:0 > 10.0.0.2:0", 11, 0, &ask[..28]),
            ask6.clone(),
            icmp_error("[2001:db8::1]:0 > [fd00::2]:0", 1, 4, &ask6),
            // What it is about cannot be read: a flow of its own.
            icmp_error("192.0.2.1:0 > 10.0.0.2:0", 3, 1, &ask[..20]),
        ],
        expect![[r#"
            1.004-1.004 1 192.0.2.1:0 > 10.0.0.2:769 sent 1/48 got 0/0
            1.000-1.001 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 1/56
            1.002-1.003 17 [fd00::2]:4000 > [2001:db8::9]:53 sent 1/54 got 1/102
        "#]],
    );
}

#[test]
fn who_asked_for_the_connection_opened_it_although_the_capture_began_later() {
    check(
        &[
            tcp("198.51.100.9:443 > 10.0.0.2:4000", ACK, 1, "late"),
            tcp("10.0.0.2:4000 > 198.51.100.9:443", ACK, 1, ""),
            tcp("198.51.100.9:443 > 10.0.0.2:4001", SYN | ACK, 1, ""),
            tcp("10.0.0.2:4001 > 198.51.100.9:443", ACK, 1, ""),
            tcp("10.0.0.2:4000 > 198.51.100.9:443", SYN, 1, ""),
            tcp("198.51.100.9:443 > 10.0.0.2:4000", SYN | ACK, 1, ""),
        ],
        expect![[r#"
            1.004-1.005 6 10.0.0.2:4000 > 198.51.100.9:443 sent 1/40 got 1/40 flags 0x12
            1.002-1.003 6 10.0.0.2:4001 > 198.51.100.9:443 sent 1/40 got 1/40 flags 0x12
            1.000-1.001 6 198.51.100.9:443 > 10.0.0.2:4000 sent 1/44 got 1/40 flags 0x10
        "#]],
    );
}

#[test]
fn all_parts_of_a_datagram_belong_to_its_flow_in_any_order() {
    let four = ends(ASK);
    let whole = udp_header_and(four, &[7; 40]);
    let part = |range: std::ops::Range<usize>, more: u16| {
        let offset = u16::try_from(range.start / 8).unwrap();
        ip(four, 17, 99, more << 13 | offset, &whole[range])
    };
    let six = ends(ASK6);
    let whole6 = udp_header_and(six, &[7; 40]);
    let part6 = |range: std::ops::Range<usize>, more: bool| {
        let offset = u16::try_from(range.start / 8).unwrap();
        let header = [part_header(17, offset, more, 99), whole6[range].to_vec()].concat();
        ip(six, 44, 0, 0, &header)
    };
    check(
        &[part(0..24, 1), part(24..48, 0), part6(0..24, true), part6(24..48, false)],
        expect![[r#"
            1.000-1.001 17 10.0.0.2:4000 > 198.51.100.9:53 sent 2/88 got 0/0
            1.002-1.003 17 [fd00::2]:4000 > [2001:db8::9]:53 sent 2/144 got 0/0
        "#]],
    );
    check(
        &[part(40..48, 0), part(16..40, 1), part6(24..48, false), part6(0..24, true), part(0..16, 1)],
        expect![[r#"
            1.000-1.004 17 10.0.0.2:4000 > 198.51.100.9:53 sent 3/108 got 0/0
            1.002-1.003 17 [fd00::2]:4000 > [2001:db8::9]:53 sent 2/144 got 0/0
        "#]],
    );
    // Without the first part nobody knows the ports.
    check(
        &[part(40..48, 0)],
        expect![[r#"
            lost 1/28 unreadable in 0.000
        "#]],
    );
}

#[test]
fn ipv6_extension_headers_are_stepped_over() {
    let six = ends(ASK6);
    let udp = udp_header_and(six, b"where?");
    let chain = [extension(60, 0), extension(43, 1), extension(51, 2)];
    // An authentication header counts its length in words of four bytes.
    let authentication = [vec![44, 4], vec![0; 22]].concat();
    let alone = part_header(17, 0, false, 1);
    let payload = [&chain[0][..], &chain[1], &chain[2], &authentication, &alone, &udp].concat();
    check(
        &[ip(six, 0, 0, 0, &payload), ip(six, 59, 0, 0, &[]), ip(six, 0, 0, 0, &chain[0][..4])],
        expect![[r#"
            1.000-1.000 17 [fd00::2]:4000 > [2001:db8::9]:53 sent 1/134 got 0/0
            1.001-1.001 59 [fd00::2]:0 > [2001:db8::9]:0 sent 1/40 got 0/0
            lost 1/46 unreadable in 0.000
        "#]],
    );
}

#[test]
fn a_capture_of_the_first_bytes_gives_the_same_flow_or_a_loss() {
    let packets = [
        ethernet(&[], &tcp("10.0.0.2:4000 > 198.51.100.9:443", SYN, 1, "payload of some bytes")),
        ethernet(&[[0x81, 0x00]], &udp(ASK6, "payload of some bytes")),
    ];
    for (packet, (ports_known, bytes)) in packets.iter().zip([(14 + 20 + 4, 61), (18 + 40 + 4, 69)]) {
        for snaplen in 0..packet.len() {
            let captured = Captured { snaplen, ..at(1000, packet.clone()) };
            let read = read_one(&classic(Order::Big, false, ETHERNET, &[captured])).unwrap();
            let lost: u64 = read.losses.iter().map(|loss| loss.packets).sum();
            let found: Vec<_> = read.events.iter().map(|event| event.forward.bytes).collect();
            if snaplen < ports_known {
                assert_eq!((found, lost), (vec![], 1), "snaplen {snaplen}");
            } else {
                assert_eq!((found, lost), (vec![bytes], 0), "snaplen {snaplen}");
            }
        }
    }
}

#[test]
fn windows_are_cut_by_time_and_edges_are_not_watched_in_full() {
    let packet = |millis| at(millis, ethernet(&[], &udp(ASK, "where?")));
    let arp = at(3000, [vec![2; 12], vec![8, 6], vec![0; 46]].concat());
    let captured = [arp, packet(9999), packet(10_000), packet(25_000), packet(41_000)];
    let read = read_one(&classic(Order::Little, false, ETHERNET, &captured)).unwrap();
    expect![[r#"
        9.999-9.999 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 0/0
        10.000-10.000 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 0/0
        25.000-25.000 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 0/0
        41.000-41.000 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/34 got 0/0
    "#]]
    .assert_eq(&told(&read));
    let edges: Vec<_> =
        read.losses.iter().map(|loss| (loss.window.start().seconds(), loss.packets, loss.cause)).collect();
    assert_eq!(edges, [(0, 0, LossCause::NotWatching), (40, 0, LossCause::NotWatching)]);
    assert_eq!((read.numbers.frames, read.numbers.other_frames), (5, 1));
}

#[test]
fn what_makes_a_capture_inexact_is_counted() {
    let long = at(1000, ethernet(&[], &tcp("10.0.0.2:4000 > 198.51.100.9:443", ACK, 1, &"x".repeat(2896))));
    // A card that cuts packets itself may be given one that does not say its length.
    let mut without_length = ethernet(&[], &udp(ASK, &"x".repeat(1600)));
    without_length[16..18].fill(0);
    let captured = [long, at(1001, without_length)];
    let file = pcapng(Order::Big, 6, 1, &captured, 17);
    let read = read_one(&file).unwrap();
    assert_eq!((read.numbers.long_packets, read.numbers.dropped, read.numbers.cut_off_files), (2, 17, 0));
    expect![[r#"
        1.000-1.000 6 10.0.0.2:4000 > 198.51.100.9:443 sent 1/2936 got 0/0 flags 0x10
        1.001-1.001 17 10.0.0.2:4000 > 198.51.100.9:53 sent 1/1628 got 0/0
        lost 17/0 not-captured in 0.000
    "#]]
    .assert_eq(&told(&read));
    let torn = read_one(&file[..file.len() - 60]).unwrap();
    assert_eq!((torn.events.len(), torn.numbers.cut_off_files), (1, 1));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let frame = [at(1000, ethernet(&[], &udp(ASK, "where?")))];
    let good = classic(Order::Little, false, ETHERNET, &frame);
    let mut too_long = good.clone();
    too_long[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    let ng = pcapng(Order::Little, 6, 1, &frame, 0);
    let mut simple = ng[..28].to_vec();
    simple.extend([3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0]);
    for (bytes, expected) in [
        (Vec::new(), "begins neither as pcap nor as pcapng"),
        (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "compressed files must be unpacked first"),
        (good[..20].to_vec(), "begins neither as pcap"),
        (classic(Order::Big, false, 127, &frame), "link type 127"),
        (pcapng(Order::Big, 6, 127, &frame, 0), "link type 127"),
        (too_long, "damaged at byte 24: a frame is longer"),
        (simple, "damaged at byte 28: a simple packet block has no time"),
    ] {
        let error = read_one(&bytes).unwrap_err();
        assert!(matches!(error, SourceError::CaptureFile(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let missing = capture::Pcap::open("/nonexistent.pcap".as_ref(), flow::WindowLength::MINUTE).unwrap_err();
    assert!(matches!(missing, CaptureFileError::File { deed: "open", .. }));
}
