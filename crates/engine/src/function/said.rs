//! Functions of the log service that are said in functions of the engine.
//!
//! Hides: the engine's names, and their order of arguments.
//! Knows nothing of: where in a statement a call stands.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Value, VisitMut as _, VisitorMut};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::series::{PADDINGS, TIME_SERIES};

/// A call with that many arguments, and what it means; `$1` is the first argument.
const SAID: &[(&str, usize, &str)] = &[
    ("any_match", 2, "array_any_match($1, $2)"),
    ("approx_percentile", 2, "approx_percentile_cont($1, $2)"),
    ("arbitrary", 1, "any_value($1)"),
    ("array_remove", 2, "array_remove_all($1, $2)"),
    ("bitwise_and", 2, "($1 & $2)"),
    ("bitwise_and_agg", 1, "bit_and($1)"),
    ("bitwise_not", 1, "(-1 - $1)"),
    ("bitwise_or", 2, "($1 | $2)"),
    ("bitwise_or_agg", 1, "bit_or($1)"),
    ("bitwise_xor", 2, "($1 ^ $2)"),
    ("ceiling", 1, "ceil($1)"),
    ("codepoint", 1, "ascii($1)"),
    ("contains", 2, "array_has($1, $2)"),
    ("count_if", 1, "count(*) FILTER (WHERE $1)"),
    ("current_timezone", 0, "'UTC'"),
    ("date_bin", 2, "date_bin($1, timestamp_of($2))"),
    ("date_trunc", 2, "date_trunc($1, timestamp_of($2))"),
    ("day", 1, "date_part('day', timestamp_of($1))"),
    ("day_of_month", 1, "date_part('day', timestamp_of($1))"),
    ("day_of_week", 1, "date_part('isodow', timestamp_of($1))"),
    ("day_of_year", 1, "date_part('doy', timestamp_of($1))"),
    ("e", 0, "2.718281828459045"),
    ("element_at", 2, "array_element($1, $2)"),
    ("every", 1, "bool_and($1)"),
    ("filter", 2, "array_filter($1, $2)"),
    ("from_iso8601_date", 1, "to_timestamp_millis($1)"),
    ("from_iso8601_timestamp", 1, "to_timestamp_millis($1)"),
    ("from_unixtime", 1, "timestamp_of(cast($1 * 1000 AS bigint))"),
    ("geometric_mean", 1, "exp(avg(ln($1)))"),
    ("hour", 1, "date_part('hour', timestamp_of($1))"),
    ("if", 2, "CASE WHEN $1 THEN $2 END"),
    ("if", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"),
    ("infinity", 0, "cast('Infinity' AS double)"),
    ("is_nan", 1, "isnan($1)"),
    ("levenshtein_distance", 2, "levenshtein($1, $2)"),
    ("max_by", 2, "first_value($1 ORDER BY $2 DESC NULLS LAST)"),
    ("min_by", 2, "first_value($1 ORDER BY $2 ASC NULLS LAST)"),
    ("minute", 1, "date_part('minute', timestamp_of($1))"),
    ("mod", 2, "($1 % $2)"),
    ("month", 1, "date_part('month', timestamp_of($1))"),
    ("none_match", 2, "NOT array_any_match($1, $2)"),
    ("nan", 0, "cast('NaN' AS double)"),
    ("quarter", 1, "date_part('quarter', timestamp_of($1))"),
    ("rand", 0, "random()"),
    ("regexp_replace", 2, "regexp_replace($1, $2, '', 'g')"),
    ("regexp_replace", 3, "regexp_replace($1, $2, $3, 'g')"),
    ("second", 1, "date_part('second', timestamp_of($1))"),
    ("sha256", 1, "encode(sha256($1), 'hex')"),
    ("sha512", 1, "encode(sha512($1), 'hex')"),
    ("sign", 1, "signum($1)"),
    ("slice", 3, "array_slice($1, $2, $2 + $3 - 1)"),
    ("split", 2, "string_to_array($1, $2)"),
    ("to_base64", 1, "encode($1, 'base64')"),
    ("to_milliseconds", 1, "cast(timestamp_of($1) AS bigint)"),
    ("to_unixtime", 1, "to_unixtime(timestamp_of($1))"),
    ("transform", 2, "array_transform($1, $2)"),
    ("truncate", 1, "trunc($1)"),
    ("typeof", 1, "arrow_typeof($1)"),
    ("variance", 1, "var_samp($1)"),
    ("week", 1, "date_part('week', timestamp_of($1))"),
    ("year", 1, "date_part('year', timestamp_of($1))"),
];

/// What a call means in functions of the engine; `None` when it is one.
pub(crate) fn said(name: &str, arguments: &[Expr]) -> Option<Expr> {
    let known = |(known, count, _): &&(&str, usize, &str)| *known == name && *count == arguments.len();
    SAID.iter().find(known).map(|(.., meaning)| filled(meaning, arguments))
}

/// Whether a meaning is the call of an aggregate, behind which FILTER and OVER can stand.
pub(crate) fn is_aggregate(name: &str) -> bool {
    const AGGREGATES: &[&str] =
        &["any_value", "approx_percentile_cont", "bit_and", "bit_or", "bool_and", "count", "var_samp"];
    AGGREGATES.contains(&name)
}

/// `histogram(moment, interval)`, with days that begin at midnight `seconds_east` of UTC.
pub(crate) fn histogram(arguments: &[Expr], seconds_east: i64) -> Expr {
    let shift = format!("INTERVAL '{seconds_east} seconds'");
    filled(&format!("date_bin($2, timestamp_of($1) + {shift}) - {shift}"), arguments)
}

/// `time_series(moment, window, pattern, padding)`, with the same days; or what is wrong with its arguments.
pub(crate) fn time_series(arguments: &[Expr], seconds_east: i64) -> Result<Expr, String> {
    let [moment, window, pattern, padding] = arguments else {
        let form = query::function(TIME_SERIES).map_or(TIME_SERIES, |known| known.form);
        return Err(format!("write `{form}`"));
    };
    let padding = written(padding).map(|padding| padding.to_ascii_lowercase());
    let padding = padding.filter(|padding| PADDINGS.contains(&padding.as_str())).ok_or_else(|| {
        format!("`{TIME_SERIES}` fills gaps with one of the texts `{}`", PADDINGS.join("`, `"))
    })?;
    if !matches!(pattern, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_))) {
        return Err(format!("`{TIME_SERIES}` takes the pattern as a text, as in '%Y-%m-%d %H:%i:%s'"));
    }
    let seconds = written(window).and_then(|window| window_seconds(&window)).ok_or_else(|| {
        format!("`{TIME_SERIES}` takes the window as a number and a unit, as in '30s', '5m', '1h' or '1d'")
    })?;
    let interval = Expr::value(Value::SingleQuotedString(format!("{seconds} seconds")));
    let padding = Expr::value(Value::SingleQuotedString(padding));
    let shift = format!("INTERVAL '{seconds_east} seconds'");
    let (length, east) = (seconds.saturating_mul(1000), seconds_east.saturating_mul(1000));
    let bin = format!("date_bin(cast($2 AS interval), timestamp_of($1) + {shift}) - {shift}");
    let meaning = format!("{TIME_SERIES}({bin}, {length}, {east}, $3, $4)");
    Ok(filled(&meaning, &[moment.clone(), interval, pattern.clone(), padding]))
}

/// The text, number or NULL that an expression is.
fn written(expr: &Expr) -> Option<String> {
    let Expr::Value(value) = expr else { return None };
    if let Value::SingleQuotedString(text) | Value::Number(text, _) = &value.value {
        return Some(text.clone());
    }
    (value.value == Value::Null).then(|| "null".to_owned())
}

/// The longest window of a time series. Unit: seconds.
const WINDOW_SECONDS_MAX: i64 = 366 * 86_400;

/// `5m` as seconds.
fn window_seconds(window: &str) -> Option<i64> {
    let (number, unit) = window.split_at_checked(window.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.parse::<i64>().ok()?.checked_mul(unit)?;
    (1..=WINDOW_SECONDS_MAX).contains(&seconds).then_some(seconds)
}

/// The expression of a text, with `arguments` in the place of their numbers.
pub(crate) fn filled(meaning: &str, arguments: &[Expr]) -> Expr {
    let mut parser =
        Parser::new(&GenericDialect {}).try_with_sql(meaning).expect("the table has only words of SQL");
    let mut expr = parser.parse_expr().expect("the table has only expressions");
    let ControlFlow::Continue(()) = expr.visit(&mut Filling { arguments });
    expr
}

/// Puts the arguments in the place of their numbers.
struct Filling<'a> {
    arguments: &'a [Expr],
}

impl VisitorMut for Filling<'_> {
    type Break = std::convert::Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(number) = &value.value
        {
            let place = number.trim_start_matches('$').parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            if let Some(argument) = place.and_then(|place| self.arguments.get(place)) {
                *expr = argument.clone();
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_is_an_expression_with_all_its_arguments() {
        for (name, count, meaning) in SAID {
            let arguments: Vec<Expr> =
                (1..=*count).map(|n| Expr::Identifier(format!("argument_{n}").as_str().into())).collect();
            let said = said(name, &arguments).unwrap().to_string();
            for n in 1..=*count {
                assert!(said.contains(&format!("argument_{n}")), "{name}: {meaning}");
            }
            assert!(!said.contains('$'), "{said}");
            assert!(query::function(name).is_some(), "{name} stands in the function table");
        }
    }
}
