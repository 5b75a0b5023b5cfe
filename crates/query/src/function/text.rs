//! Functions of texts and regular expressions.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry("length", "length(text)", "how many characters"),
    entry("lower", "lower(text)", "in lower case"),
    entry("upper", "upper(text)", "in upper case"),
    entry("substr", "substr(text, from, length)", "a part; the first character is 1"),
    entry("substring", "substring(text, from, length)", "the same"),
    entry("position", "position(part IN text)", "where the part begins, from 1; 0 when it is nowhere"),
    entry("strpos", "strpos(text, part)", "the same"),
    entry("starts_with", "starts_with(text, start)", "whether the text starts so"),
    entry("ends_with", "ends_with(text, end)", "whether the text ends so"),
    entry("concat", "concat(a, b, …)", "joined, NULL left out; `a || b` is NULL with NULL"),
    entry("concat_ws", "concat_ws(between, a, b, …)", "joined with a text between"),
    entry("replace", "replace(text, from, to)", "every place replaced"),
    entry("translate", "translate(text, from, to)", "character by character replaced"),
    entry("reverse", "reverse(text)", "from the end"),
    entry("trim", "trim(text)", "without spaces around"),
    entry("ltrim", "ltrim(text)", "without spaces before"),
    entry("rtrim", "rtrim(text)", "without spaces behind"),
    entry("lpad", "lpad(text, length, fill)", "filled up on the left to a length of at most 1000"),
    entry("rpad", "rpad(text, length, fill)", "filled up on the right"),
    entry("split", "split(text, between)", "the parts as an array"),
    entry("split_part", "split_part(text, between, n)", "the nth part, from 1"),
    entry("chr", "chr(number)", "the character of that number"),
    entry("codepoint", "codepoint(text)", "the number of the first character"),
    entry("levenshtein_distance", "levenshtein_distance(a, b)", "how many edits lie between two texts"),
    entry(
        "hamming_distance",
        "hamming_distance(a, b)",
        "how many characters of two texts of equal length differ",
    ),
    entry("regexp_like", "regexp_like(text, pattern)", "whether some part matches"),
    entry("regexp_extract", "regexp_extract(text, pattern, group)", "the first match, or that group of it"),
    entry("regexp_extract_all", "regexp_extract_all(text, pattern)", "every match as an array"),
    entry(
        "regexp_replace",
        "regexp_replace(text, pattern, to)",
        "every match replaced; `$1` is its first group",
    ),
    entry("regexp_split", "regexp_split(text, pattern)", "what stands between the matches, as an array"),
    entry("encode", "encode(text, form)", "as `hex` or `base64`"),
    entry("to_base64", "to_base64(text)", "as `base64`"),
    entry("md5", "md5(text)", "the digest in hexadecimal digits"),
    entry("sha256", "sha256(text)", "the digest in hexadecimal digits"),
    entry("sha512", "sha512(text)", "the digest in hexadecimal digits"),
];
