//! Runs a checked query over a snapshot.
//!
//! Hides: DataFusion: planning, pruning, limits, which SQL is allowed, the functions of the log service.
//! Knows nothing of: the lifetime of files, query text in the search language, HTTP, accounts.
//!
//! A search becomes a predicate over the columns of segments ([`Engine::find`], [`Engine::histogram`]); the SQL that
//! follows it sees its records as the table `log` ([`Engine::analyse`]). [`Engine::download`] gives either without a limit. Who
//! reads segments himself is told which rows a search finds ([`Engine::finder`]).

mod address;
mod analyse;
mod answer;
mod before;
mod derived;
mod download;
mod engine;
mod error;
mod explain;
mod facets;
mod file;
mod find;
mod finder;
mod function;
mod growing;
mod histogram;
mod listing;
mod phrase;
mod predicate;
mod record;
mod run;
mod series;
mod slots;
mod sql;
mod stopping;
mod table;

pub use answer::{Cell, Column, ColumnKind, Table};
pub use before::range_with_before;
pub use download::{Download, DownloadForm};
pub use engine::{Engine, EngineSettings, Scope};
pub use error::{EngineError, EngineErrorClass, Place, SqlError, SqlErrorClass};
pub use explain::{Explanation, Pruned};
pub use facets::{Facet, FacetValue};
pub use file::FileForm;
pub use find::{FindOrder, Found, FoundRecord, Page, Position};
pub use finder::Finder;
pub use histogram::Bucket;
pub use run::{Amount, Asker, Progress, Run, Stage};

/// The most records that paging reaches, offset and page together.
///
/// The published limit of the log service; deeper paging continues after a [`Position`].
pub const FIND_RECORDS_MAX: u64 = 10_000;

/// The most fields whose values are counted in one scan.
pub const FACET_FIELDS_MAX: usize = 16;

/// The most values of one field that are told.
pub const FACET_VALUES_MAX: usize = 100;

/// The most buckets of one histogram.
///
/// An API may allow fewer; this keeps a short interval over a long range from filling memory with zeros.
pub const HISTOGRAM_BUCKETS_MAX: u64 = 10_000;

/// How many rows SQL returns when it has no `LIMIT`. Published.
pub const ROWS_DEFAULT: u64 = 100;

/// The most rows that SQL returns when [`EngineSettings`] do not say otherwise. Published.
pub const ROWS_MAX: u64 = 10_000;

/// The largest answer of SQL. Unit: bytes, as text without names.
///
/// The published limit of a response, less what JSON adds.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The longest SQL, counted in words, signs and values. It bounds the work of planning.
pub const SQL_TOKENS_MAX: usize = 2_000;

/// How deep an expression of SQL may be: `a + b + c` is two deep.
///
/// Planning recurses into expressions, and the work grows with the square of the depth.
pub const SQL_DEPTH_MAX: usize = 200;
