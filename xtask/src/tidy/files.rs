//! How files begin, and how long they may be.
//!
//! Hides: where the production part of a file ends.
//! Knows nothing of: what they say.

use super::Source;

/// The longest production part of a Rust file.
const RUST_LINES_MAX: usize = 500;

/// The longest component of the console.
const COMPONENT_LINES_MAX: usize = 250;

/// The longest kernel program: it is one translation unit.
const KERNEL_LINES_MAX: usize = 600;

/// The longest `ARCHITECTURE.md`.
const ARCHITECTURE_LINES_MAX: usize = 300;

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(|source| [header(source), length(source)]).flatten().collect()
}

fn header(source: &Source) -> Option<String> {
    if !source.path.ends_with(".rs") {
        return None;
    }
    let first = source.text.lines().next().unwrap_or_default();
    let is_sentence = first.starts_with("//! ") && first.len() > "//! ".len() + 10;
    if !is_sentence {
        return Some(format!("{}: starts without `//!` and a sentence that says what it is", source.path));
    }
    let head: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let says = |start: &str| head.iter().any(|line| line.starts_with(&format!("//! {start}")));
    let needs_more = source.path.contains("/src/") && !is_test(&source.path) && !is_operation(&source.path);
    if needs_more && !(says("Hides:") && says("Knows nothing of:")) {
        return Some(format!("{}: its header does not say `Hides:` and `Knows nothing of:`", source.path));
    }
    None
}

fn length(source: &Source) -> Option<String> {
    let path = source.path.as_str();
    let (lines, most) = match path.rsplit_once('.').map(|(_, extension)| extension)? {
        "rs" if is_test(path) => return None,
        "rs" => (production_lines(&source.text), RUST_LINES_MAX),
        "ts" | "tsx" if path.contains(".test.") || path.contains("/test/") || path.contains("/words/") => {
            return None;
        }
        "ts" | "tsx" => (source.text.lines().count(), COMPONENT_LINES_MAX),
        "c" | "h" => (source.text.lines().count(), KERNEL_LINES_MAX),
        "md" if path == "ARCHITECTURE.md" => (source.text.lines().count(), ARCHITECTURE_LINES_MAX),
        _ => return None,
    };
    (lines > most).then(|| format!("{path}: {lines} lines, at most {most}: split it by concept"))
}

/// Lines before the tests at the foot of a file.
fn production_lines(text: &str) -> usize {
    text.lines().position(|line| line == "#[cfg(test)]").unwrap_or_else(|| text.lines().count())
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs")
        || path.contains("/tests/")
        || path.starts_with("tests/")
        || path.contains("/benches/")
}

/// One operation a file: the table in `operation.rs` says for all of them what they hide.
fn is_operation(path: &str) -> bool {
    path.starts_with("crates/api/src/operation/") || path.starts_with("crates/server/src/handle/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_says_what_it_is_hides_and_does_not_know() {
        let bare = source("crates/flow/src/a.rs", "use std::fmt;\n");
        assert!(header(&bare).is_some_and(|finding| finding.contains("starts without")));
        let short = source("crates/flow/src/a.rs", "//! The words of it.\n");
        assert!(header(&short).is_some_and(|finding| finding.contains("Hides:")));
        let whole = "//! The words of it.\n//!\n//! Hides: a.\n//! Knows nothing of: b.\n";
        assert_eq!(header(&source("crates/flow/src/a.rs", whole)), None);
    }

    #[test]
    fn only_the_part_before_the_tests_counts() {
        let line = "a\n";
        let text = format!("{}#[cfg(test)]\n{}", line.repeat(500), line.repeat(500));
        assert_eq!(length(&source("crates/flow/src/a.rs", &text)), None);
        assert!(length(&source("crates/flow/src/a.rs", &line.repeat(501))).is_some());
    }
}
