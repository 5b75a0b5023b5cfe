//! The server: joins api, store, query and engine over HTTP.
//!
//! Hides: the HTTP framework, sign-in, permissions, timers, the console's files.
//! Knows nothing of: the grammar of queries, file formats, the clock (it is an argument).

mod settings;
mod start;

pub use settings::{PORT_DEFAULT, ServerSettings};
pub use start::{Running, ServerError, start};
