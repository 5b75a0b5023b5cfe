//! Why there is no answer, as far as a caller can act upon it.
//!
//! Hides: the errors of DataFusion, and how a place in SQL becomes a place in the query.
//! Knows nothing of: HTTP, error codes of any API.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The SQL is wrong, or asks for what it may not or cannot have.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// More was asked for than one answer holds.
    #[error("{what} has {asked}, at most {most} are possible: {advice}")]
    TooLarge {
        /// What exceeds.
        what: &'static str,
        /// How much was asked for, with its unit.
        asked: String,
        /// The limit.
        most: u64,
        /// What to do.
        advice: &'static str,
    },
    /// The query ran for too long.
    #[error(
        "the query did not end within {} s: narrow its time range or its search",
        .most.as_secs_f64()
    )]
    Timeout {
        /// How long a query may run.
        most: Duration,
    },
    /// Too many queries run and wait already.
    #[error("{most} queries run already and {ahead} wait before this one: try again in a moment")]
    Busy {
        /// How many may run.
        most: usize,
        /// How many came earlier and wait.
        ahead: usize,
    },
    /// Nobody read the answer.
    #[error("the answer was not read for {} s, so it ends unfinished: ask again", .patience.as_secs())]
    Unread {
        /// How long a part of it may wait.
        patience: Duration,
    },
    /// Somebody ended the query.
    #[error("the query was cancelled")]
    Cancelled,
    /// The queries need more memory than they may have.
    #[error(
        "the query needs more than the {most} bytes of memory that all queries share: narrow its time range, or group by \
         fewer values"
    )]
    Memory {
        /// How much they share. Unit: bytes.
        most: usize,
        /// Which part of the query wanted it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A segment cannot be read, or the engine made a mistake.
    #[error("the query failed while the segments were read")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// The engine could not start.
    #[error("cannot start the threads of the query engine")]
    Start(#[source] io::Error),
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EngineErrorClass {
    /// The text does not follow the grammar of SQL.
    Syntax,
    /// The query asks for what does not exist or is not allowed.
    Illegal,
    /// The query needs too much time.
    Timeout,
    /// The query needs too much memory, or its answer is too large.
    TooLarge,
    /// Too much is going on.
    Busy,
    /// Somebody ended it.
    Cancelled,
    /// Not the fault of the query.
    Internal,
}

/// What is wrong with SQL, and where if it is known.
///
/// Displayed as `line:column message`, followed by the suggestion if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// Where the culprit starts, if it is known.
    pub place: Option<Place>,
    /// What is wrong and what to do, without place and suggestion.
    pub message: String,
    /// What was probably meant instead of the culprit.
    pub suggestion: Option<String>,
    /// Which kind of mistake it is.
    pub class: SqlErrorClass,
}

/// A place in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1, counted inside the SQL.
    pub line: u64,
    /// The column, from 1, counted inside the SQL. Unit: characters.
    pub column: u64,
    /// Where it is in the whole query. Unit: bytes.
    pub offset: usize,
}

/// Kinds of mistakes in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlErrorClass {
    /// It does not follow the grammar.
    Syntax,
    /// It names what does not exist or what it may not use.
    Verification,
    /// It was carried out, and a value stood in the way.
    Execution,
}

impl EngineError {
    /// What kind of thing went wrong.
    pub fn class(&self) -> EngineErrorClass {
        match self {
            Self::Sql(SqlError { class: SqlErrorClass::Syntax, .. }) => EngineErrorClass::Syntax,
            Self::Sql(SqlError { class: SqlErrorClass::Verification | SqlErrorClass::Execution, .. }) => {
                EngineErrorClass::Illegal
            }
            Self::TooLarge { .. } | Self::Memory { .. } => EngineErrorClass::TooLarge,
            Self::Timeout { .. } | Self::Unread { .. } => EngineErrorClass::Timeout,
            Self::Busy { .. } => EngineErrorClass::Busy,
            Self::Cancelled => EngineErrorClass::Cancelled,
            Self::Failed(_) | Self::Start(_) => EngineErrorClass::Internal,
        }
    }

    /// The error of something that is not the fault of the query's text.
    pub(crate) fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

impl SqlError {
    /// The text in the form that the log service publishes, for example `SyntaxError[1:8 …]`.
    pub fn published(&self) -> String {
        match self.class {
            SqlErrorClass::Syntax => format!("SyntaxError[{self}]"),
            SqlErrorClass::Verification => format!("QueryError[verification_exception.{self}]"),
            SqlErrorClass::Execution => format!("QueryError[illegal_argument_exception.{self}]"),
        }
    }

    /// A mistake of this kind; place and suggestion unknown.
    pub(crate) fn new(class: SqlErrorClass, message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), suggestion: None, class }
    }

    /// The mistake at this place.
    pub(crate) fn at(self, place: Option<Place>) -> Self {
        Self { place: place.or(self.place), ..self }
    }
}

impl Error for SqlError {}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "{}:{} ", place.line, place.column)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// The error of DataFusion behind all wrappings, and where it points to if it does.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is of a library and grows with it")]
pub(crate) fn innermost(error: &DataFusionError) -> (&DataFusionError, Option<(u64, u64)>) {
    let mut innermost = error;
    let mut location = None;
    loop {
        innermost = match innermost {
            DataFusionError::Diagnostic(diagnostic, inner) => {
                let span = diagnostic.span;
                location = location.or(span.map(|span| (span.start.line, span.start.column)));
                inner
            }
            DataFusionError::Context(_, inner) => inner,
            DataFusionError::Shared(inner) => inner,
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => first,
                None => return (innermost, location),
            },
            DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
                ArrowError::ExternalError(external) => match external.downcast_ref::<DataFusionError>() {
                    Some(inner) => inner,
                    None => return (innermost, location),
                },
                _ => return (innermost, location),
            },
            DataFusionError::External(external) => match external.downcast_ref::<DataFusionError>() {
                Some(inner) => inner,
                None => return (innermost, location),
            },
            _ => return (innermost, location),
        };
    }
}

/// Whether an error comes from reading a segment rather than from what SQL computes.
pub(crate) fn is_of_segment(error: &ArrowError) -> bool {
    matches!(error, ArrowError::ParquetError(_) | ArrowError::ExternalError(_) | ArrowError::IoError(..))
}

/// The name of the column that does not exist, when that is the mistake.
pub(crate) fn unknown_column(error: &DataFusionError) -> Option<&str> {
    let DataFusionError::SchemaError(schema, _) = error else { return None };
    let SchemaError::FieldNotFound { field, .. } = schema.as_ref() else { return None };
    Some(&field.name)
}
