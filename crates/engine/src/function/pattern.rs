//! `regexp_extract`, `regexp_extract_all`, `regexp_split`: parts of texts by regular expressions.
//!
//! Hides: that an expression is compiled once for all rows.
//! Knows nothing of: columns. `regexp_like` and `regexp_replace` are the engine's own.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};

use super::row::{Given, Kind, Made, RowFunction, misfit};

pub(super) const FUNCTIONS: &[RowFunction] = &[
    RowFunction {
        name: "regexp_extract",
        takes: &[&[Kind::Text, Kind::Text], &[Kind::Text, Kind::Text, Kind::Long]],
        gives: Kind::Text,
        of_row: regexp_extract,
    },
    RowFunction {
        name: "regexp_extract_all",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Texts,
        of_row: regexp_extract_all,
    },
    RowFunction {
        name: "regexp_split",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Texts,
        of_row: regexp_split,
    },
];

/// The most memory that one compiled expression may take. Unit: bytes.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

fn regexp_extract(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let (text, pattern, group) = match given {
        [Given::Text(text), Given::Text(pattern)] => (text, pattern, 0),
        [Given::Text(text), Given::Text(pattern), Given::Long(group)] => (text, pattern, *group),
        _ => return Err(misfit()),
    };
    with(pattern, |regex| {
        let group = usize::try_from(group).ok().filter(|group| *group < regex.captures_len());
        let group = group.ok_or_else(|| format!("`{pattern}` has {} groups", regex.captures_len() - 1))?;
        let part = regex.captures(text).and_then(|captures| captures.get(group));
        Ok(part.map(|part| Made::Text(part.as_str().to_owned())))
    })
}

fn regexp_extract_all(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(pattern)] = given else { return Err(misfit()) };
    with(pattern, |regex| {
        Ok(Some(Made::Texts(regex.find_iter(text).map(|part| part.as_str().to_owned()).collect())))
    })
}

fn regexp_split(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(pattern)] = given else { return Err(misfit()) };
    with(pattern, |regex| Ok(Some(Made::Texts(regex.split(text).map(str::to_owned).collect()))))
}

/// Does something with the expression, which is nearly always the same in all rows.
fn with<T>(pattern: &str, deed: impl FnOnce(&Regex) -> Result<T, String>) -> Result<T, String> {
    thread_local! {
        static LAST: RefCell<Option<Regex>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|regex| regex.as_str() != pattern) {
            let built = RegexBuilder::new(pattern)
                .size_limit(COMPILED_BYTES_MAX)
                .dfa_size_limit(COMPILED_BYTES_MAX)
                .build();
            *last = Some(built.map_err(|error| {
                let drawn = error.to_string();
                let reason = drawn.lines().last().unwrap_or_default();
                format!("the regular expression is wrong: {}", reason.trim_start_matches("error: "))
            })?);
        }
        last.as_ref().map_or_else(|| Err(misfit()), deed)
    })
}
