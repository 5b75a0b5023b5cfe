//! What is wrong with a query, and where.
//!
//! Hides: how a place in the text becomes line and column; the published wording of the classes.
//! Knows nothing of: grammar, HTTP.

use std::ops::Range;

/// The first mistake in a query.
///
/// Displayed as `line:column message`, followed by the suggestion if there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column} {message}{}", hint(.suggestion.as_deref()))]
pub struct QueryError {
    /// Where the culprit starts. Unit: bytes from the start of the query.
    pub offset: usize,
    /// How long the culprit is; 0 when something is missing. Unit: bytes.
    pub length: usize,
    /// The line of the culprit, from 1.
    pub line: usize,
    /// The column of the culprit in its line, from 1. Unit: characters.
    pub column: usize,
    /// What is wrong and what to do, without place and suggestion.
    pub message: String,
    /// What was probably meant instead of the culprit.
    pub suggestion: Option<String>,
    /// Which published error it belongs to.
    pub class: ErrorClass,
}

/// The published classes of search errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The text does not follow the grammar, or exceeds a limit.
    Syntax,
    /// The text is well formed but asks for what cannot be searched.
    IllegalArgument,
    /// A number was expected.
    NumberFormat,
}

impl QueryError {
    /// The text in the form that the log service publishes, for example
    /// `QueryError[illegal_argument_exception.Cannot search on field [x] since it is not indexed]`.
    pub fn published(&self) -> String {
        match self.class {
            ErrorClass::Syntax => format!("SyntaxError[{self}]"),
            ErrorClass::IllegalArgument => {
                format!(
                    "QueryError[illegal_argument_exception.{}{}]",
                    self.message,
                    hint(self.suggestion.as_deref())
                )
            }
            ErrorClass::NumberFormat => {
                format!(
                    "QueryError[number_format_exception.{}{}]",
                    self.message,
                    hint(self.suggestion.as_deref())
                )
            }
        }
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// A mistake at a place that is not yet counted in lines.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    pub(crate) class: ErrorClass,
}

impl Fault {
    /// The text breaks a rule of the grammar.
    pub(crate) fn syntax(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), suggestion: None, class: ErrorClass::Syntax }
    }

    /// The text asks for what cannot be searched.
    pub(crate) fn illegal(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { class: ErrorClass::IllegalArgument, ..Self::syntax(span, message) }
    }

    /// The text should be a number.
    pub(crate) fn number(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { class: ErrorClass::NumberFormat, ..Self::syntax(span, message) }
    }

    /// The error that users see: the fault with line and column in `text`.
    pub(crate) fn placed_in(self, text: &str) -> QueryError {
        let before = text.get(..self.span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        QueryError {
            offset: before.len(),
            length: self.span.len(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
            message: self.message,
            suggestion: self.suggestion,
            class: self.class,
        }
    }
}
