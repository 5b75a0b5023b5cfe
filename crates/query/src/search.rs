//! A checked query: a tree of tests with typed values, and the SQL that follows it.
//!
//! Hides: how trees are kept in one shape (no `AND` directly inside an `AND`, no double negation).
//! Knows nothing of: the text that it came from, how it is carried out.

use std::net::IpAddr;
use std::ops::Bound;

use flow::{FieldKind, Prefix};

use crate::pattern::Pattern;
use crate::phrase::{Phrase, Wildcard};

/// A search expression, optionally followed by SQL.
///
/// Displayed as text in CQL that parses back to an equal query; but see [`Query::written`] for what CQL cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which records.
    pub search: Search,
    /// What to compute from them; `None` asks for the records themselves.
    pub sql: Option<SqlText>,
}

/// The part after the pipe: one statement that starts with `SELECT`, otherwise unchecked; `EXPLAIN` may stand before it.
///
/// Two are equal when their text is, wherever it stood.
#[derive(Clone, Debug, Eq)]
pub struct SqlText {
    /// The statement without surrounding white space.
    pub text: String,
    /// Where it starts in the query. Unit: bytes.
    pub offset: usize,
    /// What is wanted of it.
    pub wanted: Wanted,
}

/// What is wanted of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Its rows.
    #[default]
    Rows,
    /// How it would be carried out: it stands behind `EXPLAIN`.
    Explanation,
}

impl PartialEq for SqlText {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.wanted) == (&other.text, other.wanted)
    }
}

/// Which records are meant.
///
/// Every test is either true or false: a test of a field that a record lacks is false (except [`Test::Empty`]),
/// and so its negation is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// Every record.
    All,
    /// Records that all of these find; two or more.
    And(Vec<Search>),
    /// Records that any of these finds; two or more.
    Or(Vec<Search>),
    /// Records that this does not find.
    Not(Box<Search>),
    /// Records whose field passes a test.
    Filter(Filter),
    /// Records in which some value has the phrase.
    FullText(Phrase),
}

/// A test of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The name of the field.
    pub field: String,
    /// What the field holds; the test fits it.
    pub kind: FieldKind,
    /// What its value must be.
    pub test: Test,
}

/// What the value of a field must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Any kind: there is a value.
    Exists,
    /// Any kind: there is no value, or an empty text.
    Empty,
    /// Text: the value has this phrase, word by word as the field's delimiters cut it.
    Text(Phrase),
    /// Long: the value stands in this relation to the number.
    Compare(Comparison, i64),
    /// Long: the value lies between these; the two include at least one number, and one of them is bounded.
    Range(Bound<i64>, Bound<i64>),
    /// Address: the value is this address.
    Address(IpAddr),
    /// Address: the value has this prefix.
    Prefix(Prefix),
    /// Address: the value lies between these of the same family, both included.
    AddressRange(IpAddr, IpAddr),
    /// Address: the value, written in the shortest form (RFC 5952), looks like this; hexadecimal digits have no case.
    AddressWildcard(Wildcard),
    /// Address: the value, written in the shortest form (RFC 5952), matches this; hexadecimal digits have no case.
    AddressPattern(Pattern),
}

/// How a value relates to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl Comparison {
    /// The sign, for example `>=`.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
            Self::GreaterOrEqual => ">=",
            Self::Greater => ">",
        }
    }
}

impl Search {
    /// What all of `parts` find; everything when there are none.
    pub fn all_of(parts: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All => {}
                Self::And(inner) => flat.extend(inner),
                other @ (Self::Or(_) | Self::Not(_) | Self::Filter(_) | Self::FullText(_)) => {
                    flat.push(other)
                }
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// What any of `parts` finds; nothing when there are none.
    pub fn any_of(parts: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other @ (Self::And(_) | Self::Not(_) | Self::Filter(_) | Self::FullText(_)) => {
                    flat.push(other)
                }
            }
        }
        match flat.len() {
            0 => Self::All.negated(),
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// What this does not find.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other @ (Self::All | Self::And(_) | Self::Or(_) | Self::Filter(_) | Self::FullText(_)) => {
                Self::Not(Box::new(other))
            }
        }
    }
}
