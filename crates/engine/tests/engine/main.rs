//! The engine over real segments: what it answers, which laws hold, and where it stops.
//!
//! One program for all, because linking the query engine takes longer than the tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

mod before;
mod downloads;
mod duckdb;
mod explain;
mod facets;
mod golden;
mod laws;
mod limits;
mod topic;
