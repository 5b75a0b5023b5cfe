//! The server: joins api, store, query and engine over HTTP.
//!
//! Hides: the HTTP framework, sign-in, permissions, timers, the console's files.
//! Knows nothing of: the grammar of queries, file formats, the clock (it is an argument).

mod backup;
mod caller;
mod check;
mod console;
mod default_topic;
mod erasing;
mod failure;
mod handle;
mod http;
mod ingest;
mod metrics;
mod object;
mod orders;
mod queries;
mod search;
mod server;
mod settings;
mod sign_in;
mod start;
mod tail;
mod upkeep;

pub use backup::{back_up, restore};
pub use http::{TlsError, check_tls};
pub use settings::{CqlSpace, InvalidCqlSpace, PORT_DEFAULT, ServerSettings, TlsFiles};
pub use start::{Running, ServerError, start};
pub use store::{
    Backup, Deed, Fault, Gap, InvalidPublicKey, Proof, PublicKey, Signed, StoreError, public_key, verify,
};
