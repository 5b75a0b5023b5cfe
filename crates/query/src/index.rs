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

/// The characters that separate words; without any, a value is one word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delimiters(String);

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
        Self(characters.to_owned())
    }

    /// Whether `character` separates words.
    pub fn separate(&self, character: char) -> bool {
        self.0.contains(character)
    }

    /// The words of `text`, in order.
    pub fn words<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        text.split(|character| self.separate(character)).filter(|word| !word.is_empty())
    }
}
