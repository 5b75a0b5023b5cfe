//! Writes a query as text in CQL; reading it gives an equal query.
//!
//! Hides: where parentheses, quotes and escapes are needed.
//! Knows nothing of: how the text was first written.
//!
//! One limit remains: the printed text may be longer than the one that was read (`field:(a OR b)` is written out), and
//! past `QUERY_BYTES_MAX` it is refused like any other.

use std::fmt::{self, Write as _};
use std::ops::Bound;

use crate::phrase::{Phrase, Piece, Wildcard, Word};
use crate::search::{Comparison, Filter, Query, Search, Test};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.search)?;
        self.sql.as_ref().map_or(Ok(()), |sql| write!(f, " | {}", sql.text))
    }
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::And(parts) => joined(parts, " AND ", Strength::And, f),
            Self::Or(parts) => joined(parts, " OR ", Strength::Or, f),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                operand(inner, Strength::Not, f)
            }
            Self::Filter(filter) => write!(f, "{filter}"),
            Self::FullText(phrase) => write!(f, "{phrase}"),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        word(&self.field, f)?;
        match &self.test {
            Test::Exists => f.write_str(":*"),
            Test::Empty => f.write_str(":\"\""),
            Test::Text(phrase) => write!(f, ":{phrase}"),
            Test::Compare(Comparison::Equal, number) => write!(f, ":{number}"),
            Test::Compare(comparison, number) => write!(f, ":{}{number}", comparison.sign()),
            Test::Range(low, high) => {
                let (open, low) = match low {
                    Bound::Included(number) => ('[', number.to_string()),
                    Bound::Excluded(number) => ('{', number.to_string()),
                    Bound::Unbounded => ('[', "*".to_owned()),
                };
                let (high, close) = match high {
                    Bound::Included(number) => (number.to_string(), ']'),
                    Bound::Excluded(number) => (number.to_string(), '}'),
                    Bound::Unbounded => ("*".to_owned(), ']'),
                };
                write!(f, ":{open}{low} TO {high}{close}")
            }
            Test::Address(address) => write!(f, ":{address}"),
            Test::Prefix(prefix) => write!(f, ":{prefix}"),
            Test::AddressRange(first, last) => write!(f, ":[{first} TO {last}]"),
            Test::AddressWildcard(wildcard) => {
                f.write_char(':')?;
                escaped(wildcard, f)
            }
        }
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words() {
            [Word::Exact(text)] => word(text, f),
            [Word::Wildcard(wildcard)] => escaped(wildcard, f),
            words => {
                f.write_char('"')?;
                for (place, word) in words.iter().enumerate() {
                    if place > 0 {
                        in_quotes(&self.separator().to_string(), f)?;
                    }
                    match word {
                        Word::Exact(text) => in_quotes(text, f)?,
                        Word::Wildcard(wildcard) => pieces(wildcard, f, in_quotes)?,
                    }
                }
                f.write_char('"')
            }
        }
    }
}

/// How many parentheses are open at once in the printed form.
pub(crate) fn nesting(search: &Search) -> usize {
    let inside = |search: &Search, around| nesting(search) + usize::from(Strength::of(search) < around);
    match search {
        Search::And(parts) => parts.iter().map(|part| inside(part, Strength::And)).max().unwrap_or(0),
        Search::Or(parts) => parts.iter().map(|part| inside(part, Strength::Or)).max().unwrap_or(0),
        Search::Not(inner) => inside(inner, Strength::Not),
        Search::All | Search::Filter(_) | Search::FullText(_) => 0,
    }
}

/// How tightly an operator binds, the loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Not,
    Condition,
}

impl Strength {
    fn of(search: &Search) -> Self {
        match search {
            Search::Or(_) => Self::Or,
            Search::And(_) => Self::And,
            Search::Not(_) => Self::Not,
            Search::All | Search::Filter(_) | Search::FullText(_) => Self::Condition,
        }
    }
}

fn joined(parts: &[Search], between: &str, around: Strength, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    parts.iter().enumerate().try_for_each(|(place, part)| {
        if place > 0 {
            f.write_str(between)?;
        }
        operand(part, around, f)
    })
}

fn operand(search: &Search, around: Strength, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if Strength::of(search) < around { write!(f, "({search})") } else { write!(f, "{search}") }
}

/// A word as it is, or in quotes where it would be read as something else.
fn word(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let operator = ["AND", "OR", "NOT"].iter().any(|operator| text.eq_ignore_ascii_case(operator));
    if !text.is_empty() && text.chars().all(is_plain) && !operator {
        return f.write_str(text);
    }
    f.write_char('"')?;
    in_quotes(text, f)?;
    f.write_char('"')
}

/// A wildcard without quotes, since quotes know no `?`.
fn escaped(wildcard: &Wildcard, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    pieces(wildcard, f, |text, f| {
        text.chars().try_for_each(|c| if is_plain(c) { write!(f, "{c}") } else { write!(f, "\\{c}") })
    })
}

fn pieces(
    wildcard: &Wildcard,
    f: &mut fmt::Formatter<'_>,
    literal: impl Fn(&str, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    wildcard.pieces().iter().try_for_each(|piece| match piece {
        Piece::Literal(text) => literal(text, f),
        Piece::AnyRun => f.write_char('*'),
        Piece::AnyOne => f.write_char('?'),
    })
}

fn in_quotes(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars()
        .try_for_each(|c| if matches!(c, '"' | '*' | '\\') { write!(f, "\\{c}") } else { write!(f, "{c}") })
}

/// Characters that mean themselves anywhere in a word.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}
