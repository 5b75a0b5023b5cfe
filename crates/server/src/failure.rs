//! Why an operation has no answer, in published codes.
//!
//! Hides: which HTTP status fits a code, and which causes stay inside the server.
//! Knows nothing of: operations.

use std::error::Error;
use std::time::Duration;

use api::ErrorPosition;
use axum::http::StatusCode;
use engine::{EngineError, Place, SqlError, SqlErrorClass};
use query::{ErrorClass, QueryError};
use store::{StoreError, Trouble};

/// What is told to a caller whose mistake it is not. The cause stands in the log.
const INTERNAL_MESSAGE: &str = "the server failed: its log tells why, under the id of this request";

/// When to search again after too much was going on.
const SEARCH_RETRY_AFTER: Duration = Duration::from_secs(1);

/// When to come again while nothing can be written: an agent that waits this long is soon back once it can.
const TROUBLE_RETRY_AFTER: Duration = Duration::from_secs(10);

/// An operation that was refused or failed.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Failure {
    /// A published code, for example `ResourceNotFound.TopicNotExist`.
    pub(crate) code: &'static str,
    /// What failed, on what, and what to do.
    pub(crate) message: String,
    /// Where in the query, if a query is wrong.
    pub(crate) position: Option<ErrorPosition>,
    /// When to try again.
    pub(crate) retry_after: Option<Duration>,
    /// What only the log tells.
    #[source]
    pub(crate) cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure that the caller can read and act upon.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), position: None, retry_after: None, cause: None }
    }

    /// A failure of the server itself; the caller learns only where to look.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new("InternalError", INTERNAL_MESSAGE) }
    }

    /// Nothing can be written now. Whoever comes again finds that it can, or is told the same.
    pub(crate) fn trouble(trouble: Trouble, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let message = format!("nothing can be stored now: {trouble}; then it goes on by itself");
        Self { cause: Some(cause.into()), ..Self::new("InternalError.ServerBusy", message) }
            .retry_after(TROUBLE_RETRY_AFTER)
    }

    /// The same, with the time after which to try again.
    #[must_use]
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The same, pointing at a place in the query.
    #[must_use]
    pub(crate) fn at(self, position: ErrorPosition) -> Self {
        Self { position: Some(position), ..self }
    }

    /// The HTTP status that fits the code.
    pub(crate) fn status(&self) -> StatusCode {
        status_of(self.code)
    }
}

/// An error with its causes, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let Some(trouble) = error.trouble() {
            return Self::trouble(trouble, error);
        }
        let code = match &error {
            StoreError::NotFound { what: "topic", .. } => "ResourceNotFound.TopicNotExist",
            StoreError::NotFound { what: "logset", .. } => "ResourceNotFound.LogsetNotExist",
            StoreError::NotFound { what: "index of topic", .. } => "ResourceNotFound.IndexNotExist",
            StoreError::NotFound { .. } => "ResourceNotFound",
            StoreError::AlreadyExists { what: "topic", .. } => "InvalidParameter.TopicConflict",
            StoreError::AlreadyExists { what: "logset", .. } => "InvalidParameter.LogsetConflict",
            StoreError::AlreadyExists { what: "index of topic", .. } => "InvalidParameter.IndexConflict",
            StoreError::AlreadyExists { what: "flow log of resource", .. } => {
                "UnsupportedOperation.FlowLogInstanceExisted"
            }
            StoreError::AlreadyExists { .. } | StoreError::StillHeard { .. } => {
                "InvalidParameterValue.Duplicate"
            }
            StoreError::NotEmpty { .. } => "FailedOperation.LogsetNotEmpty",
            StoreError::LastOfRole { .. } => "FailedOperation",
            StoreError::Spent { .. } => "AuthFailure.TokenFailure",
            StoreError::Locked { .. }
            | StoreError::NewerFormat { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Rows { .. }
            | StoreError::Damaged(_)
            | StoreError::NoRoom { .. }
            | StoreError::Search { .. }
            | StoreError::NoKey { .. }
            | StoreError::NoChain { .. }
            | StoreError::NotABackup { .. }
            | StoreError::Occupied { .. }
            | StoreError::NoStore { .. }
            | StoreError::Io { .. }
            | StoreError::Catalog(_)
            | StoreError::Segment { .. } => return Self::internal(error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let code = match error.class {
            ErrorClass::Syntax => "FailedOperation.SyntaxError",
            ErrorClass::IllegalArgument | ErrorClass::NumberFormat => "FailedOperation.QueryError",
        };
        Self::new(code, error.published()).at(ErrorPosition {
            offset: error.offset as u64,
            length: error.length as u64,
            line: error.line as u64,
            column: error.column as u64,
        })
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::Sql(error) => Self::from(error),
            EngineError::TooLarge { .. } => Self::new("LimitExceeded.SearchResultTooLarge", message),
            EngineError::Memory { .. } => {
                Self::new("LimitExceeded.SearchResources", message).retry_after(SEARCH_RETRY_AFTER)
            }
            EngineError::Timeout { .. } | EngineError::Unread { .. } => {
                Self::new("FailedOperation.SearchTimeout", message)
            }
            EngineError::Busy { .. } => {
                Self::new("LimitExceeded.LogSearch", message).retry_after(SEARCH_RETRY_AFTER)
            }
            EngineError::Cancelled => Self::new("FailedOperation.SearchCancelled", message),
            EngineError::Failed(_) | EngineError::Start(_) => {
                Self { code: "InternalError.SearchFailed", ..Self::internal(error) }
            }
        }
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        let code = match error.class {
            SqlErrorClass::Syntax => "FailedOperation.SyntaxError",
            SqlErrorClass::Verification | SqlErrorClass::Execution => "FailedOperation.QueryError",
        };
        let failure = Self::new(code, error.published());
        match error.place {
            // Line and column count inside the SQL, as published; the offset counts in the whole query.
            Some(Place { line, column, offset }) => {
                failure.at(ErrorPosition { offset: offset as u64, length: 0, line, column })
            }
            None => failure,
        }
    }
}

/// The HTTP status that fits a published code.
fn status_of(code: &str) -> StatusCode {
    let class = code.split('.').next().unwrap_or(code);
    match (class, code) {
        (_, "FailedOperation.LogsetNotEmpty" | "UnsupportedOperation.FlowLogInstanceExisted") => {
            StatusCode::CONFLICT
        }
        (_, "InvalidParameter.LogsetConflict" | "InvalidParameter.TopicConflict") => StatusCode::CONFLICT,
        (_, "InvalidParameter.IndexConflict" | "InvalidParameterValue.Duplicate") => StatusCode::CONFLICT,
        (_, "FailedOperation.SearchCancelled") => StatusCode::CONFLICT,
        (_, "InternalError.ServerBusy") => StatusCode::SERVICE_UNAVAILABLE,
        (_, "FailedOperation.SearchTimeout") => StatusCode::GATEWAY_TIMEOUT,
        (_, "FailedOperation.Timeout") => StatusCode::REQUEST_TIMEOUT,
        (_, "LimitExceeded.LogSearch" | "LimitExceeded.SearchResources") => StatusCode::TOO_MANY_REQUESTS,
        (_, "LimitExceeded.LogSize" | "RequestSizeLimitExceeded") => StatusCode::PAYLOAD_TOO_LARGE,
        ("AuthFailure", _) => StatusCode::UNAUTHORIZED,
        ("UnauthorizedOperation" | "OperationDenied", _) => StatusCode::FORBIDDEN,
        ("ResourceNotFound" | "InvalidAction", _) => StatusCode::NOT_FOUND,
        ("RequestLimitExceeded", _) => StatusCode::TOO_MANY_REQUESTS,
        ("InternalError", _) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_the_status() {
        for (code, status) in [
            ("AuthFailure", 401),
            ("UnauthorizedOperation", 403),
            ("ResourceNotFound.TopicNotExist", 404),
            ("InvalidParameterValue.Malformed", 400),
            ("InvalidParameter.TopicConflict", 409),
            ("FailedOperation.SyntaxError", 400),
            ("FailedOperation.Timeout", 408),
            ("FailedOperation.LogsetNotEmpty", 409),
            ("RequestLimitExceeded", 429),
            ("InternalError", 500),
            ("InternalError.ServerBusy", 503),
        ] {
            assert_eq!(status_of(code).as_u16(), status, "{code}");
        }
    }

    #[test]
    fn a_cause_inside_the_server_is_not_told() {
        let failure = Failure::internal("disk /var/secret is full");
        assert!(!failure.to_string().contains("secret"));
        assert!(failure.cause.is_some());
    }
}
