//! Texts and numbers of requests, checked against the published limits.
//!
//! Hides: how ids and words become types, and which code a wrong one has.
//! Knows nothing of: any particular operation.

use std::fmt::Display;
use std::str::FromStr;

use store::Page;

use crate::failure::Failure;

/// The longest description of anything. Unit: characters. Source: the published API.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 512;

/// The longest page of a list. Source: the published API.
const PAGE_ENTRIES_MAX: u64 = 100;

/// The most filters of a request, and the most values of one. Source: the published API.
const FILTERS_MAX: usize = 10;
const FILTER_VALUES_MAX: usize = 5;

/// The id or word that `text` of parameter `name` writes.
pub(crate) fn parsed<T>(name: &str, text: &str) -> Result<T, Failure>
where
    T: FromStr<Err: Display>,
{
    text.parse().map_err(|error| Failure::new("InvalidParameterValue.Malformed", format!("{name}: {error}")))
}

/// The same for a parameter that may be absent; an empty text counts as absent.
pub(crate) fn parsed_if_any<T>(name: &str, text: Option<&str>) -> Result<Option<T>, Failure>
where
    T: FromStr<Err: Display>,
{
    text.filter(|text| !text.is_empty()).map(|text| parsed(name, text)).transpose()
}

/// A name in the published services: not empty, at most `chars_max` characters, no control characters.
pub(crate) fn name(parameter: &str, text: String, chars_max: usize) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::new(
            "InvalidParameterValue.Empty",
            format!("{parameter} is empty: give a name"),
        ));
    }
    if text.chars().any(char::is_control) {
        let message = format!("{parameter} holds a control character: leave it out");
        return Err(Failure::new("InvalidParameterValue.Malformed", message));
    }
    short(parameter, text, chars_max)
}

/// A name in the log service: as `name`, and without `|`.
pub(crate) fn cls_name(parameter: &str, text: String, chars_max: usize) -> Result<String, Failure> {
    if text.contains('|') {
        let message = format!("{parameter} holds `|`: choose a name without it");
        return Err(Failure::new("InvalidParameter", message));
    }
    name(parameter, text, chars_max)
}

/// A text of at most `chars_max` characters.
pub(crate) fn short(parameter: &str, text: String, chars_max: usize) -> Result<String, Failure> {
    let chars = text.chars().count();
    if chars <= chars_max {
        return Ok(text);
    }
    let message = format!("{parameter} has {chars} characters: at most {chars_max} are accepted");
    Err(Failure::new("InvalidParameterValue.Range", message))
}

/// The part of a list that `offset` and `limit` ask for.
pub(crate) fn page(offset: Option<u64>, limit: Option<u64>, limit_default: u64) -> Result<Page, Failure> {
    let limit = limit.unwrap_or(limit_default);
    if !(1..=PAGE_ENTRIES_MAX).contains(&limit) {
        let message = format!("Limit is {limit}: 1 to {PAGE_ENTRIES_MAX} are accepted");
        return Err(Failure::new("InvalidParameterValue.Range", message));
    }
    let as_count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Page { offset: as_count(offset.unwrap_or(0)), limit: as_count(limit) })
}

/// Refuses more filters, or more values in one, than the published API accepts.
pub(crate) fn filter_counts<'a>(values_of_each: impl Iterator<Item = &'a [String]>) -> Result<(), Failure> {
    let mut filters = 0;
    for values in values_of_each {
        filters += 1;
        if values.is_empty() || values.len() > FILTER_VALUES_MAX {
            let message =
                format!("a filter has {} values: 1 to {FILTER_VALUES_MAX} are accepted", values.len());
            return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
        }
    }
    if filters > FILTERS_MAX {
        let message = format!("{filters} filters are given: at most {FILTERS_MAX} are accepted");
        return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
    }
    Ok(())
}

/// The failure of a filter whose name is none of `known`.
pub(crate) fn unknown_filter(name: &str, known: &str) -> Failure {
    Failure::new(
        "InvalidParameter.FilterInvalidKey",
        format!("there is no filter `{name}`: expected {known}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_to_a_hundred_entries() {
        assert_eq!(page(None, None, 10).unwrap(), Page { offset: 0, limit: 10 });
        assert_eq!(page(Some(7), Some(100), 10).unwrap(), Page { offset: 7, limit: 100 });
        for limit in [0, 101] {
            assert_eq!(page(None, Some(limit), 10).unwrap_err().code, "InvalidParameterValue.Range");
        }
    }

    #[test]
    fn a_name_is_counted_in_characters() {
        assert!(name("FlowLogName", "流".repeat(60), 60).is_ok());
        assert_eq!(name("FlowLogName", "x".repeat(61), 60).unwrap_err().code, "InvalidParameterValue.Range");
        assert_eq!(name("FlowLogName", " ".into(), 60).unwrap_err().code, "InvalidParameterValue.Empty");
        assert_eq!(cls_name("TopicName", "a|b".into(), 255).unwrap_err().code, "InvalidParameter");
    }
}
