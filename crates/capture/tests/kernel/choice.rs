//! Which source is opened on a real gateway, and what the examination says about it.

use capture::{SourceChoice, SourceKind, SourceSettings};
use testkit::{Host, Offloads, lab_or_skip};

use crate::kernel::conntrack::switch_on;
use crate::kernel::watcher::{now, ten_seconds};

#[test]
fn the_examination_names_the_source_that_is_opened() {
    let Some(lab) = lab_or_skip("choice", Offloads::Off) else { return };
    switch_on(&lab);
    let cases = [
        (SourceChoice::Auto, None, SourceKind::Ebpf),
        (SourceChoice::Ebpf, Some(5), SourceKind::Ebpf),
        (SourceChoice::Conntrack, None, SourceKind::Conntrack),
        (SourceChoice::Conntrack, Some(5), SourceKind::ConntrackAndNflog),
    ];
    for (choice, nflog_group, expected) in cases {
        let settings = SourceSettings {
            choice,
            network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
            window: ten_seconds(),
            nflog_group,
            ..SourceSettings::default()
        };
        let examination = capture::examine(settings.clone(), now());
        let opened = capture::open(&settings, now()).expect("root can watch a lab");
        assert_eq!((examination.kind(), opened.kind), (Some(expected), expected), "{examination:?}");
        assert_eq!(examination.is_well(), expected == SourceKind::Ebpf);
        assert!(opened.failed.is_empty(), "{:?}", opened.failed);
    }
}
