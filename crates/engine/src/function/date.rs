//! `time_series`, `date_format`, `date_parse`, `date_add`, `date_diff`, `last_day_of_month`, `to_iso8601`, `human_readable_seconds`.
//!
//! Hides: the calendar, and the letters of MySQL's patterns. All moments are in UTC.
//! Knows nothing of: columns.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit};

use super::row::{Given, Kind, Made, RowFunction, misfit};
use crate::series::TIME_SERIES;

pub(super) const FUNCTIONS: &[RowFunction] = &[
    RowFunction {
        name: TIME_SERIES,
        takes: &[&[Kind::Moment, Kind::Long, Kind::Long, Kind::Text, Kind::Text]],
        gives: Kind::Text,
        of_row: time_series,
    },
    RowFunction {
        name: "date_format",
        takes: &[&[Kind::Moment, Kind::Text]],
        gives: Kind::Text,
        of_row: date_format,
    },
    RowFunction {
        name: "date_parse",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Moment,
        of_row: date_parse,
    },
    RowFunction {
        name: "date_add",
        takes: &[&[Kind::Text, Kind::Long, Kind::Moment]],
        gives: Kind::Moment,
        of_row: date_add,
    },
    RowFunction {
        name: "date_diff",
        takes: &[&[Kind::Text, Kind::Moment, Kind::Moment]],
        gives: Kind::Long,
        of_row: date_diff,
    },
    RowFunction {
        name: "last_day_of_month",
        takes: &[&[Kind::Moment]],
        gives: Kind::Moment,
        of_row: last_day_of_month,
    },
    RowFunction { name: "to_iso8601", takes: &[&[Kind::Moment]], gives: Kind::Text, of_row: to_iso8601 },
    RowFunction {
        name: "human_readable_seconds",
        takes: &[&[Kind::Long]],
        gives: Kind::Text,
        of_row: human_readable_seconds,
    },
];

/// Units as they are written, with their length in the calendar.
const UNITS: &[(&str, Unit)] = &[
    ("millisecond", Unit::Millisecond),
    ("second", Unit::Second),
    ("minute", Unit::Minute),
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("month", Unit::Month),
    ("year", Unit::Year),
];

/// How a window is written; which windows there are says `series`.
fn time_series(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Moment(at), _, Given::Long(east), Given::Text(pattern), _] = given else {
        return Err(misfit());
    };
    date_format(&[Given::Moment(at.saturating_add(*east)), Given::Text(pattern)])
}

fn date_format(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Moment(at), Given::Text(pattern)] = given else { return Err(misfit()) };
    let moment = moment(*at)?.to_zoned(TimeZone::UTC);
    let text = strtime::format(letters(pattern)?, &moment).map_err(|error| error.to_string())?;
    Ok(Some(Made::Text(text)))
}

fn date_parse(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(pattern)] = given else { return Err(misfit()) };
    let wrong = |error: jiff::Error| format!("`{text}` is no moment of the pattern `{pattern}`: {error}");
    let parsed = strtime::parse(letters(pattern)?, text).map_err(wrong)?;
    let moment = parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)));
    Ok(Some(Made::Moment(millis(moment.map_err(wrong)?)?)))
}

fn date_add(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(unit), Given::Long(count), Given::Moment(at)] = given else { return Err(misfit()) };
    let out_of_range = |error: jiff::Error| error.to_string();
    let span = match unit_of(unit)? {
        Unit::Year => Span::new().try_years(*count),
        Unit::Month => Span::new().try_months(*count),
        Unit::Week => Span::new().try_weeks(*count),
        Unit::Day => Span::new().try_days(*count),
        Unit::Hour => Span::new().try_hours(*count),
        Unit::Minute => Span::new().try_minutes(*count),
        Unit::Second => Span::new().try_seconds(*count),
        Unit::Millisecond | Unit::Microsecond | Unit::Nanosecond => Span::new().try_milliseconds(*count),
    };
    let later = civil(*at)?.checked_add(span.map_err(out_of_range)?).map_err(out_of_range)?;
    Ok(Some(Made::Moment(millis(later)?)))
}

fn date_diff(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(unit), Given::Moment(from), Given::Moment(to)] = given else { return Err(misfit()) };
    let unit = unit_of(unit)?;
    let span = civil(*from)?.until((unit, civil(*to)?)).map_err(|error| error.to_string())?;
    let whole = match unit {
        Unit::Year => i64::from(span.get_years()),
        Unit::Month => i64::from(span.get_months()),
        Unit::Week => i64::from(span.get_weeks()),
        Unit::Day => i64::from(span.get_days()),
        Unit::Hour => i64::from(span.get_hours()),
        Unit::Minute => span.get_minutes(),
        Unit::Second => span.get_seconds(),
        Unit::Millisecond | Unit::Microsecond | Unit::Nanosecond => span.get_milliseconds(),
    };
    Ok(Some(Made::Long(whole)))
}

fn last_day_of_month(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Moment(at)] = given else { return Err(misfit()) };
    let day = civil(*at)?.date().last_of_month();
    Ok(Some(Made::Moment(millis(day.at(0, 0, 0, 0))?)))
}

fn to_iso8601(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Moment(at)] = given else { return Err(misfit()) };
    Ok(Some(Made::Text(format!("{:.3}", moment(*at)?))))
}

fn human_readable_seconds(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Long(seconds)] = given else { return Err(misfit()) };
    let mut rest = seconds.unsigned_abs();
    let mut words = Vec::new();
    for (name, length) in [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)]
    {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            words.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    Ok(Some(Made::Text(if words.is_empty() { "0 seconds".to_owned() } else { words.join(", ") })))
}

fn unit_of(written: &str) -> Result<Unit, String> {
    let unit = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(written));
    unit.map(|(_, unit)| *unit).ok_or_else(|| {
        let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
        format!("`{written}` is no unit: {} are known", names.join(", "))
    })
}

/// The pattern of MySQL in the letters of `strftime`.
fn letters(pattern: &str) -> Result<String, String> {
    let mut letters = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            letters.push(character);
            continue;
        }
        letters.push_str(match characters.next() {
            Some('Y') => "%Y",
            Some('y') => "%y",
            Some('m') => "%m",
            Some('c') => "%-m",
            Some('d') => "%d",
            Some('e') => "%-d",
            Some('H') => "%H",
            Some('k') => "%-H",
            Some('h' | 'I') => "%I",
            Some('l') => "%-I",
            Some('i') => "%M",
            Some('s' | 'S') => "%S",
            Some('f') => "%6f",
            Some('p') => "%p",
            Some('r') => "%I:%M:%S %p",
            Some('T') => "%H:%M:%S",
            Some('j') => "%j",
            Some('a') => "%a",
            Some('W') => "%A",
            Some('b') => "%b",
            Some('M') => "%B",
            Some('v') => "%V",
            Some('x') => "%G",
            Some('%') => "%%",
            Some(other) => {
                return Err(format!(
                    "`%{other}` is no letter of a pattern: write for example `%Y-%m-%d %H:%i:%s`"
                ));
            }
            None => return Err("the pattern ends with `%`: write `%%` for the sign itself".to_owned()),
        });
    }
    Ok(letters)
}

fn moment(millis: i64) -> Result<Timestamp, String> {
    Timestamp::from_millisecond(millis).map_err(|error| error.to_string())
}

fn civil(millis: i64) -> Result<DateTime, String> {
    Ok(TimeZone::UTC.to_datetime(moment(millis)?))
}

fn millis(civil: DateTime) -> Result<i64, String> {
    let zoned = civil.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
    Ok(zoned.timestamp().as_millisecond())
}
