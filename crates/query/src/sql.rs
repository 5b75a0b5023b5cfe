//! Cuts the SQL off a query and refuses what is certainly no statement.
//!
//! Hides: where the statement starts, how its strings are skipped.
//! Knows nothing of: SQL beyond its first word, strings and the semicolon; the engine reads the rest.

use crate::QUERY_BYTES_MAX;
use crate::error::Fault;
use crate::search::{SqlText, Wanted};

/// Refuses a text over [`QUERY_BYTES_MAX`].
pub(crate) fn check_length(text: &str) -> Result<(), Fault> {
    if text.len() <= QUERY_BYTES_MAX {
        return Ok(());
    }
    let message = format!("the query has {} bytes: at most {QUERY_BYTES_MAX} are accepted", text.len());
    Err(Fault::syntax(0..text.len(), message))
}

/// The statement after the pipe that stands at byte `pipe`.
pub(crate) fn cut(text: &str, pipe: usize) -> Result<SqlText, Fault> {
    let after = text.get(pipe + 1..).unwrap_or_default();
    let mut sql = after.trim();
    let mut wanted = Wanted::Rows;
    if first_word(sql).eq_ignore_ascii_case("explain") {
        wanted = Wanted::Explanation;
        sql = sql.get("explain".len()..).unwrap_or_default().trim_start();
    }
    let offset = text.trim_end().len() - sql.len();
    let first_word = first_word(sql);

    if sql.is_empty() {
        return Err(Fault::syntax(
            pipe..pipe + 1,
            "SQL is missing after `|`: write for example `| SELECT count(*)`",
        ));
    }
    if sql.starts_with('|') {
        return Err(Fault::syntax(pipe..offset + 1, "`||` is no operator here: write OR"));
    }
    if !first_word.eq_ignore_ascii_case("select") {
        let length = first_word.len().max(sql.chars().next().map_or(0, char::len_utf8));
        let message = "the part after `|` is SQL and starts with SELECT; to search for `|`, put it in quotes";
        return Err(Fault::syntax(offset..offset + length, message));
    }
    if let Some(semicolon) = semicolon(sql) {
        let at = offset + semicolon;
        return Err(Fault::syntax(
            at..at + 1,
            "`;` is not accepted: a query has one SQL statement, without an end mark",
        ));
    }
    Ok(SqlText { text: sql.to_owned(), offset, wanted })
}

fn first_word(sql: &str) -> &str {
    let end = sql.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(sql.len());
    sql.get(..end).unwrap_or_default()
}

/// Where the first semicolon outside strings and quoted names stands.
fn semicolon(sql: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in sql.char_indices() {
        match (quote, character) {
            (None, ';') => return Some(at),
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}
