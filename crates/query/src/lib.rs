//! The search language: turns the text of a query into a checked [`Query`], and completes it while it is typed.
//!
//! Hides: grammar, precedence, escapes, spelling help.
//! Knows nothing of: storage, SQL engines, HTTP, clocks.
//!
//! A query is `[search] [| SELECT …]`. The search is checked down to typed values; the SQL is only cut off, and
//! read by the engine. The language is specified by `fixtures/query/*.golden`.

mod complete;
mod error;
mod filter;
mod function;
mod index;
mod lexer;
mod matching;
mod parser;
mod pattern;
mod phrase;
mod print;
mod search;
mod spelling;
mod sql;
mod words;

use parser::Parser;

pub use complete::{Candidate, CandidateKind, Completion, SQL_KEYWORDS, complete};
pub use error::{ErrorClass, QueryError};
pub use function::{FUNCTIONS, Function, FunctionGroup, LEFT_OUT, LeftOut, function};
pub use index::{Case, DELIMITERS, Delimiters, FullTextIndex, IndexedField, IndexedFields, TIMESTAMP_FIELD};
pub use pattern::Pattern;
pub use phrase::{Phrase, Piece, Wildcard, Word};
pub use search::{Comparison, Filter, Query, Search, SqlText, Test, Wanted};
pub use spelling::nearest;

/// The longest query, search and SQL together.
///
/// Unit: bytes. The published limit of the log service; it also bounds the work of parsing.
pub const QUERY_BYTES_MAX: usize = 12 * 1024;

/// How many parentheses may be open at once, in the text and in its printed form.
///
/// The published limit of the log service; it bounds the recursion of the parser and of everything that walks a [`Search`].
pub const NESTING_MAX: usize = 10;

/// The most conditions in one search.
///
/// Each becomes a predicate that is planned and evaluated for every row; room for a pasted list of addresses.
pub const CONDITIONS_MAX: usize = 512;

/// The most regular expressions in one search.
///
/// Each is compiled and keeps up to about 1 MiB, with what it learns while it is matched.
pub const PATTERNS_MAX: usize = 16;

/// Which rules the search part follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// The default: operators in any case, a space is `AND`, `AND` binds tighter than `OR`.
    #[default]
    Cql,
    /// The same, but a space is `OR`, as other sources of the published language tell.
    CqlSpaceIsOr,
    /// The older rules: operators in upper case, a space is `OR`, `AND` and `OR` are not mixed without parentheses.
    Lucene,
}

impl Syntax {
    /// Whether the rules are those of CQL, whatever a space means.
    pub(crate) const fn is_cql(self) -> bool {
        matches!(self, Self::Cql | Self::CqlSpaceIsOr)
    }
}

/// Parses and checks the text of a query against the fields that can be searched.
///
/// Errors: the first mistake with its place; every input, however hostile, ends in a `Query` or an error.
pub fn parse(text: &str, syntax: Syntax, index: &IndexedFields) -> Result<Query, QueryError> {
    let query = || {
        sql::check_length(text)?;
        let (search, pipe) = Parser::new(text, syntax, index).search()?;
        let sql = pipe.map(|pipe| sql::cut(text, pipe)).transpose()?;
        Ok(Query { search, sql })
    };
    query().map_err(|fault: error::Fault| fault.placed_in(text))
}
