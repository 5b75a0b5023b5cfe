//! The ledger: what was recorded and what was lost is what the kernel counted, in every window and whatever happens.
//!
//! Hides: how events and faults are made.
//! Knows nothing of: the inside of `Windows`.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use flow::{
    Counters, Event, FIELDS, FlowKey, KernelTotal, LogStatus, Loss, LossCause, Record, RejectReason,
    Rejection, TimeRange, Timestamp, Tuple, Verdict, Window, WindowLength,
};
use proptest::collection::vec;
use proptest::prelude::*;
use window::{Balance, ClosedWindow, WindowSettings, Windows, private_prefixes};

fn windows() -> Windows {
    Windows::new(WindowSettings {
        account: "1".parse().unwrap(),
        region: "lab".parse().unwrap(),
        gateway: "nat-00000001".parse().unwrap(),
        vpc: None,
        length: WindowLength::MINUTE,
        inside: private_prefixes(),
    })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn minute(seconds: i64) -> Window {
    WindowLength::MINUTE.window_of(at(seconds))
}

fn counters(packets: u64) -> Counters {
    Counters { packets, bytes: packets * 100 }
}

fn event(second: i64, port: u16, packets: u64, verdict: Verdict) -> Event {
    let original = Tuple {
        srcaddr: [10, 0, 0, 2].into(),
        dstaddr: [198, 51, 100, 9].into(),
        srcport: port,
        dstport: 443,
    };
    Event {
        key: FlowKey { protocol: 17, original, translated: None },
        first: at(second),
        last: at(second),
        forward: counters(packets),
        reply: Counters::default(),
        verdict,
        tcp_flags: 0,
        interface_in: None,
        interface_out: None,
    }
}

fn refused() -> Verdict {
    Verdict::Reject(Rejection { reason: RejectReason::Acl, rule: None })
}

fn total(second: i64, accepted: u64, refused: u64) -> KernelTotal {
    KernelTotal { window: minute(second), accepted: counters(accepted), refused: counters(refused) }
}

fn loss(second: i64, cause: LossCause, packets: u64) -> Loss {
    Loss { window: minute(second), packets, bytes: packets * 100, cause }
}

fn rows(windows: &Windows, closed: &[ClosedWindow]) -> Vec<Record> {
    let rows = closed.iter().flat_map(|closed| {
        windows.ledger(TimeRange { from: closed.window.start(), to: closed.until }, &closed.balance)
    });
    rows.collect()
}

#[track_caller]
fn check(rows: &[Record], expected: Expect) {
    const LEFT_OUT: &[&str] = &["version", "account-id", "region-id", "nat-gateway-id", "start-ms", "end-ms"];
    let told = FIELDS.iter().filter(|field| !LEFT_OUT.contains(&field.name));
    let line = |row: &Record| {
        let values = told.clone().filter_map(|field| Some(format!("{}={}", field.name, (field.get)(row)?)));
        values.collect::<Vec<_>>().join(" ")
    };
    expected.assert_eq(&rows.iter().map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_whole_window_says_so_and_holds_the_kernels_count_beside_its_own() {
    let mut windows = windows();
    windows.observe(event(1, 1, 7, Verdict::Accept));
    windows.observe(event(2, 2, 2, refused()));
    windows.count(&total(1, 7, 2));
    windows.count(&total(60, 0, 0));
    let closed = windows.close(at(180), &[]);
    check(
        &rows(&windows, &closed),
        expect![[r#"
            packets=7 bytes=700 start=0 end=60 action=ACCEPT log-status=OK kernel-packets=7 kernel-bytes=700
            packets=2 bytes=200 start=0 end=60 action=REJECT log-status=OK kernel-packets=2 kernel-bytes=200
            packets=0 bytes=0 start=60 end=120 action=ACCEPT log-status=NODATA kernel-packets=0 kernel-bytes=0
            packets=0 bytes=0 start=60 end=120 action=REJECT log-status=NODATA kernel-packets=0 kernel-bytes=0
            packets=0 bytes=0 start=120 end=180 action=ACCEPT log-status=NODATA
            packets=0 bytes=0 start=120 end=180 action=REJECT log-status=NODATA"#]],
    );
}

#[test]
fn every_cause_of_a_loss_has_its_row_and_no_row_claims_silence() {
    let mut windows = windows().with_open_flows_max(1);
    windows.lose(&loss(1, LossCause::NotWatching, 0));
    windows.observe(event(1, 1, 1, Verdict::Accept));
    windows.observe(event(2, 2, 4, Verdict::Accept));
    windows.lose(&loss(1, LossCause::TooManyFlows, 3));
    windows.count(&total(1, 8, 0));
    let mut closed = windows.close(at(60), &[]);
    windows.observe(event(3, 1, 5, Verdict::Accept));
    windows.count(&total(1, 5, 0));
    closed.extend(windows.close(at(120), &[]));
    windows.watched_since(at(150), LossCause::AgentDown);
    closed.extend(windows.close(at(180), &[]));
    check(
        &rows(&windows, &closed),
        expect![[r#"
            packets=1 bytes=100 start=0 end=60 action=ACCEPT log-status=OK kernel-packets=8 kernel-bytes=800
            start=0 end=60 log-status=SKIPDATA lost-cause=not-watching
            start=0 end=60 log-status=SKIPDATA lost=3 lost-bytes=300 lost-cause=too-many-flows
            start=0 end=60 log-status=SKIPDATA lost=4 lost-bytes=400 lost-cause=windows-full
            packets=0 bytes=0 start=60 end=120 action=ACCEPT log-status=OK kernel-packets=5 kernel-bytes=500
            start=60 end=120 log-status=SKIPDATA lost=5 lost-bytes=500 lost-cause=late
            start=120 end=180 log-status=SKIPDATA lost-cause=agent-down"#]],
    );
}

#[test]
fn a_gap_of_days_is_the_clocks_unless_nobody_watched() {
    let gap = |windows: &mut Windows| {
        windows.resume(at(0));
        let closed = windows.close(at(200_000), &[]);
        let row = rows(windows, &closed[..1]).remove(0);
        (row.end, row.lost_cause)
    };
    let mut watched = windows();
    assert_eq!(gap(&mut watched), (at(113_580), Some(LossCause::ClockSet)));
    let mut unwatched = windows();
    unwatched.watched_since(at(200_000), LossCause::AgentDown);
    assert_eq!(gap(&mut unwatched), (at(113_580), Some(LossCause::AgentDown)));
}

#[test]
fn a_window_that_is_closed_early_speaks_until_then() {
    let mut windows = windows();
    windows.observe(event(1, 1, 7, Verdict::Accept));
    let closed = windows.close_early(at(20), &[], &mut |_| {});
    check(
        &rows(&windows, &closed)[..1],
        expect!["packets=7 bytes=700 start=0 end=20 action=ACCEPT log-status=OK"],
    );
}

#[test]
fn what_was_recorded_and_found_no_room_is_lost() {
    let mut windows = windows();
    windows.observe(event(1, 1, 7, Verdict::Accept));
    windows.observe(event(1, 1, 2, refused()));
    windows.lose(&loss(1, LossCause::TooManyFlows, 3));
    windows.count(&total(1, 10, 2));
    let mut balance = windows.close(at(60), &[]).remove(0).balance;
    balance.lose_all(LossCause::SpoolFull);
    check(
        &windows.ledger(TimeRange { from: at(0), to: at(60) }, &balance),
        expect![[r#"
            packets=0 bytes=0 start=0 end=60 action=ACCEPT log-status=OK kernel-packets=10 kernel-bytes=1000
            packets=0 bytes=0 start=0 end=60 action=REJECT log-status=OK kernel-packets=2 kernel-bytes=200
            start=0 end=60 log-status=SKIPDATA lost=3 lost-bytes=300 lost-cause=too-many-flows
            start=0 end=60 log-status=SKIPDATA lost=9 lost-bytes=900 lost-cause=spool-full"#]],
    );
}

#[derive(Clone, Debug)]
enum Step {
    /// The kernel counted it, and the source tells of it.
    Told(Event),
    /// The kernel counted it, and the source says that it is lost.
    Lost { second: i64, packets: u64 },
    /// Windows up to there are complete.
    Close { second: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let event =
        (0..600i64, 1..9u16, 0..100u64, any::<bool>()).prop_map(|(second, port, packets, is_refused)| {
            Step::Told(event(second, port, packets, if is_refused { refused() } else { Verdict::Accept }))
        });
    let lost = (0..600i64, 1..100u64).prop_map(|(second, packets)| Step::Lost { second, packets });
    prop_oneof![8 => event, 1 => lost, 1 => (0..600i64).prop_map(|second| Step::Close { second })]
}

/// What is missing in the rows of each window: the kernel's count less what is recorded or lost.
fn unexplained(rows: &[Record]) -> BTreeMap<Timestamp, (i128, i128)> {
    let mut sums: BTreeMap<Timestamp, (i128, i128)> = BTreeMap::new();
    let number = |value: Option<u64>| i128::from(value.unwrap_or(0));
    for row in rows {
        let sum = sums.entry(row.start).or_default();
        sum.0 += number(row.kernel_packets) - number(row.packets) - number(row.lost);
        sum.1 += number(row.kernel_bytes) - number(row.bytes) - number(row.lost_bytes);
    }
    sums
}

proptest! {
    #[test]
    fn in_every_window_the_kernels_count_is_what_is_recorded_and_what_is_lost(
        steps in vec(step(), 1..80),
        flows_max in 1..20usize,
    ) {
        let mut windows = windows().with_open_flows_max(flows_max);
        let (mut closed, mut counted) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Told(event) => {
                    let second = event.first.seconds();
                    let packets = event.forward.packets;
                    counted += packets;
                    windows.count(&match event.verdict {
                        Verdict::Accept => total(second, packets, 0),
                        Verdict::Reject(_) => total(second, 0, packets),
                    });
                    windows.observe(event);
                }
                Step::Lost { second, packets } => {
                    counted += packets;
                    windows.count(&total(second, packets, 0));
                    windows.lose(&loss(second, LossCause::TooManyFlows, packets));
                }
                Step::Close { second } => closed.extend(windows.close(at(second), &[])),
            }
        }
        closed.extend(windows.close(at(900), &[]));
        let rows = rows(&windows, &closed);
        for (start, unexplained) in unexplained(&rows) {
            prop_assert_eq!(unexplained, (0, 0), "in the window of {}", start);
        }
        prop_assert_eq!(rows.iter().filter_map(|row| row.kernel_packets).sum::<u64>(), counted);
    }

    #[test]
    fn windows_that_are_told_as_one_are_told_in_full(
        windows_of in vec((0..100u64, 0..100u64, 0..100u64), 1..10),
    ) {
        let mut together = Balance::default();
        let mut windows = windows();
        for (accepted, lost, second) in &windows_of {
            let second = i64::try_from(*second).unwrap();
            windows.observe(event(second, 1, *accepted, Verdict::Accept));
            windows.lose(&loss(second, LossCause::PolledLate, *lost));
            windows.count(&total(second, accepted + lost, 0));
        }
        windows.close(at(600), &[]).iter().for_each(|closed| together.add(&closed.balance));
        let rows = windows.ledger(TimeRange { from: at(0), to: at(600) }, &together);
        prop_assert_eq!(unexplained(&rows), BTreeMap::from([(at(0), (0, 0))]));
        prop_assert!(rows.iter().all(|row| row.log_status != LogStatus::NoData || row.packets == Some(0)));
    }
}
