//! Moments as people write them: `15m` ago, `now`, `2026-11-25`, `2026-11-25T14:03:12Z`.
//!
//! Hides: calendars and units.
//! Knows nothing of: the clock; `now` is an argument.

use std::str::FromStr;

use flow::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Zoned};

/// The zone of all texts of time in the published API: UTC+8.
const PUBLISHED_ZONE: Offset = Offset::constant(8);

/// A moment, perhaps relative to now.
#[derive(Clone, Debug)]
pub(crate) enum Moment {
    Now,
    Ago(Span),
    At(jiff::Timestamp),
}

/// A text that is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no time: write `15m`, `2h`, `7d`, `now`, `2026-11-25`, `2026-11-25T14:03` (UTC) or with an offset, `2026-11-25T14:03:12+08:00`"
)]
pub(crate) struct InvalidMoment {
    text: String,
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        let invalid = || InvalidMoment { text: text.to_owned() };
        let text = text.trim();
        if text.eq_ignore_ascii_case("now") {
            return Ok(Self::Now);
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(at));
        }
        if let Ok(civil) = text.parse::<DateTime>() {
            let at = civil.to_zoned(TimeZone::UTC).ok().ok_or_else(invalid)?;
            return Ok(Self::At(at.timestamp()));
        }
        let span: Span = text.parse().ok().ok_or_else(invalid)?;
        if span.is_negative() { Err(invalid()) } else { Ok(Self::Ago(span)) }
    }
}

impl Moment {
    /// The moment, seen from `now`; the beginning of time when it lies before.
    pub(crate) fn seen_from(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Now => now,
            Self::At(at) => Timestamp::from_millis(at.as_millisecond()),
            Self::Ago(span) => {
                let now = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or_default();
                let then = now.to_zoned(TimeZone::UTC).checked_sub(*span);
                then.map_or(Timestamp::default(), |then: Zoned| {
                    Timestamp::from_millis(then.timestamp().as_millisecond())
                })
            }
        }
    }
}

/// The moment for people, in UTC to the millisecond.
pub(crate) fn shown(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_out_of_range| millis.to_string(), |at| format!("{at:.3}"))
}

/// A time of the published API for people, in UTC like all others; what is no time stays as it is.
pub(crate) fn shown_published(text: &str) -> String {
    let civil = text.parse::<DateTime>().ok();
    let at = civil.and_then(|civil| civil.to_zoned(TimeZone::fixed(PUBLISHED_ZONE)).ok());
    at.map_or_else(|| text.to_owned(), |at| at.timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let now: jiff::Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let moment: Moment = text.parse().unwrap();
        let at = moment.seen_from(Timestamp::from_millis(now.as_millisecond()));
        assert_eq!(shown(at.millis()), expected, "{text}");
    }

    #[test]
    fn a_moment_is_written_in_many_ways() {
        check("now", "2026-11-25T12:00:00.000Z");
        check("15m", "2026-11-25T11:45:00.000Z");
        check("1h30m", "2026-11-25T10:30:00.000Z");
        check("7d", "2026-11-18T12:00:00.000Z");
        check("2w", "2026-11-11T12:00:00.000Z");
        check("2026-11-25", "2026-11-25T00:00:00.000Z");
        check("2026-11-25T14:03", "2026-11-25T14:03:00.000Z");
        check("2026-11-25T14:03:12+08:00", "2026-11-25T06:03:12.000Z");
        check("36525d", "1926-11-25T12:00:00.000Z");
        check("7000000d", "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_published_time_is_shown_in_utc() {
        assert_eq!(shown_published("2026-11-25 20:00:00"), "2026-11-25T12:00:00Z");
        assert_eq!(shown_published("0000-00-00 00:00:00"), "0000-00-00 00:00:00");
    }

    #[test]
    fn what_is_no_moment_is_quoted() {
        for text in ["yesterday", "-5m", "", "2026-13-01", "15"] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}` is no time")), "{error}");
        }
    }
}
