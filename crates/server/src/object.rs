//! Rows of the catalog as the API shows them, and back.
//!
//! Hides: how the published shapes map to rows.
//! Knows nothing of: HTTP, who asks.

pub(crate) mod civil;
pub(crate) mod flow_log;
pub(crate) mod gateway;
pub(crate) mod health;
pub(crate) mod index_rule;
pub(crate) mod query;
pub(crate) mod record;
pub(crate) mod table;
pub(crate) mod tag;
pub(crate) mod topic;
