//! Functions of arrays. The first element is 1.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry("cardinality", "cardinality(array)", "how many elements"),
    entry("element_at", "element_at(array, n)", "the nth element; from the end if n is negative"),
    entry("contains", "contains(array, x)", "whether x is an element"),
    entry("array_position", "array_position(array, x)", "where x is, or NULL"),
    entry("array_distinct", "array_distinct(array)", "each element once"),
    entry("array_sort", "array_sort(array)", "in order"),
    entry("array_max", "array_max(array)", "the greatest element"),
    entry("array_min", "array_min(array)", "the least element"),
    entry("array_join", "array_join(array, between)", "the texts joined"),
    entry("array_remove", "array_remove(array, x)", "without x"),
    entry("array_union", "array_union(a, b)", "the elements of either, each once"),
    entry("array_intersect", "array_intersect(a, b)", "the elements of both"),
    entry("array_except", "array_except(a, b)", "the elements of a that b has not"),
    entry("flatten", "flatten(array)", "the elements of its elements"),
];
