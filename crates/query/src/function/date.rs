//! Functions of moments and dates. A whole number is read as milliseconds since 1970, as `__TIMESTAMP__` is.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry(
        "histogram",
        "histogram(moment, INTERVAL n unit)",
        "the start of the bucket of that length; days begin at midnight in the time zone of the server, UTC+8 by default",
    ),
    entry(
        "time_series",
        "time_series(moment, window, pattern, padding)",
        "the start of the window (`30s`, `5m`, `1h`, `1d`) as text, in the time zone of `histogram`; needs GROUP BY, and \
         fills windows without records with `0`, `null`, `last`, `next` or `avg` (the mean of both)",
    ),
    entry(
        "compare",
        "compare(x, seconds, …)",
        "a column of a subquery now, so many seconds before, and now divided by before, as an array",
    ),
    entry(
        "date_trunc",
        "date_trunc(unit, moment)",
        "the start of the `second`, `minute`, `hour`, `day`, `week`, `month`, `quarter` or `year`",
    ),
    entry(
        "date_bin",
        "date_bin(INTERVAL n unit, moment)",
        "the start of the bucket of that length, counted from 1970 in UTC",
    ),
    entry(
        "date_format",
        "date_format(moment, pattern)",
        "the moment as text; the pattern has the letters of MySQL, as in `%Y-%m-%d %H:%i:%s`",
    ),
    entry("date_parse", "date_parse(text, pattern)", "the moment that a text of that pattern names"),
    entry("date_add", "date_add(unit, n, moment)", "the moment n units later"),
    entry("date_diff", "date_diff(unit, from, to)", "how many whole units lie between two moments"),
    entry("from_unixtime", "from_unixtime(seconds)", "the moment of a Unix time"),
    entry("to_unixtime", "to_unixtime(moment)", "the Unix time of a moment, in seconds"),
    entry("to_milliseconds", "to_milliseconds(moment)", "the Unix time of a moment, in milliseconds"),
    entry("to_iso8601", "to_iso8601(moment)", "the moment as text, as in `2026-11-25T00:00:00.000Z`"),
    entry("from_iso8601_timestamp", "from_iso8601_timestamp(text)", "the moment that such a text names"),
    entry(
        "from_iso8601_date",
        "from_iso8601_date(text)",
        "the first moment of the day that a text such as `2026-11-25` names",
    ),
    entry("last_day_of_month", "last_day_of_month(moment)", "the first moment of the last day of its month"),
    entry("year", "year(moment)", "the year"),
    entry("quarter", "quarter(moment)", "the quarter, 1 to 4"),
    entry("month", "month(moment)", "the month, 1 to 12"),
    entry("week", "week(moment)", "the week of the year (ISO 8601), 1 to 53"),
    entry("day", "day(moment)", "the day of the month"),
    entry("day_of_month", "day_of_month(moment)", "the day of the month"),
    entry("day_of_week", "day_of_week(moment)", "the day of the week, 1 for Monday to 7"),
    entry("day_of_year", "day_of_year(moment)", "the day of the year, from 1"),
    entry("hour", "hour(moment)", "the hour, 0 to 23"),
    entry("minute", "minute(moment)", "the minute"),
    entry("second", "second(moment)", "the second"),
    entry("extract", "extract(unit FROM moment)", "the same by the name of the unit"),
    entry("now", "now()", "the moment at which the query began"),
    entry("current_timestamp", "current_timestamp", "the same"),
    entry("current_date", "current_date", "the day on which the query began, in UTC"),
    entry("current_timezone", "current_timezone()", "the time zone of all functions but `histogram`: `UTC`"),
    entry(
        "human_readable_seconds",
        "human_readable_seconds(seconds)",
        "a number of seconds in words, as in `2 hours, 5 minutes`",
    ),
];
