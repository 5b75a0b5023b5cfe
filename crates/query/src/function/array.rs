//! Functions of arrays. The first element is 1. A lambda sees its own parameters only.
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
    entry("array_sum", "array_sum(array)", "the sum of the numbers"),
    entry("filter", "filter(array, x -> condition)", "the elements for which the condition is true"),
    entry("transform", "transform(array, x -> y)", "what becomes of each element"),
    entry("any_match", "any_match(array, x -> condition)", "whether it is true for some element"),
    entry("all_match", "all_match(array, x -> condition)", "whether it is true for every element"),
    entry("none_match", "none_match(array, x -> condition)", "whether it is true for no element"),
    entry("slice", "slice(array, from, length)", "a part; from the end if `from` is negative"),
    entry("flatten", "flatten(array)", "the elements of its elements"),
];
