//! Index settings in their three forms: the API's rule, the catalog's settings, the query language's fields.
//!
//! Hides: the published rules for keys, and what a flow record's own field makes of an index type.
//! Knows nothing of: how a search is carried out.

use api::{FullTextRule, IndexRule, KeyRule, KeyValueRule, ValueRule};
use flow::FieldKind;
use query::{Case, Delimiters, FullTextIndex, IndexedField, IndexedFields, TIMESTAMP_FIELD};
use store::{FullText, IndexKey, IndexKeyKind, IndexSettings};

use crate::failure::Failure;

/// The most keys of an index. Source: the published log service.
const KEYS_MAX: usize = 300;

/// The index that a topic gets when nobody chose one: every field can be searched and counted.
pub(crate) fn default_settings() -> IndexSettings {
    let all = IndexedFields::all();
    let keys = all.fields.iter().filter(|field| field.name != TIMESTAMP_FIELD).map(|field| IndexKey {
        name: field.name.clone(),
        kind: match field.kind {
            FieldKind::Long => IndexKeyKind::Long,
            FieldKind::Text | FieldKind::Address => IndexKeyKind::Text,
        },
        tokenizer: tokenizer_of(&field.delimiters),
        sql_flag: field.counted,
        contain_zh: false,
        alias: String::new(),
    });
    IndexSettings {
        full_text: all.full_text.as_ref().map(|full_text| FullText {
            case_sensitive: full_text.case == Case::Sensitive,
            tokenizer: tokenizer_of(&full_text.delimiters),
            contain_zh: false,
        }),
        key_value: true,
        keys_case_sensitive: all.case == Case::Sensitive,
        keys: keys.collect(),
        include_internal_fields: true,
        metadata_flag: 0,
    }
}

/// What the query language may search under `settings`.
pub(crate) fn indexed_fields(settings: &IndexSettings) -> IndexedFields {
    let full_text = settings.full_text.as_ref().map(|full_text| FullTextIndex {
        delimiters: Delimiters::new(&full_text.tokenizer).with_chinese(full_text.contain_zh),
        case: case_of(full_text.case_sensitive),
    });
    let keys: &[IndexKey] = if settings.key_value { &settings.keys } else { &[] };
    // A field holds what the record's own table says; `text` for a number is a spelling that clients use.
    let mut fields: Vec<IndexedField> = keys
        .iter()
        .filter_map(|key| {
            let field = flow::field(&key.name)?;
            Some(IndexedField {
                name: key.name.clone(),
                kind: field.kind,
                counted: key.sql_flag,
                delimiters: Delimiters::new(&key.tokenizer).with_chinese(key.contain_zh),
            })
        })
        .collect();
    // Statistics on any field switch them on for the moment of a record. Source: the published log service.
    if fields.iter().any(|field| field.counted) {
        fields.push(IndexedField::whole(TIMESTAMP_FIELD, FieldKind::Long));
    }
    IndexedFields { full_text, case: case_of(settings.keys_case_sensitive), fields }
}

/// The settings that a rule of the API asks for.
pub(crate) fn settings_from(rule: IndexRule) -> Result<IndexSettings, Failure> {
    if rule.full_text.is_none() && rule.key_value.is_none() && rule.tag.is_none() {
        let message = "the rule is empty: give at least one of FullText and KeyValue";
        return Err(Failure::new("InvalidParameter", message));
    }
    let full_text = rule.full_text.map(full_text_from).transpose()?;
    let key_value = rule.key_value.is_some();
    let KeyValueRule { case_sensitive, key_values } = rule.key_value.unwrap_or_default();
    if key_values.len() > KEYS_MAX {
        let message = format!("the index has {} keys: at most {KEYS_MAX} are accepted", key_values.len());
        return Err(Failure::new("LimitExceeded.IndexKeyOverLimit", message));
    }
    let mut keys: Vec<IndexKey> = Vec::with_capacity(key_values.len());
    for rule in key_values {
        let key = key_from(rule)?;
        if keys.iter().any(|earlier| earlier.name == key.name) {
            let message = format!("the index names the key `{}` twice", key.name);
            return Err(Failure::new("InvalidParameter", message));
        }
        keys.push(key);
    }
    Ok(IndexSettings {
        full_text,
        key_value,
        keys_case_sensitive: case_sensitive,
        keys,
        include_internal_fields: false,
        metadata_flag: 0,
    })
}

/// Which metadata fields belong to the full text: 0, 1 or 2, as published.
pub(crate) fn metadata_flag(flag: u32) -> Result<u8, Failure> {
    u8::try_from(flag).ok().filter(|flag| *flag <= 2).ok_or_else(|| {
        Failure::new("InvalidParameter", format!("MetadataFlag is {flag}: 0, 1 and 2 are accepted"))
    })
}

fn full_text_from(rule: FullTextRule) -> Result<FullText, Failure> {
    check_tokenizer("the full text", &rule.tokenizer)?;
    Ok(FullText {
        case_sensitive: rule.case_sensitive,
        tokenizer: rule.tokenizer,
        contain_zh: rule.contain_zh,
    })
}

fn key_from(rule: KeyRule) -> Result<IndexKey, Failure> {
    let KeyRule { key, value } = rule;
    let wrong = |message: String| Failure::new("InvalidParameter", message);
    let field = flow::field(&key).ok_or_else(|| {
        wrong(format!(
            "records have no field `{key}`: the operation DescribeFields lists those that can be indexed"
        ))
    })?;
    let kind = match value.r#type.as_str() {
        "text" => IndexKeyKind::Text,
        "long" => IndexKeyKind::Long,
        other => {
            return Err(wrong(format!("`{other}` is no index type for `{key}`: expected `text` or `long`")));
        }
    };
    if kind == IndexKeyKind::Long && field.kind != FieldKind::Long {
        return Err(wrong(format!("the field `{key}` holds no numbers: index it as `text`")));
    }
    if kind == IndexKeyKind::Long && (!value.tokenizer.is_empty() || value.contain_zh) {
        let message = format!("the field `{key}` is a number: Tokenizer must be empty and ContainZH false");
        return Err(wrong(message));
    }
    check_tokenizer(&key, &value.tokenizer)?;
    let ValueRule { tokenizer, sql_flag, contain_zh, alias, .. } = value;
    Ok(IndexKey { name: key, kind, tokenizer, sql_flag, contain_zh, alias })
}

/// Delimiters are ASCII symbols and white space, as published.
fn check_tokenizer(of: &str, tokenizer: &str) -> Result<(), Failure> {
    let wrong = tokenizer.chars().find(|c| !(c.is_ascii_punctuation() || " \n\t\r".contains(*c)));
    match wrong {
        None => Ok(()),
        Some(character) => {
            let message = format!(
                "the tokenizer of {of} holds `{character}`: only ASCII symbols, space, tab and line ends separate words"
            );
            Err(Failure::new("InvalidParameter", message))
        }
    }
}

/// The rule that the API shows for `settings`.
pub(crate) fn rule_shown(settings: IndexSettings) -> IndexRule {
    let key_values = settings.keys.into_iter().map(|key| KeyRule {
        key: key.name,
        value: ValueRule {
            r#type: match key.kind {
                IndexKeyKind::Text => "text",
                IndexKeyKind::Long => "long",
                IndexKeyKind::Double => "double",
            }
            .to_owned(),
            tokenizer: key.tokenizer,
            sql_flag: key.sql_flag,
            contain_zh: key.contain_zh,
            alias: key.alias,
        },
    });
    let key_value =
        KeyValueRule { case_sensitive: settings.keys_case_sensitive, key_values: key_values.collect() };
    IndexRule {
        full_text: settings.full_text.map(|full_text| FullTextRule {
            case_sensitive: full_text.case_sensitive,
            tokenizer: full_text.tokenizer,
            contain_zh: full_text.contain_zh,
        }),
        key_value: settings.key_value.then_some(key_value),
        tag: None,
    }
}

fn case_of(sensitive: bool) -> Case {
    if sensitive { Case::Sensitive } else { Case::Insensitive }
}

/// The delimiters as text: those of all ASCII characters that separate.
fn tokenizer_of(delimiters: &Delimiters) -> String {
    (0..=0x7f).map(char::from).filter(|character| delimiters.separate(*character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_index_searches_every_field() {
        let fields = indexed_fields(&default_settings());
        let all = IndexedFields::all();
        let names = |fields: &IndexedFields| {
            fields
                .fields
                .iter()
                .map(|field| (field.name.clone(), field.kind, field.counted))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&fields), names(&all));
        assert!(fields.full_text.is_some());
    }

    #[test]
    fn a_rule_reads_back_as_it_was_written() {
        let rule = rule_shown(default_settings());
        assert_eq!(rule_shown(settings_from(rule.clone()).unwrap()), rule);
    }

    #[track_caller]
    fn check(key: &str, r#type: &str, tokenizer: &str, expected: &str) {
        let value = ValueRule { r#type: r#type.into(), tokenizer: tokenizer.into(), ..ValueRule::default() };
        let outcome = key_from(KeyRule { key: key.into(), value })
            .map_or_else(|failure| failure.message, |_| "ok".into());
        assert!(outcome.contains(expected), "{outcome}");
    }

    #[test]
    fn a_key_must_be_a_field_and_fit_it() {
        check("dstport", "long", "", "ok");
        check("dstport", "text", "", "ok");
        check("dstport", "long", "/", "is a number");
        check("srcaddr", "long", "", "holds no numbers");
        check("dst_port", "long", "", "no field `dst_port`");
        check("bytes", "double", "", "no index type");
        check("action", "text", "é", "only ASCII symbols");
    }
}
