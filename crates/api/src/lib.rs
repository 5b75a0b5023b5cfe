//! The operations of a natlens server, the encoding of batches, and a client for both.
//!
//! Hides: the shapes on the wire, their versions, and how they travel.
//! Knows nothing of: how any operation is carried out.

mod batch;
mod client;
mod error;
mod events;
mod object;
mod openapi;
mod operation;
mod trust;

pub use batch::{
    BATCH_BYTES_MAX, BATCH_CONTENT_TYPE, BATCH_RECORDS_MAX, BATCH_UNPACKED_BYTES_MAX, Batch, BatchError,
    Destination, LEDGER_TOPIC_NAME,
};
pub use client::{Client, ClientError, Credential, Deadline};
pub use error::{ErrorBody, ErrorPosition, ErrorReply};
pub use events::Events;
pub use object::*;
pub use openapi::openapi_json;
pub use operation::*;
pub use trust::{NoCertificate, Trust};
