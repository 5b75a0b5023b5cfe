//! The lines of a ledger: one for each window, and one for each gap that no window fills.
//!
//! Hides: how rows of one window are summed, what counts as a gap.
//! Knows nothing of: where the rows come from.

use std::collections::BTreeMap;

use flow::{LossCause, Record, TimeRange, Timestamp};
use serde::{Serialize, Serializer};

use crate::moment;

/// What is missing and no cause explains.
const UNEXPLAINED: &str = "unexplained";
/// Nobody said anything about the time.
const NO_ENTRY: &str = "no-entry";

/// One window, or several that were told as one, or a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    #[serde(serialize_with = "shown")]
    pub(super) start: Timestamp,
    #[serde(serialize_with = "shown")]
    pub(super) end: Timestamp,
    /// Of both directions, accepted and refused; absent when the source does not count in the kernel.
    pub(super) kernel_packets: Option<u64>,
    pub(super) recorded_packets: u64,
    /// Packets by cause; `None` when nobody knows how many.
    pub(super) lost_packets: BTreeMap<&'static str, Option<u64>>,
}

/// The lines of `range`, oldest first.
pub(super) fn lines(rows: &[Record], range: TimeRange) -> Vec<Line> {
    let mut windows: BTreeMap<Timestamp, Vec<&Record>> = BTreeMap::new();
    for row in rows.iter().filter(|row| range.contains(row.start)) {
        windows.entry(row.start).or_default().push(row);
    }
    let mut lines = Vec::new();
    let mut told_until = range.from;
    for (start, rows) in windows {
        if told_until < start {
            lines.push(Line::gap(told_until, start));
        }
        let line = Line::of(start, &rows);
        told_until = told_until.max(line.end);
        lines.push(line);
    }
    if told_until < range.to {
        lines.push(Line::gap(told_until, range.to));
    }
    lines
}

/// What the lines say together.
pub(super) fn summary(lines: &[Line], range: TimeRange) -> String {
    let between = format!(
        "between {} and {}",
        moment::shown(range.from.millis()),
        moment::shown(lines.last().map_or(range.to, |line| line.end).millis())
    );
    let incomplete: Vec<&Line> = lines.iter().filter(|line| !line.is_complete()).collect();
    if incomplete.is_empty() {
        let is_compared = lines.iter().all(|line| line.kernel_packets.is_some());
        return if is_compared {
            format!("every packet {between} is in a record")
        } else {
            format!("no packet {between} is known to be lost; the kernel's own count is not known throughout")
        };
    }
    let mut causes: BTreeMap<&str, Option<u64>> = BTreeMap::new();
    for (cause, packets) in incomplete.iter().flat_map(|line| &line.lost_packets) {
        let known = causes.entry(cause).or_insert(Some(0));
        *known = known.zip(*packets).map(|(known, packets)| known.saturating_add(packets));
    }
    let lost: u64 = incomplete.iter().flat_map(|line| line.lost_packets.values().flatten()).sum();
    let unknown = if causes.values().any(Option::is_none) { ", and an unknown number more" } else { "" };
    let causes: Vec<&str> = causes.into_keys().collect();
    format!(
        "{} of {} windows {between} are incomplete, {lost} packets lost{unknown}: {}",
        incomplete.len(),
        lines.len(),
        causes.join(", ")
    )
}

impl Line {
    fn gap(start: Timestamp, end: Timestamp) -> Self {
        let lost_packets = BTreeMap::from([(NO_ENTRY, None)]);
        Self { start, end, kernel_packets: None, recorded_packets: 0, lost_packets }
    }

    fn of(start: Timestamp, rows: &[&Record]) -> Self {
        let sum = |of: fn(&Record) -> Option<u64>| rows.iter().filter_map(|row| of(row)).sum::<u64>();
        let is_counted = rows.iter().any(|row| row.kernel_packets.is_some());
        let kernel_packets = is_counted.then(|| sum(|row| row.kernel_packets));
        let lost = lost(rows);
        let taken_back: u64 =
            lost.iter().filter(|(cause, _)| cause.takes_back()).filter_map(|(_, packets)| *packets).sum();
        let recorded_packets = sum(|row| row.packets).saturating_sub(taken_back);
        let explained: u64 = recorded_packets.saturating_add(lost.values().flatten().sum());
        let unexplained = kernel_packets.unwrap_or(0).saturating_sub(explained);
        let mut lost_packets: BTreeMap<&'static str, Option<u64>> =
            lost.into_iter().map(|(cause, packets)| (cause.as_str(), packets)).collect();
        if unexplained > 0 {
            lost_packets.insert(UNEXPLAINED, Some(unexplained));
        }
        let end = rows.iter().map(|row| row.end).max().unwrap_or(start);
        Self { start, end, kernel_packets, recorded_packets, lost_packets }
    }

    /// Whether nothing is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.lost_packets.is_empty()
    }

    pub(super) fn verdict(&self) -> &'static str {
        if self.is_complete() { "complete" } else { "INCOMPLETE" }
    }

    /// What is missing and why; `?` when nobody knows how much.
    pub(super) fn lost_text(&self) -> String {
        let told = |(cause, packets): (&&str, &Option<u64>)| {
            let packets = packets.map_or("?".to_owned(), |packets| packets.to_string());
            format!("{cause} {packets}")
        };
        self.lost_packets.iter().map(told).collect::<Vec<_>>().join(", ")
    }
}

/// Packets by cause. Several flow logs lose the same packets with their batches, so the most of any counts.
fn lost(rows: &[&Record]) -> BTreeMap<LossCause, Option<u64>> {
    let mut by_flow_log: BTreeMap<(LossCause, Option<&str>), Option<u64>> = BTreeMap::new();
    for row in rows {
        let Some(cause) = row.lost_cause else { continue };
        let sum = by_flow_log.entry((cause, row.flow_log_id.as_deref())).or_default();
        *sum = match (*sum, row.lost) {
            (None, None) => None,
            (known, more) => Some(known.unwrap_or(0).saturating_add(more.unwrap_or(0))),
        };
    }
    let mut lost = BTreeMap::new();
    for ((cause, _), packets) in by_flow_log {
        let most = lost.entry(cause).or_insert(packets);
        *most = packets.max(*most);
    }
    lost
}

fn shown<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment::shown(at.millis()))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use flow::LogStatus;

    use super::*;

    fn row(start: i64, end: i64, status: LogStatus) -> Record {
        Record::empty(Timestamp::from_seconds(start), Timestamp::from_seconds(end), status)
    }

    fn told(start: i64, kernel: Option<u64>, recorded: u64) -> Record {
        let row = row(start, start + 60, LogStatus::Ok);
        Record { kernel_packets: kernel, packets: Some(recorded), ..row }
    }

    fn lost(start: i64, cause: LossCause, packets: Option<u64>) -> Record {
        let row = row(start, start + 60, LogStatus::SkipData);
        Record { lost: packets, lost_cause: Some(cause), ..row }
    }

    fn taken_back(start: i64, flow_log: &str, packets: u64) -> Record {
        let row = lost(start, LossCause::BatchTorn, Some(packets));
        Record { flow_log_id: Some(flow_log.into()), ..row }
    }

    #[track_caller]
    fn check(rows: &[Record], until: i64, expected: Expect) {
        let range = TimeRange { from: Timestamp::default(), to: Timestamp::from_seconds(until) };
        let lines = lines(rows, range);
        let line = |line: &Line| {
            let kernel = line.kernel_packets.map_or("?".to_owned(), |packets| packets.to_string());
            format!(
                "{}-{} {kernel} {} [{}] {}",
                line.start.seconds(),
                line.end.seconds(),
                line.recorded_packets,
                line.lost_text(),
                line.verdict()
            )
        };
        let text: Vec<String> = lines.iter().map(line).chain([summary(&lines, range)]).collect();
        expected.assert_eq(&text.join("\n"));
    }

    #[test]
    fn verdicts_of_a_window_are_one_line_and_the_kernels_count_proves_it() {
        check(
            &[told(0, Some(7), 7), told(0, Some(2), 2), told(60, Some(0), 0)],
            120,
            expect![[r#"
                0-60 9 9 [] complete
                60-120 0 0 [] complete
                every packet between 1970-01-01T00:00:00.000Z and 1970-01-01T00:02:00.000Z is in a record"#]],
        );
    }

    #[test]
    fn without_the_kernels_count_nothing_is_proved() {
        check(
            &[told(0, None, 7)],
            60,
            expect![[r#"
                0-60 ? 7 [] complete
                no packet between 1970-01-01T00:00:00.000Z and 1970-01-01T00:01:00.000Z is known to be lost; the kernel's own count is not known throughout"#]],
        );
    }

    #[test]
    fn a_loss_a_gap_and_what_nothing_explains_are_incomplete() {
        check(
            &[
                told(60, Some(10), 4),
                lost(60, LossCause::TooManyFlows, Some(6)),
                lost(60, LossCause::PolledLate, None),
                told(120, Some(10), 7),
                told(240, Some(1), 1),
            ],
            360,
            expect![[r#"
                0-60 ? 0 [no-entry ?] INCOMPLETE
                60-120 10 4 [polled-late ?, too-many-flows 6] INCOMPLETE
                120-180 10 7 [unexplained 3] INCOMPLETE
                180-240 ? 0 [no-entry ?] INCOMPLETE
                240-300 1 1 [] complete
                300-360 ? 0 [no-entry ?] INCOMPLETE
                5 of 6 windows between 1970-01-01T00:00:00.000Z and 1970-01-01T00:06:00.000Z are incomplete, 9 packets lost, and an unknown number more: no-entry, polled-late, too-many-flows, unexplained"#]],
        );
    }

    #[test]
    fn batches_that_are_lost_take_back_what_was_recorded_once_for_all_flow_logs() {
        check(
            &[
                told(0, Some(9), 9),
                taken_back(0, "fl-1", 5),
                taken_back(0, "fl-1", 1),
                taken_back(0, "fl-2", 4),
            ],
            60,
            expect![[r#"
                0-60 9 3 [batch-torn 6] INCOMPLETE
                1 of 1 windows between 1970-01-01T00:00:00.000Z and 1970-01-01T00:01:00.000Z are incomplete, 6 packets lost: batch-torn"#]],
        );
    }

    #[test]
    fn a_run_that_ended_early_needs_another_that_goes_on() {
        let early = Record { packets: Some(3), ..row(0, 20, LogStatus::Ok) };
        check(
            std::slice::from_ref(&early),
            60,
            expect![[r#"
                0-20 ? 3 [] complete
                20-60 ? 0 [no-entry ?] INCOMPLETE
                1 of 2 windows between 1970-01-01T00:00:00.000Z and 1970-01-01T00:01:00.000Z are incomplete, 0 packets lost, and an unknown number more: no-entry"#]],
        );
        check(
            &[early, told(0, Some(8), 5)],
            60,
            expect![[r#"
                0-60 8 8 [] complete
                every packet between 1970-01-01T00:00:00.000Z and 1970-01-01T00:01:00.000Z is in a record"#]],
        );
    }
}
