//! Regular expressions for whole words.
//!
//! Hides: the library that matches them, and how much memory one may take.
//! Knows nothing of: fields, grammar; the slashes around an expression are the lexer's.

use std::fmt;
use std::hash::{Hash, Hasher};

use regex::{Regex, RegexBuilder};

use crate::index::Case;

/// The most memory that one compiled expression may take. Unit: bytes.
///
/// Room for some hundred characters with classes and repetitions; `(a{1000}){1000}` does not fit.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

/// A regular expression that the whole of a word must match.
///
/// Syntax: the crate `regex`, which SQL uses as well. It needs time linear in the word, whatever the expression.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    exact: Regex,
    any_case: Regex,
}

/// An expression that cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPattern {
    #[error("the regular expression is wrong: {reason}")]
    Wrong { reason: String },
    #[error("the regular expression is too large: repeat less, or use several conditions")]
    TooLarge,
    #[error(
        "the regular expression is empty: write what the word looks like, or ask for the field with `:\"\"`"
    )]
    Empty,
}

impl Pattern {
    pub(crate) fn new(source: &str) -> Result<Self, InvalidPattern> {
        if source.is_empty() {
            return Err(InvalidPattern::Empty);
        }
        // Alone first: what is put around it could close a parenthesis that it does not open.
        compiled(source, Case::Sensitive)?;
        let whole = format!(r"\A(?:{source})\z");
        Ok(Self {
            source: source.to_owned(),
            exact: compiled(&whole, Case::Sensitive)?,
            any_case: compiled(&whole, Case::Insensitive)?,
        })
    }

    /// The expression as it was written, without slashes.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str, case: Case) -> bool {
        match case {
            Case::Sensitive => self.exact.is_match(text),
            Case::Insensitive => self.any_case.is_match(text),
        }
    }
}

fn compiled(source: &str, case: Case) -> Result<Regex, InvalidPattern> {
    let built = RegexBuilder::new(source)
        .case_insensitive(case == Case::Insensitive)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build();
    built.map_err(|error| {
        if matches!(error, regex::Error::CompiledTooBig(_)) {
            return InvalidPattern::TooLarge;
        }
        // The library draws the expression first; the last line says what is wrong.
        let drawn = error.to_string();
        let reason = drawn.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        InvalidPattern::Wrong { reason }
    })
}

impl fmt::Display for Pattern {
    /// With the slashes around it, and those inside escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        let mut escaped = false;
        for character in self.source.chars() {
            if character == '/' && !escaped {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
            escaped = character == '\\' && !escaped;
        }
        f.write_str("/")
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({self})")
    }
}

// Equal sources are compiled equally.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_matches_whole_words() {
        let pattern = Pattern::new("eni-(lan|wan)").unwrap();
        assert!(pattern.matches("eni-wan", Case::Sensitive));
        assert!(!pattern.matches("eni-wan7", Case::Sensitive));
        assert!(!pattern.matches("ENI-WAN", Case::Sensitive));
        assert!(pattern.matches("ENI-WAN", Case::Insensitive));
    }

    #[test]
    fn what_cannot_be_matched_is_told() {
        for (source, said) in [
            ("a)(b", "the regular expression is wrong: unopened group"),
            ("a(b", "the regular expression is wrong: unclosed group"),
            ("(a{1000}){1000}", "too large"),
            ("", "the regular expression is empty"),
        ] {
            let error = Pattern::new(source).unwrap_err().to_string();
            assert!(error.contains(said), "{source}: {error}");
        }
    }
}
