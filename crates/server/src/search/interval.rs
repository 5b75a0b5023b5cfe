//! The width of a histogram's buckets.
//!
//! Hides: which widths read well on an axis.
//! Knows nothing of: records.

use std::time::Duration;

use flow::TimeRange;

use crate::failure::Failure;

/// The most buckets of a histogram. Source: the published log service.
const BUCKETS_MAX: i64 = 200;

/// The most buckets when the server chooses: enough to see a shape, few enough to hit one with a mouse.
const BUCKETS_WANTED: i64 = 100;

/// Widths that read well. Unit: seconds.
const STEPS: &[i64] = &[
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800,
];

/// The interval that was asked for, or one that suits the range.
pub(crate) fn interval(range: TimeRange, asked_ms: Option<i64>) -> Result<Duration, Failure> {
    let length_ms = range.to.millis().saturating_sub(range.from.millis());
    let width_ms = match asked_ms {
        None => chosen(length_ms),
        Some(asked) if asked > 0 && length_ms / asked <= BUCKETS_MAX => asked,
        Some(asked) => {
            let message = format!(
                "Interval is {asked} ms: it must be positive and cut the {length_ms} ms into at most {BUCKETS_MAX} parts"
            );
            return Err(Failure::new("InvalidParameter", message));
        }
    };
    Ok(Duration::from_millis(u64::try_from(width_ms).unwrap_or(u64::MAX)))
}

fn chosen(length_ms: i64) -> i64 {
    let fits = |width: &i64| length_ms / width < BUCKETS_WANTED;
    let longest = STEPS.last().map_or(1000, |seconds| seconds * 1000);
    // Beyond the longest step, whole multiples of it.
    let beyond = || longest * (length_ms / longest / BUCKETS_WANTED + 1);
    STEPS.iter().map(|seconds| seconds * 1000).find(fits).unwrap_or_else(beyond)
}

#[cfg(test)]
mod tests {
    use flow::Timestamp;

    use super::*;

    fn chosen_for(seconds: i64) -> u64 {
        let range = TimeRange { from: Timestamp::from_seconds(0), to: Timestamp::from_seconds(seconds) };
        interval(range, None).unwrap().as_secs()
    }

    #[test]
    fn a_chosen_interval_reads_well() {
        for (range, width) in
            [(60, 1), (900, 10), (3_600, 60), (86_400, 900), (7 * 86_400, 7_200), (30 * 86_400, 43_200)]
        {
            assert_eq!(chosen_for(range), width, "{range} s");
        }
    }

    #[test]
    fn there_are_never_too_many_buckets() {
        for range in [1, 99, 101, 86_399, 31_536_000, 3_153_600_000, i64::MAX / 1000] {
            let width = i64::try_from(chosen_for(range)).unwrap();
            assert!(range / width < BUCKETS_WANTED, "{range} s in steps of {width} s");
        }
    }

    #[test]
    fn an_interval_that_cuts_too_fine_is_refused() {
        let range = TimeRange { from: Timestamp::from_seconds(0), to: Timestamp::from_seconds(201) };
        assert!(interval(range, Some(1000)).is_err());
        assert!(interval(range, Some(0)).is_err());
        assert_eq!(interval(range, Some(2000)).unwrap().as_secs(), 2);
    }
}
