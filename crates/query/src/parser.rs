//! Reads the search part of a query by recursive descent.
//!
//! Hides: precedence, what a space means, parentheses, which form a condition has.
//! Knows nothing of: how tokens are spelled, how a value of a field is read, SQL.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "at each place few tokens are right, and any other is a mistake"
)]

use std::net::Ipv4Addr;
use std::ops::Range;

use crate::error::Fault;
use crate::filter::{Condition, Form, address, address_order, number, pattern, presence, range, text};
use crate::index::{IndexedField, IndexedFields};
use crate::lexer::{Lexer, Position, Sign, Token, TokenKind};
use crate::phrase::Spelled;
use crate::search::{Comparison, Search};
use crate::{CONDITIONS_MAX, NESTING_MAX, PATTERNS_MAX, Syntax, print, spelling};

/// The forms of a condition; the first that knows the value reads it.
const FORMS: &[Form] = &[
    presence::read,
    range::read,
    pattern::read,
    address_order::read,
    address::read,
    number::read,
    text::read,
];

/// The published name that Lucene asks presence with, as in `_exists_:srcaddr`.
const EXISTS: &str = "_exists_";

/// Reads one search from the start of a text.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    syntax: Syntax,
    index: &'a IndexedFields,
    at: usize,
    open: usize,
    conditions: usize,
    patterns: usize,
}

/// What stands between two conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    And,
    Or,
}

/// The field whose values are listed in parentheses, as in `dstport:(80 OR 443)`.
type Within<'a> = Option<&'a IndexedField>;

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, syntax: Syntax, index: &'a IndexedFields) -> Self {
        Self {
            text,
            lexer: Lexer::new(text, syntax),
            syntax,
            index,
            at: 0,
            open: 0,
            conditions: 0,
            patterns: 0,
        }
    }

    /// The search, and where the pipe before the SQL stands.
    pub(crate) fn search(mut self) -> Result<(Search, Option<usize>), Fault> {
        let search = match self.peek(None)?.kind {
            TokenKind::End | TokenKind::Pipe => Search::All,
            _ => self.group(None)?,
        };
        // A value of several words, and what NOT stands before, needs parentheses when it is written out.
        if print::nesting(&search, self.syntax) > NESTING_MAX {
            return Err(too_deep(0..self.text.len()));
        }
        let end = self.peek(None)?;
        match end.kind {
            TokenKind::Pipe => Ok((search, Some(end.span.start))),
            TokenKind::Close => {
                Err(Fault::syntax(end.span, "`)` closes nothing: remove it, or write `(` before it"))
            }
            _ => Ok((search, None)),
        }
    }

    /// Conditions up to the end, the pipe or a closing parenthesis.
    fn group(&mut self, within: Within<'a>) -> Result<Search, Fault> {
        let mut items = vec![self.item(within)?];
        let mut joints = Vec::new();
        loop {
            let next = self.peek(within)?;
            let joint = match next.kind {
                TokenKind::End | TokenKind::Pipe | TokenKind::Close => break,
                TokenKind::And => self.pass(&next, Joint::And),
                TokenKind::Or => self.pass(&next, Joint::Or),
                // `a NOT b` is `a AND NOT b` in either syntax, as published.
                TokenKind::Not => Joint::And,
                _ => match self.syntax {
                    Syntax::Cql => Joint::And,
                    Syntax::CqlSpaceIsOr | Syntax::Lucene => Joint::Or,
                },
            };
            joints.push((joint, next.span));
            items.push(self.item(within)?);
        }
        match self.syntax {
            Syntax::Cql | Syntax::CqlSpaceIsOr => Ok(joined_by_precedence(items, &joints)),
            Syntax::Lucene => joined_alike(items, &joints),
        }
    }

    /// One condition with the `NOT`s before it.
    fn item(&mut self, within: Within<'a>) -> Result<Search, Fault> {
        let mut negated = false;
        loop {
            let token = self.peek(within)?;
            if token.kind != TokenKind::Not {
                let operand = self.operand(token, within)?;
                return Ok(if negated { operand.negated() } else { operand });
            }
            self.at = token.span.end;
            negated = !negated;
        }
    }

    fn operand(&mut self, token: Token, within: Within<'a>) -> Result<Search, Fault> {
        match (&token.kind, within) {
            (TokenKind::Open, _) => self.parentheses(token.span, within),
            (TokenKind::Word(_) | TokenKind::Quoted(_), None) => self.condition(token),
            (
                TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Pattern(_) | TokenKind::Range(..),
                Some(field),
            ) => self.value(field, None, &token),
            (TokenKind::Pattern(_), None) => self.full_text(&token),
            (TokenKind::Sign(sign), Some(field)) => {
                self.at = token.span.end;
                self.compared(field, *sign)
            }
            (TokenKind::Sign(_) | TokenKind::Colon, None) => {
                let sign = self.written(&token);
                let message =
                    format!("a field is missing before `{sign}`: write for example `bytes{sign}1000`");
                Err(Fault::syntax(token.span, message))
            }
            _ => {
                let message = match self.written(&token) {
                    "" => "a condition is missing at the end".to_owned(),
                    mark => format!("a condition is missing before `{mark}`"),
                };
                Err(Fault::syntax(token.span, message))
            }
        }
    }

    fn parentheses(&mut self, open: Range<usize>, within: Within<'a>) -> Result<Search, Fault> {
        if self.open == NESTING_MAX {
            return Err(too_deep(open));
        }
        self.open += 1;
        self.at = open.end;
        let first = self.peek(within)?;
        if first.kind == TokenKind::Close {
            return Err(Fault::syntax(open.start..first.span.end, "nothing stands between the parentheses"));
        }
        let search = self.group(within)?;
        let close = self.peek(within)?;
        if close.kind != TokenKind::Close {
            return Err(Fault::syntax(open, "`(` is not closed: add `)`, or write \\( to search for it"));
        }
        self.at = close.span.end;
        self.open -= 1;
        Ok(search)
    }

    /// A word, with the value after it if it names a field.
    fn condition(&mut self, token: Token) -> Result<Search, Fault> {
        let next = self.lexer.token(token.span.end, Position::Condition)?;
        match next.kind {
            TokenKind::Colon if self.written(&token) == EXISTS => {
                self.at = next.span.end;
                let named = self.peek(None)?;
                let field = self.field(&named)?;
                self.at = named.span.end;
                let star = Token { kind: TokenKind::Word(Spelled::star()), span: named.span };
                self.value(field, None, &star)
            }
            TokenKind::Colon => {
                let field = self.field(&token)?;
                self.at = next.span.end;
                self.after_colon(field)
            }
            TokenKind::Sign(sign) => {
                let field = self.field(&token)?;
                self.at = next.span.end;
                self.compared(field, sign)
            }
            _ => self.full_text(&token),
        }
    }

    fn after_colon(&mut self, field: &'a IndexedField) -> Result<Search, Fault> {
        let token = self.peek(Some(field))?;
        match token.kind {
            TokenKind::Open => self.parentheses(token.span, Some(field)),
            TokenKind::Sign(sign) => {
                self.at = token.span.end;
                self.compared(field, sign)
            }
            _ => self.value(field, None, &token),
        }
    }

    fn compared(&mut self, field: &'a IndexedField, sign: Sign) -> Result<Search, Fault> {
        let token = self.peek(Some(field))?;
        match sign {
            Sign::Compare(comparison) => self.value(field, Some(comparison), &token),
            Sign::NotEqual => Ok(self.value(field, Some(Comparison::Equal), &token)?.negated()),
        }
    }

    fn value(
        &mut self,
        field: &IndexedField,
        comparison: Option<Comparison>,
        token: &Token,
    ) -> Result<Search, Fault> {
        let is_value = matches!(
            token.kind,
            TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Pattern(_) | TokenKind::Range(..)
        );
        if is_value {
            self.patterned(token)?;
            let condition = Condition { field, comparison, value: &token.kind, syntax: self.syntax };
            for form in FORMS {
                if let Some(search) = form(&condition).map_err(|fault| at(fault, token))? {
                    return self.counted(search, token);
                }
            }
        }
        let name = &field.name;
        let message = match self.written(token) {
            "" => format!("a value is missing after field `{name}`: write for example `{name}:*`"),
            mark => {
                format!("a value is missing after field `{name}`: to search for `{mark}`, put it in quotes")
            }
        };
        Err(Fault::syntax(token.span.clone(), message))
    }

    fn full_text(&mut self, token: &Token) -> Result<Search, Fault> {
        if matches!(&token.kind, TokenKind::Word(word) if word.is_star()) {
            return self.counted(Search::All, token);
        }
        let Some(full_text) = &self.index.full_text else {
            let message = "Cannot search on full text since it is not indexed: write `field:value`";
            return Err(Fault::illegal(token.span.clone(), message));
        };
        self.patterned(token)?;
        let search = match &token.kind {
            TokenKind::Pattern(source) => pattern::full_text(source),
            value => text::full_text(value, &full_text.delimiters, self.syntax),
        };
        self.counted(search.map_err(|fault| at(fault, token))?, token)
    }

    /// Counts the regular expression that `token` may be, before it is compiled.
    fn patterned(&mut self, token: &Token) -> Result<(), Fault> {
        self.patterns += usize::from(matches!(token.kind, TokenKind::Pattern(_)));
        if self.patterns <= PATTERNS_MAX {
            return Ok(());
        }
        let message = format!(
            "the search has more than {PATTERNS_MAX} regular expressions: join some with `|`, or use wildcards"
        );
        Err(Fault::syntax(token.span.clone(), message))
    }

    /// The search that `token` became, if there is room for it.
    fn counted(&mut self, search: Search, token: &Token) -> Result<Search, Fault> {
        self.conditions += match &search {
            Search::And(parts) | Search::Or(parts) => parts.len(),
            Search::All | Search::Not(_) | Search::Filter(_) | Search::FullText(_) => 1,
        };
        if self.conditions > CONDITIONS_MAX {
            let message = format!(
                "the search has more than {CONDITIONS_MAX} conditions: use a prefix, a range or a wildcard for some"
            );
            return Err(Fault::syntax(token.span.clone(), message));
        }
        self.at = token.span.end;
        Ok(search)
    }

    fn field(&self, token: &Token) -> Result<&'a IndexedField, Fault> {
        let name = match &token.kind {
            TokenKind::Word(name) | TokenKind::Quoted(name) => name.literal(),
            _ => None,
        };
        let Some(name) = name else {
            let message = "the name of a field is missing here; it is written out, without wildcards";
            return Err(Fault::syntax(token.span.clone(), message));
        };
        self.index.field(&name).ok_or_else(|| {
            let mut message = format!("Cannot search on field [{name}] since it is not indexed");
            if name.parse::<Ipv4Addr>().is_ok() {
                message.push_str(
                    ": an address and a port are two conditions, as in `dstaddr:10.0.0.1 AND dstport:443`",
                );
            }
            let names = self.index.fields.iter().map(|field| field.name.as_str());
            let suggestion = spelling::nearest(&name, names).map(str::to_owned);
            Fault { suggestion, ..Fault::illegal(token.span.clone(), message) }
        })
    }

    fn peek(&self, within: Within<'_>) -> Result<Token, Fault> {
        let position = if within.is_some() { Position::Value } else { Position::Condition };
        self.lexer.token(self.at, position)
    }

    /// Steps over an operator.
    fn pass(&mut self, token: &Token, joint: Joint) -> Joint {
        self.at = token.span.end;
        joint
    }

    fn written(&self, token: &Token) -> &'a str {
        self.text.get(token.span.clone()).unwrap_or_default()
    }
}

/// `AND` before `OR`.
fn joined_by_precedence(items: Vec<Search>, joints: &[(Joint, Range<usize>)]) -> Search {
    let mut alternatives = Vec::new();
    let mut together = Vec::new();
    let mut joints = joints.iter();
    for item in items {
        together.push(item);
        if joints.next().is_none_or(|(joint, _)| *joint == Joint::Or) {
            alternatives.push(Search::all_of(std::mem::take(&mut together)));
        }
    }
    Search::any_of(alternatives)
}

/// One operator for all; where both stand, only parentheses say what is meant.
fn joined_alike(items: Vec<Search>, joints: &[(Joint, Range<usize>)]) -> Result<Search, Fault> {
    let first = joints.first().map_or(Joint::And, |(joint, _)| *joint);
    if let Some((_, span)) = joints.iter().find(|(joint, _)| *joint != first) {
        let message = "AND and OR are mixed (a space is OR): put parentheses around what belongs together";
        return Err(Fault::syntax(span.clone(), message));
    }
    Ok(match first {
        Joint::And => Search::all_of(items),
        Joint::Or => Search::any_of(items),
    })
}

fn too_deep(span: Range<usize>) -> Fault {
    Fault::syntax(
        span,
        format!("parentheses are nested more than {NESTING_MAX} deep: write the search flatter"),
    )
}

/// The fault of a value, at its token.
fn at(fault: Fault, token: &Token) -> Fault {
    Fault { span: token.span.clone(), ..fault }
}
