//! One condition on one field: each form has its file, which turns what was written into a typed test.
//!
//! Hides: which forms a field of which kind accepts, and how values are read.
//! Knows nothing of: operators, nesting, where a condition ends.

pub(crate) mod address;
pub(crate) mod address_order;
pub(crate) mod number;
pub(crate) mod pattern;
pub(crate) mod presence;
pub(crate) mod range;
pub(crate) mod text;

use std::ops::Range;

use crate::Syntax;
use crate::error::Fault;
use crate::index::IndexedField;
use crate::lexer::TokenKind;
use crate::search::{Comparison, Filter, Search, Test};

/// A condition as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition<'a> {
    pub(crate) field: &'a IndexedField,
    /// `None` after a plain colon.
    pub(crate) comparison: Option<Comparison>,
    /// `Word`, `Quoted`, `Pattern` or `Range`.
    pub(crate) value: &'a TokenKind,
    pub(crate) syntax: Syntax,
}

/// Reads a condition: `None` when it is not of this form.
///
/// The fault's span is left empty; the caller knows where the value stands.
pub(crate) type Form = fn(&Condition<'_>) -> Result<Option<Search>, Fault>;

/// What a fault of a form has as its place.
pub(crate) const HERE: Range<usize> = 0..0;

impl Condition<'_> {
    /// The condition with this test.
    fn tests(&self, test: Test) -> Search {
        Search::Filter(Filter { field: self.field.name.clone(), kind: self.field.kind, test })
    }

    /// Whether the value must be the written one, by colon or by `=`.
    fn asks_equality(&self) -> bool {
        matches!(self.comparison, None | Some(Comparison::Equal))
    }
}
