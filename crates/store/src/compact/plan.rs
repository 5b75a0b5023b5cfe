//! Which segments are worth merging now.
//!
//! Hides: the ladder from the segments of single commits to parts of an hour, hours and days.
//! Knows nothing of: files; it sees what the catalog names.
//!
//! Each row is written about four times in its life: when it arrives, in a part of the hour, in the hour, in the
//! day. A segment belongs to the hour and the day of its latest row. Late rows never make a large segment be
//! written again: they are gathered among themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::Timestamp;

use crate::catalog::segment::{Level, SegmentRow};
use crate::compact::{DAY_SEGMENT_AFTER, HOUR_SEGMENT_AFTER, SEGMENTS_PER_MERGE_MAX};
use crate::schema::LAST_VERSION_BY_TIME;

/// How many small segments gather before they are merged while more may come. Fewer would write each row more
/// often, more would make each search open more files.
const SMALL_SEGMENTS: usize = 8;

/// The most rows of a merged segment: about 1 GB on disk, some minutes of work.
const ROWS_PER_MERGE_MAX: u64 = 50_000_000;

/// The most rows of a segment that stand in the order of an older version and are brought into that of today: they have
/// to be in memory at once, about 1 GB. Larger ones stay as they are.
const ROWS_BROUGHT_IN_ORDER_MAX: u64 = 2_000_000;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Segments of one topic that become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Merge {
    /// At least two.
    pub(crate) segments: Vec<SegmentRow>,
    pub(crate) level: Level,
}

/// The merges that are worth it. `segments` come ordered by account, region and topic, and then by time.
pub(crate) fn plan(segments: &[SegmentRow], now: Timestamp) -> Vec<Merge> {
    let of_one_topic = segments.chunk_by(|one, next| (&one.owner, &one.topic) == (&next.owner, &next.topic));
    of_one_topic.flat_map(|segments| plan_topic(segments, now)).collect()
}

fn plan_topic(segments: &[SegmentRow], now: Timestamp) -> Vec<Merge> {
    let mut merges = Vec::new();
    for (day, segments) in by_span(segments.iter(), DAY) {
        if is_past(day, DAY, now.minus(DAY_SEGMENT_AFTER)) {
            merges.extend(merges_into(Level::Day, &segments));
            continue;
        }
        for (hour, segments) in by_span(segments.into_iter(), HOUR) {
            let level =
                if is_past(hour, HOUR, now.minus(HOUR_SEGMENT_AFTER)) { Level::Hour } else { Level::Part };
            merges.extend(merges_into(level, &segments));
        }
    }
    merges
}

/// Merges of those among `segments` that lie below `level`.
fn merges_into(level: Level, segments: &[&SegmentRow]) -> Vec<Merge> {
    let (below, merged): (Vec<&SegmentRow>, Vec<&SegmentRow>) =
        segments.iter().filter(|segment| can_be_merged(segment)).partition(|segment| segment.level < level);
    let more_may_come = level == Level::Part || !merged.is_empty();
    let enough = if more_may_come { SMALL_SEGMENTS } else { 2 };
    if below.len() < enough {
        return Vec::new();
    }
    let groups = groups(&below).into_iter().filter(|group| group.len() >= 2);
    groups.map(|segments| Merge { segments, level }).collect()
}

fn can_be_merged(segment: &SegmentRow) -> bool {
    segment.version > LAST_VERSION_BY_TIME || segment.rows <= ROWS_BROUGHT_IN_ORDER_MAX
}

/// `segments` in order, cut where a group would exceed a limit.
fn groups(segments: &[&SegmentRow]) -> Vec<Vec<SegmentRow>> {
    let mut groups: Vec<Vec<SegmentRow>> = Vec::new();
    let mut rows = 0;
    for segment in segments {
        rows += segment.rows;
        match groups.last_mut() {
            Some(group) if group.len() < SEGMENTS_PER_MERGE_MAX && rows <= ROWS_PER_MERGE_MAX => {
                group.push((*segment).clone());
            }
            Some(_) | None => {
                rows = segment.rows;
                groups.push(vec![(*segment).clone()]);
            }
        }
    }
    groups
}

/// Segments by the span of their latest row; spans are numbered from the Unix epoch.
fn by_span<'a>(
    segments: impl Iterator<Item = &'a SegmentRow>,
    length: Duration,
) -> BTreeMap<i64, Vec<&'a SegmentRow>> {
    let mut spans: BTreeMap<i64, Vec<&SegmentRow>> = BTreeMap::new();
    for segment in segments {
        let span = segment.moments.end().millis().div_euclid(millis(length));
        spans.entry(span).or_default().push(segment);
    }
    spans
}

fn is_past(span: i64, length: Duration, now: Timestamp) -> bool {
    (span + 1).saturating_mul(millis(length)) <= now.millis()
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::owner::Owner;
    use crate::schema::SEGMENT_SCHEMA_VERSION;

    /// Segments written as `level hour:minute rows`, of day 0, one a line; the plan as `level: ids`.
    #[track_caller]
    fn check(segments: &str, now_hours: f64, expected: &str) {
        let rows: Vec<SegmentRow> =
            segments.lines().zip(1..).map(|(line, id)| segment(line.trim(), id)).collect();
        #[expect(clippy::cast_possible_truncation, reason = "hours of a test")]
        let now = Timestamp::from_millis((now_hours * 3_600_000.0) as i64);
        let plan: Vec<String> = plan(&rows, now)
            .into_iter()
            .map(|merge| {
                let ids: Vec<String> = merge.segments.iter().map(|segment| segment.id.to_string()).collect();
                format!("{:?}: {}", merge.level, ids.join(" "))
            })
            .collect();
        assert_eq!(plan.join("\n"), expected);
    }

    fn segment(line: &str, id: i64) -> SegmentRow {
        let words: Vec<&str> = line.split(' ').collect();
        let level = match words[0] {
            "commit" => Level::Commit,
            "part" => Level::Part,
            "hour" => Level::Hour,
            _ => Level::Day,
        };
        let (hour, minute) = words[1].split_once(':').unwrap();
        let minutes: i64 = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        let at = Timestamp::from_seconds(minutes * 60);
        SegmentRow {
            id,
            owner: Owner { account: "1".parse().unwrap(), region: "r".parse().unwrap() },
            topic: "topic".parse().unwrap(),
            version: SEGMENT_SCHEMA_VERSION,
            level,
            rows: words.get(2).map_or(1, |rows| rows.parse().unwrap()),
            bytes: 1,
            moments: at..=at,
            created: at,
            digest: None,
        }
    }

    #[test]
    fn commits_of_an_open_hour_wait_until_there_are_eight() {
        let seven = ["commit 09:01"; 7].join("\n");
        check(&seven, 9.5, "");
        check(&format!("{seven}\ncommit 09:02\npart 09:02"), 9.5, "Part: 1 2 3 4 5 6 7 8");
    }

    #[test]
    fn an_hour_that_is_past_becomes_one_segment() {
        let segments = "part 09:01\ncommit 09:59\ncommit 10:00";
        check(segments, 10.1, "");
        check(segments, 10.2, "Hour: 1 2");
    }

    #[test]
    fn late_rows_gather_and_leave_the_large_segment_alone() {
        let late = ["commit 09:01"; 7].join("\n");
        check(&format!("hour 09:59\n{late}"), 12.0, "");
        check(&format!("hour 09:59\n{late}\ncommit 09:02"), 12.0, "Hour: 2 3 4 5 6 7 8 9");
    }

    #[test]
    fn a_day_that_is_past_becomes_one_segment() {
        let segments = "hour 00:59\nhour 01:59\ncommit 23:59";
        check(segments, 47.9, "");
        check(segments, 48.0, "Day: 1 2 3");
    }

    #[test]
    fn a_merge_keeps_its_limits() {
        let many = ["commit 09:01"; 130].join("\n");
        let merges = plan(
            &many.lines().zip(1..).map(|(line, id)| segment(line, id)).collect::<Vec<_>>(),
            Timestamp::from_seconds(12 * 3600),
        );
        let sizes: Vec<usize> = merges.iter().map(|merge| merge.segments.len()).collect();
        assert_eq!(sizes, [64, 64, 2]);
        check("hour 01:00 30000000\nhour 02:00 30000000\nhour 03:00 20000000", 48.0, "Day: 2 3");
    }

    #[test]
    fn a_single_segment_is_left_alone() {
        check("commit 09:01", 1000.0, "");
    }
}
