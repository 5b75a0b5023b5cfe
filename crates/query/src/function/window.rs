//! Functions over windows: they need OVER.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry("row_number", "row_number()", "the number of the row, from 1"),
    entry("rank", "rank()", "the rank, with gaps after equals"),
    entry("dense_rank", "dense_rank()", "the rank without gaps"),
    entry("percent_rank", "percent_rank()", "the rank as a share, from 0"),
    entry("cume_dist", "cume_dist()", "the share of rows up to this one"),
    entry("ntile", "ntile(n)", "in which of n equal parts the row is"),
    entry("lag", "lag(x, n)", "x of the row n before"),
    entry("lead", "lead(x, n)", "x of the row n after"),
    entry("first_value", "first_value(x)", "x of the first row"),
    entry("last_value", "last_value(x)", "x of the last row so far"),
    entry("nth_value", "nth_value(x, n)", "x of the nth row"),
];
