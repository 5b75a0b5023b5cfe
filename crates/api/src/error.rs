//! The shape of an error answer.
//!
//! Hides: the published nesting of code and message.
//! Knows nothing of: which operation failed and why.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a failed operation answers, with an HTTP status that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorReply {
    /// What went wrong.
    pub error: ErrorBody,
    /// Names the request in the server's log.
    pub request_id: String,
}

/// What went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorBody {
    /// A published code, for example `ResourceNotFound.TopicNotExist`.
    pub code: String,
    /// What failed, on what, and what to do.
    pub message: String,
    /// Where in the query, if a query is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<ErrorPosition>,
}

/// A place in a query text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorPosition {
    /// Unit: bytes of UTF-8 from the start.
    pub offset: u64,
    /// Unit: bytes of UTF-8.
    pub length: u64,
    /// From 1.
    pub line: u64,
    /// From 1. Unit: characters.
    pub column: u64,
}
