//! Moments as the published API writes them.
//!
//! Hides: the form and its time zone.
//! Knows nothing of: what happened then.

use flow::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// The zone of all texts of time in the published API: UTC+8.
const ZONE: Offset = Offset::constant(8);

/// `YYYY-MM-DD HH:MM:SS`, UTC+8; years beyond 9999 show as the published text for "no time".
pub(crate) fn civil_text(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(at) => at.to_zoned(TimeZone::fixed(ZONE)).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "0000-00-00 00:00:00".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_the_published_zone() {
        assert_eq!(civil_text(Timestamp::from_seconds(1_795_370_084)), "2026-11-23 01:54:44");
        assert_eq!(civil_text(Timestamp::from_millis(i64::MAX)), "0000-00-00 00:00:00");
    }
}
