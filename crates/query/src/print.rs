//! Writes a query as text in either syntax; reading it gives an equal query.
//!
//! Hides: where parentheses, quotes and escapes are needed, and what a syntax cannot say.
//! Knows nothing of: how the text was first written.
//!
//! One limit remains: the printed text may be longer than the one that was read (`field:(a OR b)` is written out), and
//! past `QUERY_BYTES_MAX` it is refused like any other.

use std::fmt::{self, Write as _};
use std::ops::Bound;

use crate::phrase::{Phrase, Piece, Wildcard, Word};
use crate::search::{Comparison, Filter, Query, Search, Test, Wanted};
use crate::{NESTING_MAX, Syntax};

impl Query {
    /// The query as text that parses back to an equal query; `None` when the syntax cannot say it.
    ///
    /// CQL has no regular expressions, and Lucene no wildcards inside quotes.
    pub fn written(&self, syntax: Syntax) -> Option<String> {
        let fits = nesting(&self.search, syntax) <= NESTING_MAX;
        (fits && can_say(&self.search, syntax)).then(|| Written { query: self, syntax }.to_string())
    }
}

/// A query on its way to text.
struct Written<'a> {
    query: &'a Query,
    syntax: Syntax,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_search(&self.query.search, self.syntax, f)?;
        self.query.sql.as_ref().map_or(Ok(()), |sql| match sql.wanted {
            Wanted::Rows => write!(f, " | {}", sql.text),
            Wanted::Explanation => write!(f, " | EXPLAIN {}", sql.text),
        })
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Written { query: self, syntax: Syntax::Cql })
    }
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_search(self, Syntax::Cql, f)
    }
}

/// Whether the syntax has words for all of the search.
fn can_say(search: &Search, syntax: Syntax) -> bool {
    let phrase = |phrase: &Phrase| match syntax {
        Syntax::Cql | Syntax::CqlSpaceIsOr => {
            !phrase.words().iter().any(|word| matches!(word, Word::Pattern(_)))
        }
        Syntax::Lucene => match phrase.words() {
            [_] => true,
            words => !words.iter().any(|word| matches!(word, Word::Wildcard(_))),
        },
    };
    match search {
        Search::All => true,
        Search::And(parts) | Search::Or(parts) => parts.iter().all(|part| can_say(part, syntax)),
        Search::Not(inner) => can_say(inner, syntax),
        Search::FullText(words) => phrase(words),
        Search::Filter(filter) => match &filter.test {
            Test::Text(words) => phrase(words),
            Test::AddressPattern(_) => syntax == Syntax::Lucene,
            Test::Exists
            | Test::Empty
            | Test::Compare(..)
            | Test::Range(..)
            | Test::Address(_)
            | Test::Prefix(_)
            | Test::AddressRange(..)
            | Test::AddressWildcard(_) => true,
        },
    }
}

fn write_search(search: &Search, syntax: Syntax, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let joined = |parts: &[Search], between: &str, f: &mut fmt::Formatter<'_>| {
        parts.iter().enumerate().try_for_each(|(place, part)| {
            f.write_str(if place > 0 { between } else { "" })?;
            operand(part, Strength::of(search), syntax, f)
        })
    };
    match search {
        Search::All => f.write_str("*"),
        Search::And(parts) => joined(parts, " AND ", f),
        Search::Or(parts) => joined(parts, " OR ", f),
        Search::Not(inner) => {
            f.write_str("NOT ")?;
            operand(inner, Strength::Not, syntax, f)
        }
        Search::Filter(filter) => write!(f, "{filter}"),
        Search::FullText(phrase) => write!(f, "{phrase}"),
    }
}

fn operand(search: &Search, around: Strength, syntax: Syntax, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let parentheses = Strength::of(search).needs_parentheses(around, syntax);
    f.write_str(if parentheses { "(" } else { "" })?;
    write_search(search, syntax, f)?;
    f.write_str(if parentheses { ")" } else { "" })
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
            Test::AddressPattern(pattern) => write!(f, ":{pattern}"),
        }
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words() {
            [Word::Exact(text)] => word(text, f),
            [Word::Wildcard(wildcard)] => escaped(wildcard, f),
            [Word::Pattern(pattern)] => write!(f, "{pattern}"),
            words => {
                f.write_char('"')?;
                for (place, word) in words.iter().enumerate() {
                    if place > 0
                        && let Some(separator) = self.separator()
                    {
                        in_quotes(&separator.to_string(), f)?;
                    }
                    match word {
                        Word::Exact(text) => in_quotes(text, f)?,
                        Word::Wildcard(wildcard) => pieces(wildcard, f, in_quotes)?,
                        // No text is read as such a phrase; a pattern always stands alone.
                        Word::Pattern(pattern) => write!(f, "{pattern}")?,
                    }
                }
                f.write_char('"')
            }
        }
    }
}

/// How many parentheses are open at once in the printed form.
pub(crate) fn nesting(search: &Search, syntax: Syntax) -> usize {
    let around = Strength::of(search);
    let inside = |part: &Search| {
        nesting(part, syntax) + usize::from(Strength::of(part).needs_parentheses(around, syntax))
    };
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().map(inside).max().unwrap_or(0),
        Search::Not(inner) => inside(inner),
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

    /// Whether this must be put into parentheses inside `around`.
    fn needs_parentheses(self, around: Self, syntax: Syntax) -> bool {
        // Lucene has no precedence: whoever mixes AND and OR says what belongs together.
        let mixed = syntax == Syntax::Lucene && (self, around) == (Self::And, Self::Or);
        self < around || mixed
    }
}

/// A word as it is, or in quotes where it would be read as something else.
fn word(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let operator = ["AND", "OR", "NOT"].iter().any(|operator| text.eq_ignore_ascii_case(operator));
    // Lucene reads a minus at the start as NOT.
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('-') && !operator {
        return f.write_str(text);
    }
    f.write_char('"')?;
    in_quotes(text, f)?;
    f.write_char('"')
}

/// A wildcard without quotes, since quotes know no `?`.
fn escaped(wildcard: &Wildcard, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    pieces(wildcard, f, |text, f| {
        text.chars().enumerate().try_for_each(|(place, c)| {
            let minus_first = place == 0 && c == '-';
            if is_plain(c) && !minus_first { write!(f, "{c}") } else { write!(f, "\\{c}") }
        })
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
