//! Functions of texts that are JSON. What is none makes the result NULL.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry(
        "json_extract",
        "json_extract(json, path)",
        "the part at a path such as `$.rules[0].name`, as JSON",
    ),
    entry(
        "json_extract_scalar",
        "json_extract_scalar(json, path)",
        "the text, number or truth at a path, without quotes; NULL for what has parts",
    ),
    entry("json_size", "json_size(json, path)", "how many members or elements the part at a path has"),
    entry("json_array_length", "json_array_length(json)", "how many elements"),
    entry(
        "json_array_get",
        "json_array_get(json, n)",
        "the element n, from 0, as JSON; from the end if n is negative",
    ),
    entry(
        "json_array_contains",
        "json_array_contains(json, x)",
        "whether an element is x, compared as texts",
    ),
    entry("json_parse", "json_parse(text)", "the JSON, without spaces"),
    entry("json_format", "json_format(json)", "the same"),
];
