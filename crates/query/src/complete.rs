//! Says what can be written at a place of a query that is being typed.
//!
//! Hides: how far the unfinished text is understood, and what is offered where.
//! Knows nothing of: the records; values are offered only where the language knows them.

use std::ops::Range;

use flow::FieldKind;

use crate::Syntax;
use crate::function;
use crate::index::{IndexedField, IndexedFields};
use crate::lexer::{Lexer, Position, Token, TokenKind};
use crate::words;

/// What can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The unfinished word before the place, which a candidate replaces; possibly empty. Unit: bytes.
    pub replaces: Range<usize>,
    /// What fits, the likeliest first; each once.
    pub candidates: Vec<Candidate>,
    /// The field whose value stands at the place; the records may know more of them.
    pub value_of: Option<String>,
}

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text to write.
    pub text: String,
    /// What it is.
    pub kind: CandidateKind,
    /// What it means, in English; empty when the text says it.
    pub help: &'static str,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateKind {
    /// The name of a field, with its colon in a search and quoted where SQL needs it.
    Field,
    /// A value of the field before it.
    Value,
    /// `AND`, `OR`, `NOT`, a sign, or the pipe before SQL.
    Operator,
    /// A word of SQL.
    Keyword,
    /// A function of SQL, with its opening parenthesis.
    Function,
}

/// What can be written at byte `at` of `text`; nothing where the text before it cannot be understood.
pub fn complete(text: &str, at: usize, syntax: Syntax, index: &IndexedFields) -> Completion {
    let head = text.get(..at).unwrap_or(text);
    let nothing = Completion { replaces: head.len()..head.len(), candidates: Vec::new(), value_of: None };
    let Some((place, start)) = place(head, syntax, index) else { return nothing };
    let typed = head.get(start..).unwrap_or_default();
    let value_of = match place {
        Place::Value(field) => Some(field.name.clone()),
        Place::Condition | Place::Joint | Place::Sql => None,
    };
    Completion { replaces: start..head.len(), candidates: fitting(typed, offers(place, index)), value_of }
}

/// What is expected next.
#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    /// A condition may start.
    Condition,
    /// A value of this field.
    Value(&'a IndexedField),
    /// A condition is complete.
    Joint,
    /// Somewhere after the pipe.
    Sql,
}

/// What is expected at the end of `head`, and where the unfinished word there starts.
fn place<'a>(head: &str, syntax: Syntax, index: &'a IndexedFields) -> Option<(Place<'a>, usize)> {
    let lexer = Lexer::new(head, syntax);
    let mut place = Place::Condition;
    // For every open parenthesis: the field whose values it lists.
    let mut open: Vec<Option<&IndexedField>> = Vec::new();
    let mut named: Option<&IndexedField> = None;
    let mut at = 0;
    loop {
        let within = open.last().copied().flatten();
        let position = if matches!(place, Place::Value(_)) { Position::Value } else { Position::Condition };
        let Token { kind, span } = lexer.token(at, position).ok()?;
        let unfinished = span.end == head.len() && !span.is_empty();
        let again = within.map_or(Place::Condition, Place::Value);
        match kind {
            TokenKind::End => return Some((place, head.len())),
            TokenKind::Pipe => return Some((Place::Sql, sql_word_start(head).max(span.end))),
            TokenKind::Word(_) | TokenKind::And | TokenKind::Or | TokenKind::Not if unfinished => {
                return Some((place, span.start));
            }
            TokenKind::Word(word) | TokenKind::Quoted(word) => {
                named = word
                    .literal()
                    .and_then(|name| index.field(&name))
                    .filter(|_| !matches!(place, Place::Value(_)));
                place = Place::Joint;
            }
            TokenKind::Range(..) | TokenKind::Pattern(_) => place = Place::Joint,
            TokenKind::Colon => place = Place::Value(named?),
            TokenKind::Sign(_) => place = Place::Value(named.or(within)?),
            TokenKind::And | TokenKind::Or | TokenKind::Not => place = again,
            TokenKind::Open => {
                let field = match place {
                    Place::Value(field) => Some(field),
                    Place::Condition | Place::Joint | Place::Sql => None,
                };
                open.push(field);
                place = field.map_or(Place::Condition, Place::Value);
            }
            TokenKind::Close => {
                open.pop()?;
                place = Place::Joint;
            }
        }
        at = span.end;
    }
}

/// Where the name or keyword at the end of `head` starts, with the quote before it.
fn sql_word_start(head: &str) -> usize {
    head.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '"')).len()
}

fn offers(place: Place<'_>, index: &IndexedFields) -> Vec<Candidate> {
    let fields = |written: fn(&IndexedField) -> String| {
        index.fields.iter().map(move |field| Candidate {
            text: written(field),
            kind: CandidateKind::Field,
            help: flow::field(&field.name).map_or("", |field| field.help),
        })
    };
    let operator = |(text, help): &(&str, &'static str)| Candidate {
        text: (*text).to_owned(),
        kind: CandidateKind::Operator,
        help,
    };
    match place {
        Place::Condition => {
            fields(|field| format!("{}:", field.name)).chain(OPENERS.iter().map(operator)).collect()
        }
        Place::Value(field) => {
            let signs = if field.kind == FieldKind::Long { SIGNS } else { &[] };
            let known = words::of_field(&field.name).into_iter().map(|word| Candidate {
                text: word.text.to_owned(),
                kind: CandidateKind::Value,
                help: word.help,
            });
            known.chain(signs.iter().chain(PRESENCE).map(operator)).collect()
        }
        Place::Joint => JOINTS.iter().map(operator).collect(),
        Place::Sql => {
            let keywords = SQL_KEYWORDS.iter().map(|keyword| Candidate {
                text: (*keyword).to_owned(),
                kind: CandidateKind::Keyword,
                help: "",
            });
            let functions = function::all().map(|function| Candidate {
                text: function.call(),
                kind: CandidateKind::Function,
                help: function.help,
            });
            keywords.chain(functions).chain(fields(|field| sql_name(&field.name))).collect()
        }
    }
}

/// The candidates that continue what was typed, before those that only contain it.
fn fitting(typed: &str, offers: Vec<Candidate>) -> Vec<Candidate> {
    let wanted = typed.trim_matches('"').to_lowercase();
    let mut ranked: Vec<(bool, Candidate)> = offers
        .into_iter()
        .filter_map(|candidate| {
            let text = candidate.text.trim_matches('"').to_lowercase();
            text.contains(&wanted).then(|| (!text.starts_with(&wanted), candidate))
        })
        .collect();
    ranked.sort_by_key(|(only_contains, _)| *only_contains);
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

fn sql_name(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if bare { name.to_owned() } else { format!("\"{name}\"") }
}

const OPENERS: &[(&str, &str)] = &[("NOT", "what the next condition does not find"), ("*", "every record")];

const JOINTS: &[(&str, &str)] = &[
    ("AND", "both conditions"),
    ("OR", "either condition"),
    ("NOT", "but not what the next condition finds"),
    ("|", "compute with SQL"),
];

const SIGNS: &[(&str, &str)] =
    &[(">", ""), (">=", ""), ("<", ""), ("<=", ""), ("[", "a range: `[1 TO 1023]`")];

const PRESENCE: &[(&str, &str)] = &[("*", "there is a value")];

/// The words of SQL, in the order in which they are offered.
pub const SQL_KEYWORDS: &[&str] = &[
    "SELECT",
    "AS",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "ASC",
    "DESC",
    "LIMIT",
    "OFFSET",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "IS NULL",
    "IS NOT NULL",
    "OVER (",
    "PARTITION BY",
    "FILTER (WHERE",
    "INTERVAL",
    "CAST(",
    "TRY_CAST(",
    "UNION",
];
