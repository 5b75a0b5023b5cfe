//! Sentences about entries, with bytes as a kernel wrote them.

use std::fmt::Write as _;

use expect_test::expect_file;
use proptest::prelude::*;

use super::*;
use crate::netlink::messages;

/// What a socket of the gateway of the lab read: a dump, then the ends of the same entries. Linux 6.18.
const DUMP: &[u8] = include_bytes!("../../../../../fixtures/capture/conntrack.dump");

fn printed(bytes: &[u8]) -> String {
    let mut text = String::new();
    for message in messages(bytes) {
        match Entry::read(message.body) {
            Some(entry) => writeln!(text, "{}", line(message.kind, &entry)).unwrap(),
            None => writeln!(text, "{:#x}: no entry", message.kind).unwrap(),
        }
    }
    text
}

fn line(kind: u16, entry: &Entry) -> String {
    let Entry { name, translated, counted, start, stop } = entry;
    let tuple = |tuple: &Tuple| {
        let Tuple { srcaddr, dstaddr, srcport, dstport } = tuple;
        format!("{srcaddr} {srcport} > {dstaddr} {dstport}")
    };
    let moment = |moment: &Option<Timestamp>| moment.map_or("-".to_owned(), |moment| moment.to_string());
    let counted = counted.map_or("uncounted".to_owned(), |Both { forward, reply }| {
        format!("{}/{} {}/{}", forward.packets, forward.bytes, reply.packets, reply.bytes)
    });
    format!(
        "{kind:#x}: protocol {} {} as {}, {counted}, from {} until {}",
        name.protocol,
        tuple(&name.original),
        tuple(translated),
        moment(start),
        moment(stop),
    )
}

#[test]
fn a_real_dump_and_the_ends_of_its_entries_are_read() {
    expect_file!["../../../../../fixtures/capture/conntrack.golden"].assert_eq(&printed(DUMP));
}

#[test]
fn an_entry_that_is_cut_off_is_read_as_far_as_it_goes_or_not_at_all() {
    let whole = messages(DUMP).next().unwrap().body;
    let name = Entry::read(whole).unwrap().name;
    for length in 0..whole.len() {
        if let Some(entry) = Entry::read(&whole[..length]) {
            assert_eq!(
                (entry.name.protocol, entry.name.original),
                (name.protocol, name.original),
                "{length}"
            );
        }
    }
}

proptest! {
    #[test]
    fn bytes_never_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _: Option<Entry> = Entry::read(&bytes);
    }

    #[test]
    fn a_damaged_entry_never_brings_it_down(
        damage in prop::collection::vec((0_usize..4096, any::<u8>()), 1..8),
    ) {
        let mut bytes = DUMP.to_vec();
        for (place, byte) in damage {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        printed(&bytes);
    }
}
