//! Cuts the text of a search into tokens, one at a time, as the parser asks for them.
//!
//! Hides: white space, quotes, escapes, how operators are spelled in either syntax.
//! Knows nothing of: fields, precedence, what a token means where it stands.

use std::net::Ipv6Addr;
use std::ops::{Bound, Range};

use crate::Syntax;
use crate::error::Fault;
use crate::phrase::{Glyph, Spelled};
use crate::search::Comparison;

/// Reads tokens from any place of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    syntax: Syntax,
}

/// What the parser expects; a colon ends a field name, but belongs to a value such as `2001:db8::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Condition,
    Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    End,
    Pipe,
    Open,
    Close,
    Colon,
    And,
    Or,
    Not,
    Sign(Sign),
    Word(Spelled),
    Quoted(Spelled),
    /// `/…/`, without the slashes.
    Pattern(String),
    /// `[low TO high]`, either bracket replaced by a brace when that end is excluded, `*` where there is no end.
    Range(Bound<String>, Bound<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Compare(Comparison),
    NotEqual,
}

/// Signs, longer ones before those that they start with.
const SIGNS: &[(&str, Sign)] = &[
    (">=", Sign::Compare(Comparison::GreaterOrEqual)),
    ("<=", Sign::Compare(Comparison::LessOrEqual)),
    ("==", Sign::Compare(Comparison::Equal)),
    ("!=", Sign::NotEqual),
    (">", Sign::Compare(Comparison::Greater)),
    ("<", Sign::Compare(Comparison::Less)),
    ("=", Sign::Compare(Comparison::Equal)),
];

/// What Lucene offers beyond this language, by its first character, and what to do instead.
const UNSUPPORTED: &[(char, &str)] = &[
    ('~', "fuzzy search is not accepted: write the word as it is, or use a wildcard such as `eni-*`"),
    ('^', "boosts are not accepted: records are ordered by time"),
    ('+', "`+` is not accepted: write AND between the conditions"),
    ('[', "a range stands after a field and is written `[low TO high]`; escape `[` to search for it"),
    ('{', "a range stands after a field and is written `{low TO high}`; escape `{` to search for it"),
    (']', "`]` ends no range: escape it to search for it"),
    ('}', "`}` ends no range: escape it to search for it"),
];

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, syntax: Syntax) -> Self {
        Self { text, syntax }
    }

    /// The first token at or after byte `at`.
    pub(crate) fn token(self, at: usize, position: Position) -> Result<Token, Fault> {
        let behind = self.rest(at);
        let start = at + (behind.len() - behind.trim_start().len());
        let token = |kind, length| Ok(Token { kind, span: start..start + length });
        let rest = self.rest(start);
        let Some(first) = rest.chars().next() else { return token(TokenKind::End, 0) };

        if let Some((kind, length)) = self.mark(rest, position) {
            return token(kind, length);
        }
        if let Some((kind, length)) = self.range(rest, position) {
            return token(kind, length);
        }
        match first {
            '"' => self.quoted(start, '"'),
            '\'' if self.syntax.is_cql() => self.quoted(start, '\''),
            '/' if self.syntax == Syntax::Lucene => self.pattern(start),
            _ => match self.unsupported(first) {
                Some(message) => Err(Fault::syntax(start..start + first.len_utf8(), message)),
                None => self.word(start, position),
            },
        }
    }

    /// The text from byte `at` on.
    pub(crate) fn rest(self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    /// A token of one or two characters.
    fn mark(self, rest: &str, position: Position) -> Option<(TokenKind, usize)> {
        let lucene = self.syntax == Syntax::Lucene;
        let condition = position == Position::Condition;
        let sign = SIGNS.iter().find(|(text, _)| rest.starts_with(text));
        let mut characters = rest.chars();
        match (characters.next()?, characters.next()) {
            ('(', _) => Some((TokenKind::Open, 1)),
            (')', _) => Some((TokenKind::Close, 1)),
            ('|', Some('|')) if lucene => Some((TokenKind::Or, 2)),
            ('&', Some('&')) if lucene => Some((TokenKind::And, 2)),
            ('|', _) => Some((TokenKind::Pipe, 1)),
            (':', _) if condition => Some((TokenKind::Colon, 1)),
            ('-', Some(next)) if lucene && condition && !next.is_whitespace() => Some((TokenKind::Not, 1)),
            ('!', next) if lucene && next != Some('=') => Some((TokenKind::Not, 1)),
            // In Lucene a comparison needs the colon; `a>b` is a word.
            _ if lucene && condition => None,
            _ => sign.map(|(text, sign)| (TokenKind::Sign(*sign), text.len())),
        }
    }

    /// A range, if `rest` has exactly its shape; otherwise `[` may be part of a word.
    fn range(self, rest: &str, position: Position) -> Option<(TokenKind, usize)> {
        if position == Position::Condition {
            return None;
        }
        let body = rest.strip_prefix(['[', '{'])?;
        let length = body.find([']', '}'])?;
        let mut parts = body.get(..length)?.split_whitespace();
        let (low, to, high) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !self.spells(to, "TO") {
            return None;
        }
        let bound = |text: &str, included: bool| match text {
            "*" => Bound::Unbounded,
            _ if included => Bound::Included(text.to_owned()),
            _ => Bound::Excluded(text.to_owned()),
        };
        let low = bound(low, rest.starts_with('['));
        let high = bound(high, body.get(length..)?.starts_with(']'));
        Some((TokenKind::Range(low, high), length + 2))
    }

    fn unsupported(self, first: char) -> Option<&'static str> {
        let lucene = self.syntax == Syntax::Lucene;
        UNSUPPORTED.iter().find(|(sign, _)| lucene && *sign == first).map(|(_, message)| *message)
    }

    /// A text in quotes. Inside, `\` escapes the quotes, `*` and itself; before anything else it is a character.
    fn quoted(self, start: usize, quote: char) -> Result<Token, Fault> {
        let mut glyphs = Vec::new();
        let mut characters = self.rest(start).char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            let glyph = match character {
                _ if character == quote => {
                    let span = start..start + at + quote.len_utf8();
                    return Ok(Token { kind: TokenKind::Quoted(Spelled(glyphs)), span });
                }
                '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\'' | '*' | '?' | '\\')) {
                    Some((_, escaped)) => Glyph::Char(escaped),
                    None => Glyph::Char('\\'),
                },
                // Lucene knows no wildcards in quotes, CQL only this one.
                '*' if self.syntax.is_cql() => Glyph::AnyRun,
                other => Glyph::Char(other),
            };
            glyphs.push(glyph);
        }
        let message = format!(
            "the quote {quote} is not closed: add {quote} at the end, or write \\{quote} to search for it"
        );
        Err(Fault::syntax(start..start + 1, message))
    }

    /// A regular expression between slashes. Inside, `\/` is a slash; every other escape belongs to the expression.
    fn pattern(self, start: usize) -> Result<Token, Fault> {
        let mut source = String::new();
        let mut characters = self.rest(start).char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '/' => return Ok(Token { kind: TokenKind::Pattern(source), span: start..start + at + 1 }),
                '\\' => match characters.next() {
                    Some((_, '/')) => source.push('/'),
                    Some((_, escaped)) => source.extend(['\\', escaped]),
                    None => break,
                },
                other => source.push(other),
            }
        }
        let message =
            "the regular expression is not closed: add `/` at the end, or write \\/ to search for a slash";
        Err(Fault::syntax(start..start + 1, message))
    }

    /// Characters up to one that cannot be part of a word here; or an operator.
    fn word(self, start: usize, position: Position) -> Result<Token, Fault> {
        let rest = self.rest(start);
        if let Some(length) = bare_address(rest).filter(|_| position == Position::Condition) {
            let address = rest.get(..length).unwrap_or_default();
            let glyphs = address.chars().map(Glyph::Char).collect();
            // As if quoted: its groups are words, and they stand in a row.
            return Ok(Token { kind: TokenKind::Quoted(Spelled(glyphs)), span: start..start + length });
        }
        let mut glyphs = Vec::new();
        let mut length = 0;
        let mut characters = rest.char_indices();
        while let Some((at, character)) = characters.next() {
            if at > 0 && self.ends_word(rest.get(at..).unwrap_or_default(), position) {
                break;
            }
            length = at + character.len_utf8();
            glyphs.push(match character {
                '\\' => {
                    let Some((at, escaped)) = characters.next() else {
                        let message = "nothing follows the backslash: write \\\\ to search for it";
                        return Err(Fault::syntax(start + at..start + length, message));
                    };
                    length = at + escaped.len_utf8();
                    Glyph::Char(escaped)
                }
                '*' => Glyph::AnyRun,
                '?' => Glyph::AnyOne,
                other => Glyph::Char(other),
            });
        }
        let written = rest.get(..length).unwrap_or_default();
        let kind = [("AND", TokenKind::And), ("OR", TokenKind::Or), ("NOT", TokenKind::Not)]
            .into_iter()
            .find(|(operator, _)| self.spells(written, operator))
            .map_or(TokenKind::Word(Spelled(glyphs)), |(_, kind)| kind);
        Ok(Token { kind, span: start..start + length })
    }

    /// Whether `written` is the operator, in any case in CQL.
    fn spells(self, written: &str, operator: &str) -> bool {
        match self.syntax {
            Syntax::Cql | Syntax::CqlSpaceIsOr => written.eq_ignore_ascii_case(operator),
            Syntax::Lucene => written == operator,
        }
    }

    fn ends_word(self, rest: &str, position: Position) -> bool {
        let Some(first) = rest.chars().next() else { return true };
        let always = first.is_whitespace() || matches!(first, '(' | ')' | '"' | '|');
        let in_condition = position == Position::Condition && first == ':';
        always
            || in_condition
            || match self.syntax {
                Syntax::Cql | Syntax::CqlSpaceIsOr => {
                    let sign = matches!(first, '>' | '<' | '=') || rest.starts_with("!=");
                    first == '\'' || (sign && position == Position::Condition)
                }
                Syntax::Lucene => {
                    matches!(first, '[' | ']' | '{' | '}' | '~' | '^') || rest.starts_with("&&")
                }
            }
    }
}

/// The length of an IPv6 address or prefix at the start of `rest`, which would otherwise look like a field and a value.
fn bare_address(rest: &str) -> Option<usize> {
    let length =
        rest.find(|c: char| !(c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '/'))).unwrap_or(rest.len());
    let run = rest.get(..length)?;
    let address = run.split_once('/').map_or(run, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok().then_some(length)
}
