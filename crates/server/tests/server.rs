//! The real server on a port of its own, asked with the real client and with raw HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test"
)]

#[path = "server/stand.rs"]
mod stand;

#[path = "server/downloads.rs"]
mod downloads;
#[path = "server/erasure.rs"]
mod erasure;
#[path = "server/errors.rs"]
mod errors;
#[path = "server/facets.rs"]
mod facets;
#[path = "server/flow_logs.rs"]
mod flow_logs;
#[path = "server/ledger.rs"]
mod ledger;
#[path = "server/open.rs"]
mod open;
#[path = "server/permissions.rs"]
mod permissions;
#[path = "server/queries.rs"]
mod queries;
#[path = "server/search.rs"]
mod search;
#[path = "server/sign_in.rs"]
mod sign_in;
#[path = "server/storage.rs"]
mod storage;
#[path = "server/tls.rs"]
mod tls;
#[path = "server/trouble.rs"]
mod trouble;
#[path = "server/upload.rs"]
mod upload;
#[path = "server/usage.rs"]
mod usage;
#[path = "server/users.rs"]
mod users;
