//! Bytes that somebody made up.

use proptest::prelude::*;

use super::frames::*;
use crate::{Read, read_one, read_pair};

fn sample() -> Vec<Captured> {
    let ask = udp("10.0.0.2:4000 > 198.51.100.9:53", "where?");
    let six = ends("[fd00::2]:4000 > [2001:db8::9]:53");
    let headers = [extension(44, 0), part_header(17, 0, true, 9), udp_header_and(six, b"where?")].concat();
    let packets = [
        ethernet(&[], &ask),
        ethernet(&[[0x81, 0x00]], &ip(six, 0, 0, 0, &headers)),
        ethernet(&[], &icmp_error("192.0.2.1:0 > 10.0.0.2:0", 11, 0, &ask)),
        ethernet(&[], &tcp("10.0.0.2:4000 > 198.51.100.9:443", SYN, 1, "hello")),
    ];
    packets.into_iter().zip(1..).map(|(frame, second)| at(second * 1000, frame)).collect()
}

fn files() -> [Vec<u8>; 3] {
    [
        classic(Order::Little, false, 1, &sample()),
        pcapng(Order::Big, 9, 1, &sample(), 3),
        pcapng(Order::Little, 6, 1, &sample(), 0),
    ]
}

/// Every packet is in an event, counted as lost, or none.
fn is_conserved(read: &Read) -> bool {
    let counted: u64 = read.events.iter().map(|event| event.forward.packets + event.reply.packets).sum();
    let lost: u64 = read.losses.iter().map(|loss| loss.packets).fold(0, u64::saturating_add);
    let numbers = &read.numbers;
    counted + lost.saturating_sub(numbers.dropped) == numbers.frames - numbers.other_frames
}

#[test]
fn a_file_cut_anywhere_is_read_up_to_there() {
    for file in files() {
        let mut packets = 0;
        for length in 24..=file.len() {
            let Ok(read) = read_one(&file[..length]) else { continue };
            assert!(is_conserved(&read), "{length}");
            assert!(packets <= read.numbers.frames, "{length}");
            packets = read.numbers.frames;
        }
        assert_eq!(packets, 4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_files_give_an_error_or_every_packet_once(
        which in 0..3_usize,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut file = files()[which].clone();
        for (place, byte) in damage {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(read) = read_one(&file) {
            prop_assert!(is_conserved(&read), "{read:?}");
        }
        // In a pair only panics are looked for: what is of the gateway itself is in no event.
        let outside = classic(Order::Little, false, 1, &sample());
        drop(read_pair(&file, &outside));
        drop(read_pair(&outside, &file));
    }

    #[test]
    fn packets_of_any_bytes_are_counted_or_lost(
        link in prop::sample::select(vec![1_u32, 101, 113, 276]),
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 1..8),
        kind in prop::sample::select(vec![0x45_u8, 0x4f, 0x60]),
    ) {
        let captured: Vec<Captured> = frames
            .into_iter()
            .map(|mut frame| {
                // Nearer to a packet than chance would come.
                if let (101, Some(first)) = (link, frame.first_mut()) {
                    *first = kind;
                }
                at(1000, frame)
            })
            .collect();
        let read = read_one(&classic(Order::Little, true, link, &captured)).unwrap();
        prop_assert!(is_conserved(&read), "{read:?}");
    }
}
