//! Words to look for in text: exact ones, ones with wildcards, patterns, and several in a row.
//!
//! Hides: how a spelled value is cut into words, and how a wildcard is compared.
//! Knows nothing of: fields, grammar, quotes and escapes.

use std::fmt;

use crate::index::{Case, Delimiters};
use crate::pattern::Pattern;

/// One or more words that follow each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phrase {
    words: Vec<Word>,
    separator: Option<char>,
}

/// One word to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// The whole word is this.
    Exact(String),
    /// The whole word looks like this.
    Wildcard(Wildcard),
    /// The whole word matches this.
    Pattern(Pattern),
}

/// A word in which `*` stands for any characters and `?` for one; it does not start with either.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wildcard(Vec<Glyph>);

/// A part of a wildcard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// These characters.
    Literal(String),
    /// `*`: any number of any characters.
    AnyRun,
    /// `?`: any one character.
    AnyOne,
}

impl Phrase {
    /// The words, at least one, in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// A delimiter that stood between words; `None` when there was none, as for a single word and between Chinese.
    pub fn separator(&self) -> Option<char> {
        self.separator
    }

    /// Whether `text`, cut by `delimiters`, has the words in a row.
    pub fn is_in(&self, text: &str, delimiters: &Delimiters, case: Case) -> bool {
        let present: Vec<&str> = delimiters.words(text).collect();
        present
            .windows(self.words.len())
            .any(|run| run.iter().zip(&self.words).all(|(present, wanted)| wanted.matches(present, case)))
    }
}

impl From<Word> for Phrase {
    fn from(word: Word) -> Self {
        Self { words: vec![word], separator: None }
    }
}

impl Word {
    /// Whether the whole of `text` is this word.
    pub fn matches(&self, text: &str, case: Case) -> bool {
        match self {
            Self::Exact(word) => {
                word == text || (case == Case::Insensitive && lower(word.chars()).eq(lower(text.chars())))
            }
            Self::Wildcard(wildcard) => wildcard.matches(text, case),
            Self::Pattern(pattern) => pattern.matches(text, case),
        }
    }
}

impl Wildcard {
    /// The parts in order: no two literals and no two runs stand side by side, and the first is a literal.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for glyph in &self.0 {
            match (glyph, pieces.last_mut()) {
                (Glyph::Char(c), Some(Piece::Literal(text))) => text.push(*c),
                (Glyph::Char(c), _) => pieces.push(Piece::Literal(c.to_string())),
                (Glyph::AnyRun, Some(Piece::AnyRun)) => {}
                (Glyph::AnyRun, _) => pieces.push(Piece::AnyRun),
                (Glyph::AnyOne, _) => pieces.push(Piece::AnyOne),
            }
        }
        pieces
    }

    /// What every matching text starts with; not empty.
    pub fn prefix(&self) -> String {
        self.0.iter().map_while(|glyph| glyph.char()).collect()
    }

    /// Whether the whole of `text` looks like this. Takes at most the product of both lengths in steps.
    pub fn matches(&self, text: &str, case: Case) -> bool {
        let text: Vec<char> = text.chars().collect();
        let same = |glyph: &Glyph, c: char| match glyph {
            Glyph::Char(wanted) => {
                *wanted == c || (case == Case::Insensitive && wanted.to_lowercase().eq(c.to_lowercase()))
            }
            Glyph::AnyOne => true,
            Glyph::AnyRun => false,
        };
        let (mut at, mut glyph) = (0, 0);
        let mut last_run = None;
        while let Some(&character) = text.get(at) {
            match self.0.get(glyph) {
                Some(Glyph::AnyRun) => {
                    last_run = Some((glyph, at));
                    glyph += 1;
                }
                Some(wanted) if same(wanted, character) => (at, glyph) = (at + 1, glyph + 1),
                _ => match last_run {
                    // The run takes one character more, and the rest is tried again.
                    Some((run, from)) => {
                        last_run = Some((run, from + 1));
                        (at, glyph) = (from + 1, run + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0.iter().skip(glyph).all(|rest| *rest == Glyph::AnyRun)
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_glyphs(&self.0, f)
    }
}

fn lower(text: std::str::Chars<'_>) -> impl Iterator<Item = char> {
    text.flat_map(char::to_lowercase)
}

/// A value as it was written, escapes resolved: characters and wildcards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelled(pub(crate) Vec<Glyph>);

/// One character of a value, or a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Glyph {
    Char(char),
    AnyRun,
    AnyOne,
}

impl Glyph {
    fn char(self) -> Option<char> {
        match self {
            Self::Char(c) => Some(c),
            Self::AnyRun | Self::AnyOne => None,
        }
    }
}

/// A word starts with a wildcard; then nothing narrows the search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartsWithWildcard;

impl Spelled {
    /// `*`.
    pub(crate) fn star() -> Self {
        Self(vec![Glyph::AnyRun])
    }

    /// The text, if it has no wildcard.
    pub(crate) fn literal(&self) -> Option<String> {
        self.0.iter().map(|glyph| glyph.char()).collect()
    }

    /// Whether it is `*`.
    pub(crate) fn is_star(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|glyph| *glyph == Glyph::AnyRun)
    }

    /// The words between delimiters, in order; possibly none.
    pub(crate) fn words(&self, delimiters: &Delimiters) -> Result<Vec<Word>, StartsWithWildcard> {
        let separates = |glyph: &Glyph| glyph.char().is_some_and(|c| delimiters.separate(c));
        // A wildcard stays with what stands before it.
        let joined = |before: &Glyph, behind: &Glyph| match (before.char(), behind.char()) {
            (Some(before), Some(behind)) => !delimiters.part(before, behind),
            (None, Some(behind)) => !delimiters.part(behind, behind),
            (_, None) => true,
        };
        let runs = self.0.split(separates).flat_map(|run| run.chunk_by(joined));
        runs.filter(|word| !word.is_empty()).map(word).collect()
    }

    /// The words in a row, or `None` when there is none.
    pub(crate) fn phrase(&self, delimiters: &Delimiters) -> Result<Option<Phrase>, StartsWithWildcard> {
        let words = self.words(delimiters)?;
        let mut characters = self.0.iter().filter_map(|glyph| glyph.char());
        let separator = match words.len() {
            0 => return Ok(None),
            1 => None,
            _ => characters.find(|c| delimiters.separate(*c)),
        };
        Ok(Some(Phrase { words, separator }))
    }
}

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_glyphs(&self.0, f)
    }
}

fn word(glyphs: &[Glyph]) -> Result<Word, StartsWithWildcard> {
    if glyphs.first().is_some_and(|first| first.char().is_none()) {
        return Err(StartsWithWildcard);
    }
    if let Some(text) = glyphs.iter().map(|glyph| glyph.char()).collect() {
        return Ok(Word::Exact(text));
    }
    let mut glyphs = glyphs.to_vec();
    glyphs.dedup_by(|next, before| *next == Glyph::AnyRun && *before == Glyph::AnyRun);
    Ok(Word::Wildcard(Wildcard(glyphs)))
}

fn write_glyphs(glyphs: &[Glyph], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    glyphs.iter().try_for_each(|glyph| match glyph {
        Glyph::Char(c) => write!(f, "{c}"),
        Glyph::AnyRun => f.write_str("*"),
        Glyph::AnyOne => f.write_str("?"),
    })
}
