//! Names and words that do not belong in the project.
//!
//! Hides: the list.
//! Knows nothing of: why a file is there.

use super::Source;

/// Rooms for leftovers: what fits none of the words is usually a missing word.
const LEFTOVERS: &[&str] =
    &["utils", "util", "common", "helpers", "helper", "misc", "types", "models", "mod", "lib2"];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .flat_map(|source| [file_name(source), unsafe_code(source)].into_iter().flatten().chain(todo(source)))
        .collect()
}

fn file_name(source: &Source) -> Option<String> {
    let is_code = [".rs", ".ts", ".tsx"].iter().any(|extension| source.path.ends_with(extension));
    let leftover = source.path.split(['/', '.']).find(|part| LEFTOVERS.contains(part)).filter(|_| is_code)?;
    Some(format!("{}: `{leftover}` is a room for leftovers: name the concept", source.path))
}

/// Only `capture` speaks to the kernel.
fn unsafe_code(source: &Source) -> Option<String> {
    let word = concat!("unsafe", " {");
    let outside = source.path.ends_with(".rs") && !source.path.starts_with("crates/capture/");
    (outside && source.text.contains(word))
        .then(|| format!("{}: unsafe code stands in `capture` only", source.path))
}

fn todo(source: &Source) -> Vec<String> {
    let word = concat!("TO", "DO");
    let is_code = [".rs", ".ts", ".tsx", ".c", ".h"].iter().any(|extension| source.path.ends_with(extension));
    if !is_code {
        return Vec::new();
    }
    let without_number = |line: &str| line.contains(word) && !line.contains(&format!("{word}(#"));
    let places = source.text.lines().enumerate().filter(|(_, line)| without_number(line));
    places
        .map(|(at, _)| format!("{}:{}: a {word} names its issue: `{word}(#12)`", source.path, at + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_for_leftovers_is_found() {
        let source = Source { path: "crates/flow/src/utils.rs".to_owned(), text: String::new() };
        assert_eq!(
            check(&[source]),
            ["crates/flow/src/utils.rs: `utils` is a room for leftovers: name the concept"]
        );
    }

    #[test]
    fn a_promise_names_its_issue() {
        let text = concat!("// TO", "DO: later\n// TO", "DO(#7): later\n").to_owned();
        let found = check(&[Source { path: "crates/flow/src/a.rs".to_owned(), text }]);
        assert_eq!(found.len(), 1);
    }
}
