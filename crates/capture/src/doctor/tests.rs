//! Sentences of the examination, with facts as they are forced.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use expect_test::{Expect, expect};

use super::*;
use crate::choice::SourceChoice;

/// A machine where everything works.
fn well() -> Examination {
    Examination {
        settings: SourceSettings::default(),
        kernel: "6.18.1".to_owned(),
        lacking: Vec::new(),
        ebpf: Ok(()),
        tcx: None,
        conntrack: Ok(()),
        sysctls: Ok(Sysctls { acct: Some(1), timestamp: Some(1), events: Some(1) }),
        rules: Ok(()),
        nflog: None,
    }
}

#[track_caller]
fn check(examination: &Examination, expected: Expect) {
    let mut text = String::new();
    for Finding { what, state, says, mend } in examination.findings(Path::new("/usr/bin/natlens")) {
        writeln!(text, "{} {what}: {says}", state.as_str()).unwrap();
        if let Some(mend) = mend {
            writeln!(text, "    {mend}").unwrap();
        }
    }
    expected.assert_eq(&text);
}

fn refused(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

#[test]
fn a_machine_where_all_works_needs_nothing() {
    let defaults = Sysctls { acct: Some(0), timestamp: Some(0), events: Some(2) };
    let examination = Examination { sysctls: Ok(defaults), ..well() };
    assert!(examination.is_well());
    check(
        &examination,
        expect![[r#"
            ok kernel: 6.18.1
            ok privileges: all that are needed
            ok kernel types: work
            ok kernel programs: work
            ok egress (tcx): works
            ok refusals (tp_btf): work
            ok packet-filter rules: readable
            ok connection tracking: can be listened to
            not needed sysctls: those of connection tracking are not set
            ok source: ebpf: the best that there is
        "#]],
    );
}

#[test]
fn a_process_without_privileges_is_told_which() {
    let not_permitted =
        SourceError::NotPermitted { deed: "load the kernel programs", source: refused(1).into() };
    let no_capability =
        SourceError::MissingCapability { deed: "listen", capability: "CAP_NET_ADMIN", source: refused(1) };
    let what = "the packet-filter rules (`nft -j list ruleset`)";
    let examination = Examination {
        lacking: vec![Capability::Bpf, Capability::Perfmon, Capability::NetAdmin],
        ebpf: Err(not_permitted),
        conntrack: Err(no_capability),
        rules: Err(SourceError::Facts { what, source: refused(2) }),
        ..well()
    };
    assert!(!examination.is_well() && examination.kind().is_none());
    check(
        &examination,
        expect![[r#"
            ok kernel: 6.18.1
            missing privileges: lacking CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN
                setcap cap_bpf,cap_perfmon,cap_net_admin+ep /usr/bin/natlens
            ok kernel types: work
            missing kernel programs: cannot load the kernel programs: grant CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, and CAP_SYS_ADMIN for another network namespace, or run as root: Operation not permitted (os error 1)
                see privileges
            unknown egress (tcx): not reached
            unknown refusals (tp_btf): not reached
            degraded packet-filter rules: refusals carry no rule: cannot read the packet-filter rules (`nft -j list ruleset`): No such file or directory (os error 2)
                apt-get install nftables
            missing connection tracking: cannot listen: grant CAP_NET_ADMIN, or run as root: Operation not permitted (os error 1)
                see privileges
            ok sysctls: conversations are counted, timed and told of
            missing source: none: neither kernel programs nor connection tracking work
        "#]],
    );
}

#[test]
fn an_older_kernel_falls_back_and_is_told_what_is_missing() {
    let too_old =
        SourceError::Kernel { deed: "attach to the egress of an interface", source: refused(22).into() };
    let examination = Examination {
        settings: SourceSettings { network_namespace: Some("natgw".to_owned()), ..SourceSettings::default() },
        kernel: "6.1.0".to_owned(),
        lacking: vec![Capability::SysAdmin],
        ebpf: Err(too_old),
        sysctls: Ok(Sysctls { acct: Some(0), timestamp: Some(1), events: None }),
        ..well()
    };
    check(
        &examination,
        expect![[r#"
            ok kernel: 6.1.0
            missing privileges: lacking CAP_SYS_ADMIN
                setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_admin+ep /usr/bin/natlens
            ok kernel types: work
            ok kernel programs: work
            missing egress (tcx): cannot attach to the egress of an interface: the kernel refused (5.17 or later is needed): Invalid argument (os error 22)
                boot Linux 6.6 or later (this is 6.1.0)
            unknown refusals (tp_btf): not reached
            ok packet-filter rules: readable
            ok connection tracking: can be listened to
            degraded sysctls: the kernel does not count what conversations carry
                ip netns exec natgw sysctl -w net.netfilter.nf_conntrack_acct=1
            degraded sysctls: conversations that begin while nobody listens end unheard
                ip netns exec natgw sysctl -w net.netfilter.nf_conntrack_events=1
            degraded source: conntrack: the kernel programs do not work; packets are those of the gateway, which may have joined several of the wire
                refused packets are not seen: add `log group 5` to refusing rules and set `agent.nflog_group = 5`
        "#]],
    );
}

#[test]
fn a_kernel_without_tcx_is_well_and_told_what_it_costs() {
    let no_tcx =
        SourceError::Kernel { deed: "attach to the egress of an interface", source: refused(22).into() };
    let examination = Examination { tcx: Some(no_tcx), kernel: "6.1.0".to_owned(), ..well() };
    assert!(examination.is_well());
    check(
        &examination,
        expect![[r#"
        ok kernel: 6.1.0
        ok privileges: all that are needed
        ok kernel types: work
        ok kernel programs: work
        degraded egress (tcx): every packet of the host is looked at instead: cannot attach to the egress of an interface: the kernel refused (5.17 or later is needed): Invalid argument (os error 22)
            boot Linux 6.6 or later (this is 6.1.0)
        ok refusals (tp_btf): work
        ok packet-filter rules: readable
        ok connection tracking: can be listened to
        ok sysctls: conversations are counted, timed and told of
        ok source: ebpf: the best that there is
    "#]],
    );
}

#[test]
fn a_source_that_the_operator_chose_is_used_and_no_other() {
    let settings =
        SourceSettings { choice: SourceChoice::Conntrack, nflog_group: Some(5), ..SourceSettings::default() };
    let examination = Examination { settings: settings.clone(), nflog: Some(Ok(())), ..well() };
    assert_eq!(examination.kind().map(|kind| kind.as_str()), Some("conntrack+nflog"));
    let taken = SourceError::LogGroup { group: 5, source: refused(1) };
    let examination = Examination { settings, nflog: Some(Err(taken)), ..well() };
    assert_eq!(examination.kind().map(|kind| kind.as_str()), Some("conntrack"));
    let settings = SourceSettings { choice: SourceChoice::Ebpf, ..SourceSettings::default() };
    let examination = Examination { settings, ebpf: Err(SourceError::NoKernelTypes), ..well() };
    assert_eq!(examination.kind(), None, "conntrack would work and was not asked for");
}

#[test]
fn the_kernel_says_which_privileges_there_are() {
    let status = |mask: &str| format!("Name:\tnatlens\nCapEff:\t{mask}\n");
    let here = needed(&SourceSettings::default());
    let elsewhere = needed(&SourceSettings { network_namespace: Some("gw".into()), ..Default::default() });
    assert_eq!(lacking(&status("000001ffffffffff"), &elsewhere), []);
    assert_eq!(lacking(&status("000000c000001000"), &elsewhere), [Capability::SysAdmin]);
    assert_eq!(lacking(&status("0000000000001000"), &here), [Capability::Bpf, Capability::Perfmon]);
    assert_eq!(lacking("", &here).len(), 3);
}
