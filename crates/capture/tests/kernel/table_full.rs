//! What a gateway refuses because its connection-tracking table is full.

use std::fmt::Write as _;

use capture::BpfSettings;
use flow::{RejectReason, Rejection, Verdict};
use testkit::traffic::{self, Deed, Family, Services};
use testkit::{Host, Offloads, lab_or_skip};

use crate::kernel::conntrack::in_gateway;
use crate::kernel::watcher::Watcher;

/// The most entries that this test makes; a machine with a larger table is a server that this test is not made for.
const ENTRIES_MAX: u64 = 1_048_576;

#[test]
fn a_packet_that_finds_the_table_full_is_refused_for_that_reason() {
    let Some(lab) = lab_or_skip("table-full", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    // The limit is that of the machine; the entries of each namespace are counted against it by themselves.
    let limit = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_max").unwrap();
    let limit: u64 = limit.trim().parse().unwrap();
    if limit > ENTRIES_MAX {
        testkit::skip("table-full", "nf_conntrack_max is above a million");
        return;
    }
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    fill(&lab, limit);
    traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Tell { datagrams: 3 }]).unwrap();
    watcher.wait_for_a_window();

    let told: Vec<_> = watcher
        .events
        .iter()
        .map(|event| (event.key.original.dstport, event.forward.packets, event.verdict.clone()))
        .collect();
    let table_full = Verdict::Reject(Rejection { reason: RejectReason::TableFull, rule: None });
    assert_eq!(told, [(traffic::SINK_PORT, 3, table_full)]);
    watcher.check_conservation();
}

/// Fills the gateway's table with conversations that the kernel does not end early.
fn fill(lab: &testkit::Lab, entries: u64) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("entries");
    let mut text = String::new();
    for number in 0..entries {
        let (high, middle, low) = (number >> 16, number >> 8 & 0xff, number & 0xff);
        writeln!(
            text,
            "-A -s 100.{high}.{middle}.{low} -d 192.0.2.1 -p tcp --sport 1024 --dport 80 --state ESTABLISHED \
             -u ASSURED -t 600"
        )
        .expect("a text takes what is written");
    }
    std::fs::write(&file, text).expect("there is room for a file");
    in_gateway(lab, "conntrack", &["--load-file", &file.to_string_lossy()]);
}
