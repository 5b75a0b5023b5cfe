//! The store as its users see it.
//!
//! Hides: nothing; each file tells one part of the story.
//! Knows nothing of: how the store does it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod backup;
mod durability;
mod erasure;
mod folder;
mod formats;
mod list;
mod proof;
mod resources;
mod retention;
mod simulated;
mod snapshots;
mod storm;
mod trouble;
mod usage;
mod v1;
