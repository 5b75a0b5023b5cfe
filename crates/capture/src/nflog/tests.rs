//! Sentences about logged packets, with bytes as a kernel wrote them.

use std::fmt::Write as _;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::netlink::messages;

/// What a socket of the gateway of the lab read: two packets each of two refusing rules. Linux 6.18.
const PACKETS: &[u8] = include_bytes!("../../../../fixtures/capture/nflog.packets");

fn printed(bytes: &[u8]) -> String {
    let mut text = String::new();
    for message in messages(bytes).filter(|message| message.kind == KIND_PACKET) {
        let Some(logged) = Logged::read(message.body) else { continue };
        let Logged { hook, time, interface_in, interface_out, prefix, sequence, packet } = logged;
        let time = time.unwrap_or_default();
        write!(text, "{sequence:?} {time} {hook:?} {interface_in}-{interface_out} `{prefix}`").unwrap();
        match Packet::read(packet, packet.len() as u64) {
            Ok(Packet { protocol, tuple, bytes, tcp_flags, .. }) => {
                let flow::Tuple { srcaddr, dstaddr, srcport, dstport } = tuple;
                write!(text, " {protocol} {srcaddr} {srcport} > {dstaddr} {dstport}").unwrap();
                writeln!(text, " {bytes} bytes, flags {tcp_flags:#x}").unwrap();
            }
            Err(unreadable) => writeln!(text, " {unreadable:?}").unwrap(),
        }
    }
    text
}

#[test]
fn real_packets_are_read() {
    expect![[r#"
        Some(0) 1795603091.001 Forward 2-3 `acl-telemetry` 17 10.10.0.2 40003 > 203.0.113.2 8082 68 bytes, flags 0x0
        Some(1) 1795603091.043 Forward 2-3 `acl-telemetry` 17 fd10::2 40004 > 2001:db8::2 8082 98 bytes, flags 0x0
        Some(2) 1795603091.088 Forward 2-3 `sg-web-admin: ` 6 10.10.0.2 46228 > 203.0.113.2 8081 60 bytes, flags 0x2
        Some(3) 1795603091.088 Forward 2-3 `sg-web-admin: ` 6 fd10::2 53912 > 2001:db8::2 8081 80 bytes, flags 0x2
    "#]].assert_eq(&printed(PACKETS));
}

#[test]
fn missing_packets_are_counted_also_where_numbers_wrap() {
    let mut expected = None;
    let missing: Vec<u64> = [Some(7), Some(8), Some(12), None, Some(u32::MAX), Some(1)]
        .into_iter()
        .map(|sequence| gap(&mut expected, sequence))
        .collect();
    assert_eq!(missing, [0, 0, 3, 0, u64::from(u32::MAX) - 13, 1]);
}

#[test]
fn a_prefix_alone_names_a_rule_and_its_style() {
    let named = |prefix| {
        rejection_by_prefix(prefix)
            .map(|rejection| (rejection.reason, rejection.rule.unwrap_or_default().to_string()))
    };
    assert_eq!(named("sg-web: "), Some((RejectReason::SecurityGroup, "sg-web".to_owned())));
    assert_eq!(named("drop:"), Some((RejectReason::Acl, "drop".to_owned())));
    assert_eq!(named(": "), None);
}

proptest! {
    #[test]
    fn damaged_packets_never_bring_it_down(
        damage in prop::collection::vec((0_usize..4096, any::<u8>()), 0..8),
        length in 0_usize..1000,
    ) {
        let mut bytes = PACKETS.to_vec();
        for (place, byte) in damage {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        bytes.truncate(length);
        printed(&bytes);
        let _: Option<Logged<'_>> = Logged::read(&bytes);
    }
}
