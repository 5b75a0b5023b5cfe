//! `field:*` and `field:""`: whether there is a value at all.
//!
//! Hides: how presence is spelled.
//! Knows nothing of: the kinds of fields.

use super::Condition;
use crate::error::Fault;
use crate::lexer::TokenKind;
use crate::search::{Search, Test};

#[expect(clippy::unnecessary_wraps, reason = "every form has the same signature")]
pub(crate) fn read(condition: &Condition<'_>) -> Result<Option<Search>, Fault> {
    let star = matches!(condition.value, TokenKind::Word(value) if value.is_star());
    let nothing = matches!(condition.value, TokenKind::Quoted(value) if value.0.is_empty());
    let test = star.then_some(Test::Exists).or(nothing.then_some(Test::Empty));
    Ok(test.filter(|_| condition.asks_equality()).map(|test| condition.tests(test)))
}
