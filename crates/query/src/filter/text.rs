//! `action:ACCEPT`, `reject-rule:"drop all"`, `interface-id:eni-*`: words, phrases and wildcards.
//!
//! Hides: what becomes of a value that is more than one word.
//! Knows nothing of: numbers and addresses.

use flow::FieldKind;

use super::{Condition, HERE};
use crate::Syntax;
use crate::error::Fault;
use crate::index::Delimiters;
use crate::lexer::TokenKind;
use crate::phrase::{Phrase, StartsWithWildcard};
use crate::search::{Search, Test};

pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let (FieldKind::Text, TokenKind::Word(_) | TokenKind::Quoted(_)) =
        (condition.field.kind, condition.value)
    else {
        return Ok(None);
    };
    if !condition.asks_equality() {
        let name = &condition.field.name;
        let message = format!("field `{name}` has the type text and no order: write `{name}:word`");
        return Err(Fault::illegal(HERE, message));
    }
    let phrases = phrases(condition.value, &condition.field.delimiters)?;
    if phrases.is_empty() {
        return Ok(Some(condition.tests(Test::Empty)));
    }
    let parts = phrases.into_iter().map(|phrase| condition.tests(Test::Text(phrase))).collect();
    Ok(Some(combined(parts, condition.syntax)))
}

/// The search for a value without a field.
pub(crate) fn full_text(value: &TokenKind, delimiters: &Delimiters, syntax: Syntax) -> Result<Search, Fault> {
    let phrases = phrases(value, delimiters)?;
    if phrases.is_empty() {
        return Err(Fault::illegal(HERE, "there is no word to search for: all of it is delimiters"));
    }
    Ok(combined(phrases.into_iter().map(Search::FullText).collect(), syntax))
}

/// The published refusal of `*word`.
pub(super) fn starts_with_wildcard() -> Fault {
    Fault::illegal(HERE, "`*` or `?` not allowed as first character; start the word with what is known of it")
}

/// Quoted words are one phrase, unquoted ones are looked for each on its own.
fn phrases(value: &TokenKind, delimiters: &Delimiters) -> Result<Vec<Phrase>, Fault> {
    let phrases = if let TokenKind::Quoted(value) = value {
        value.phrase(delimiters).map(|phrase| phrase.into_iter().collect())
    } else if let TokenKind::Word(value) = value {
        value.words(delimiters).map(|words| words.into_iter().map(Phrase::from).collect())
    } else {
        Ok(Vec::new())
    };
    phrases.map_err(|StartsWithWildcard| starts_with_wildcard())
}

/// Several words in one unquoted value: all of them in CQL, any of them in Lucene, as published.
fn combined(parts: Vec<Search>, syntax: Syntax) -> Search {
    match syntax {
        Syntax::Cql | Syntax::CqlSpaceIsOr => Search::all_of(parts),
        Syntax::Lucene => Search::any_of(parts),
    }
}
