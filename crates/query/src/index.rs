//! Which fields of a topic can be searched, and how their text is cut into words.
//!
//! Hides: how a field is looked up, what the defaults of a flow-log topic are.
//! Knows nothing of: where index settings are kept, the grammar.

use flow::{FIELDS, FieldKind};

/// The internal field with the moment of a record. Unit: milliseconds since the Unix epoch.
pub const TIMESTAMP_FIELD: &str = "__TIMESTAMP__";

/// The characters that separate words when an index does not say otherwise; `.` and `-` are none of them, so that
/// addresses and ids stay whole.
pub const DELIMITERS: &str = "@&?|#()='\",;:<>[]{}/ \n\t\r\\";

/// The fields of a topic that can be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFields {
    /// How words without a field are searched; `None` when they cannot be.
    pub full_text: Option<FullTextIndex>,
    /// Whether `field:value` distinguishes upper and lower case.
    pub case: Case,
    /// The fields, each name once.
    pub fields: Vec<IndexedField>,
}

/// How words without a field are searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTextIndex {
    /// What separates words.
    pub delimiters: Delimiters,
    /// Whether upper and lower case are distinguished.
    pub case: Case,
}

/// A field that can be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedField {
    /// The name in searches, with hyphens.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether SQL may use it (the published `SqlFlag`).
    pub counted: bool,
    /// What separates words in it; matters for text only.
    pub delimiters: Delimiters,
}

/// Whether upper and lower case are distinguished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Case {
    /// `accept` finds `ACCEPT`.
    #[default]
    Insensitive,
    /// `accept` does not find `ACCEPT`.
    Sensitive,
}

/// Where text is cut into words. Without delimiters, and without Chinese, a value is one word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delimiters {
    characters: String,
    chinese: bool,
}

impl IndexedFields {
    /// Every field of a record and [`TIMESTAMP_FIELD`], all searchable and countable, with full-text search.
    pub fn all() -> Self {
        let timestamp = IndexedField::whole(TIMESTAMP_FIELD, FieldKind::Long);
        let fields = FIELDS.iter().map(|field| match field.name {
            // Rules are sentences of an administrator; everything else is an id or a word.
            "reject-rule" => IndexedField {
                delimiters: Delimiters::new(DELIMITERS),
                ..IndexedField::whole(field.name, field.kind)
            },
            name => IndexedField::whole(name, field.kind),
        });
        Self {
            full_text: Some(FullTextIndex {
                delimiters: Delimiters::new(DELIMITERS),
                case: Case::Insensitive,
            }),
            case: Case::Insensitive,
            fields: fields.chain([timestamp]).collect(),
        }
    }

    /// The searchable field of that name.
    pub fn field(&self, name: &str) -> Option<&IndexedField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The same, if it can be counted.
    pub fn counted(&self, name: &str) -> Option<&IndexedField> {
        self.field(name).filter(|field| field.counted)
    }
}

impl IndexedField {
    /// A countable field whose values are one word each.
    pub fn whole(name: &str, kind: FieldKind) -> Self {
        Self { name: name.to_owned(), kind, counted: true, delimiters: Delimiters::default() }
    }
}

impl Delimiters {
    /// The characters of `characters`; none of them means that a value is one word.
    pub fn new(characters: &str) -> Self {
        Self { characters: characters.to_owned(), chinese: false }
    }

    /// The same; when `chinese`, each Chinese character is also a word of its own (the published `ContainZH`).
    pub fn with_chinese(self, chinese: bool) -> Self {
        Self { chinese, ..self }
    }

    /// Whether `character` separates words.
    pub fn separate(&self, character: char) -> bool {
        self.characters.contains(character)
    }

    /// Whether a word ends between two characters that stand side by side.
    pub(crate) fn part(&self, before: char, behind: char) -> bool {
        self.chinese && (is_chinese(before) || is_chinese(behind))
    }

    /// The words of `text`, in order.
    pub fn words<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|character| self.separate(character));
            let first = rest.chars().next()?;
            let mut before = first;
            let end = rest.char_indices().skip(1).find(|(_, character)| {
                let ends = self.separate(*character) || self.part(before, *character);
                before = *character;
                ends
            });
            let (word, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
            rest = behind;
            Some(word)
        })
    }
}

/// Whether the character is one of Chinese writing: the unified ideographs, with their extensions.
///
/// Source: the Unicode Standard, blocks 3400–4DBF, 4E00–9FFF, F900–FAFF, and planes 2 and 3.
fn is_chinese(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(delimiters: &Delimiters, text: &str, expected: &[&str]) {
        assert_eq!(delimiters.words(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn text_is_cut_at_delimiters() {
        check(&Delimiters::new(" /"), " drop/all  10.0.0.1/", &["drop", "all", "10.0.0.1"]);
        check(&Delimiters::new(" /"), "", &[]);
        check(&Delimiters::new(""), "drop all", &["drop all"]);
        check(&Delimiters::new(" "), "拒绝 全部", &["拒绝", "全部"]);
    }

    #[test]
    fn chinese_characters_are_words_when_the_index_says_so() {
        let delimiters = Delimiters::new(" ").with_chinese(true);
        check(&delimiters, "拒绝all全 部", &["拒", "绝", "all", "全", "部"]);
        check(&Delimiters::new("").with_chinese(true), "a b全", &["a b", "全"]);
    }
}
