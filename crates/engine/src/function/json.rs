//! `json_extract` and its like: parts of texts that are JSON.
//!
//! Hides: how a path is read. A text that is no JSON, and a path that leads nowhere, make NULL.
//! Knows nothing of: columns.

use serde_json::Value;

use super::row::{Given, Kind, Made, RowFunction, misfit};

pub(super) const FUNCTIONS: &[RowFunction] = &[
    RowFunction {
        name: "json_extract",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Text,
        of_row: json_extract,
    },
    RowFunction {
        name: "json_extract_scalar",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Text,
        of_row: json_extract_scalar,
    },
    RowFunction {
        name: "json_size",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Long,
        of_row: json_size,
    },
    RowFunction {
        name: "json_array_length",
        takes: &[&[Kind::Text]],
        gives: Kind::Long,
        of_row: json_array_length,
    },
    RowFunction {
        name: "json_array_get",
        takes: &[&[Kind::Text, Kind::Long]],
        gives: Kind::Text,
        of_row: json_array_get,
    },
    RowFunction {
        name: "json_array_contains",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Boolean,
        of_row: json_array_contains,
    },
    RowFunction { name: "json_parse", takes: &[&[Kind::Text]], gives: Kind::Text, of_row: json_format },
    RowFunction { name: "json_format", takes: &[&[Kind::Text]], gives: Kind::Text, of_row: json_format },
];

fn json_extract(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(path)] = given else { return Err(misfit()) };
    Ok(at_path(text, path)?.map(|part| Made::Text(part.to_string())))
}

fn json_extract_scalar(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(path)] = given else { return Err(misfit()) };
    Ok(at_path(text, path)?.as_ref().and_then(scalar).map(Made::Text))
}

fn json_size(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(path)] = given else { return Err(misfit()) };
    let size = at_path(text, path)?.map(|part| match part {
        Value::Array(elements) => elements.len(),
        Value::Object(members) => members.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    });
    Ok(size.and_then(|size| i64::try_from(size).ok()).map(Made::Long))
}

fn json_array_length(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    Ok(array(text).and_then(|elements| i64::try_from(elements.len()).ok()).map(Made::Long))
}

fn json_array_get(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Long(place)] = given else { return Err(misfit()) };
    let element = array(text).and_then(|elements| {
        let from_end = usize::try_from(place.unsigned_abs()).ok()?;
        let place = if *place < 0 { elements.len().checked_sub(from_end)? } else { from_end };
        elements.into_iter().nth(place)
    });
    Ok(element.map(|element| Made::Text(element.to_string())))
}

fn json_array_contains(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Text(wanted)] = given else { return Err(misfit()) };
    let has = |elements: Vec<Value>| elements.iter().filter_map(scalar).any(|element| element == *wanted);
    Ok(array(text).map(|elements| Made::Boolean(has(elements))))
}

fn json_format(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    Ok(serde_json::from_str::<Value>(text).ok().map(|value| Made::Text(value.to_string())))
}

fn array(text: &str) -> Option<Vec<Value>> {
    serde_json::from_str(text).ok()
}

/// A value that has no parts, as text without quotes.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What stands at a path such as `$.rules[0].name` or `$["a name"]`.
fn at_path(text: &str, path: &str) -> Result<Option<Value>, String> {
    let pointer =
        pointer(path).ok_or_else(|| format!("`{path}` is no path: write for example `$.rules[0].name`"))?;
    Ok(serde_json::from_str::<Value>(text).ok().and_then(|value| value.pointer(&pointer).cloned()))
}

/// The path as a JSON pointer (RFC 6901).
fn pointer(path: &str) -> Option<String> {
    let mut rest = path.strip_prefix('$')?;
    let mut pointer = String::new();
    while !rest.is_empty() {
        let (name, behind) = if let Some(member) = rest.strip_prefix('.') {
            let end = member.find(['.', '[']).unwrap_or(member.len());
            member.split_at(end)
        } else if let Some(quoted) = rest.strip_prefix("[\"") {
            quoted.split_once("\"]")?
        } else {
            let (number, behind) = rest.strip_prefix('[')?.split_once(']')?;
            number.parse::<u32>().ok()?;
            (number, behind)
        };
        if name.is_empty() {
            return None;
        }
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        rest = behind;
    }
    Some(pointer)
}
