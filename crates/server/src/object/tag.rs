//! Tags, and the conditions that find resources by them.
//!
//! Hides: the published rules for keys and values, and the words of the conditions.
//! Knows nothing of: which resource carries a tag.

use api::Tag;
use store::TagFilter;

use crate::failure::Failure;

/// The most tags of a flow log. Source: the published tag service.
pub(crate) const FLOW_LOG_TAGS_MAX: usize = 50;

/// The most tags of a logset or topic. Source: the published log service.
pub(crate) const CLS_TAGS_MAX: usize = 10;

/// The longest key and the longest value. Unit: characters. Source: the published tag service.
const KEY_CHARS_MAX: usize = 127;
const VALUE_CHARS_MAX: usize = 255;

/// What keys may not start with: the published service keeps it for itself.
const RESERVED_PREFIXES: &[&str] = &["qcs:", "project"];

/// Tags of a request, checked.
pub(crate) fn tags_from(tags: Option<Vec<Tag>>, count_max: usize) -> Result<Vec<store::Tag>, Failure> {
    let tags = tags.unwrap_or_default();
    if tags.len() > count_max {
        let message = format!("{} tags are given: at most {count_max} are accepted", tags.len());
        return Err(Failure::new("LimitExceeded.TagKeyPerResourceExceeded", message));
    }
    for (at, tag) in tags.iter().enumerate() {
        check(tag)?;
        let again = tags.iter().take(at).any(|earlier| earlier.key == tag.key);
        if again {
            let message = format!("the tag key `{}` is given twice", tag.key);
            return Err(Failure::new("InvalidParameterValue.TagDuplicateKey", message));
        }
    }
    Ok(tags.into_iter().map(|Tag { key, value }| store::Tag { key, value }).collect())
}

fn check(tag: &Tag) -> Result<(), Failure> {
    let Tag { key, value } = tag;
    let reserved = RESERVED_PREFIXES.iter().any(|prefix| key.to_lowercase().starts_with(prefix));
    if !(1..=KEY_CHARS_MAX).contains(&key.chars().count()) {
        let message = format!("the tag key `{key}` must have 1 to {KEY_CHARS_MAX} characters");
        return Err(Failure::new("InvalidParameterValue.TagInvalidKeyLen", message));
    }
    if !key.chars().all(allowed) {
        let message =
            format!("the tag key `{key}` may hold letters, digits, spaces and + - = . _ : / @ ( ) [ ]");
        return Err(Failure::new("InvalidParameterValue.TagInvalidKey", message));
    }
    if reserved {
        let message = format!("the tag key `{key}` starts like keys of the system: choose another");
        return Err(Failure::new("UnsupportedOperation.TagSystemReservedTagKey", message));
    }
    if value.chars().count() > VALUE_CHARS_MAX || !value.chars().all(allowed) {
        let message = format!(
            "the value of tag `{key}` may hold up to {VALUE_CHARS_MAX} letters, digits, spaces and + - = . _ : / @ ( ) [ ]"
        );
        return Err(Failure::new("InvalidParameterValue.TagInvalidVal", message));
    }
    Ok(())
}

fn allowed(character: char) -> bool {
    character.is_alphanumeric() || " +-=._:/@()[]（）【】".contains(character)
}

/// Tags as the API shows them.
pub(crate) fn tags_shown(tags: Vec<store::Tag>) -> Vec<Tag> {
    tags.into_iter().map(|store::Tag { key, value }| Tag { key, value }).collect()
}

/// Adds a condition on tags (`tag-key` or `tagKey` by service, `tag:<key>` in both); whether it was one.
pub(crate) fn add_condition(tags: &mut TagFilter, key_word: &str, name: &str, values: &[String]) -> bool {
    if name == key_word {
        tags.keys.push(values.to_vec());
        return true;
    }
    match name.strip_prefix("tag:") {
        Some(key) => {
            tags.values.push((key.to_owned(), values.to_vec()));
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tags: &[(&str, &str)], expected: &str) {
        let tags =
            tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() }).collect();
        let outcome = tags_from(Some(tags), 3).map_or_else(|failure| failure.code, |_| "ok");
        assert_eq!(outcome, expected);
    }

    #[test]
    fn the_rules_of_tags_have_codes_of_their_own() {
        check(&[("owner", "net"), ("empty", "")], "ok");
        check(&[("地域", "广州")], "ok");
        check(&[("", "x")], "InvalidParameterValue.TagInvalidKeyLen");
        check(&[("a|b", "x")], "InvalidParameterValue.TagInvalidKey");
        check(&[("QCS:x", "x")], "UnsupportedOperation.TagSystemReservedTagKey");
        check(&[("a", "x\n")], "InvalidParameterValue.TagInvalidVal");
        check(&[("a", "1"), ("a", "2")], "InvalidParameterValue.TagDuplicateKey");
        check(&[("a", ""), ("b", ""), ("c", ""), ("d", "")], "LimitExceeded.TagKeyPerResourceExceeded");
    }
}
