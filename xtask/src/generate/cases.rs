//! Reads the golden files, whose cases are the examples of the manual.
//!
//! Hides: how a golden file is written.
//! Knows nothing of: what the cases say.

use std::path::Path;

use crate::command::Failure;

/// Cases under one remark.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The lines that start with `#`, joined.
    pub(super) remark: String,
    pub(super) cases: Vec<Case>,
}

/// What was asked, and what was answered.
#[derive(Debug)]
pub(super) struct Case {
    /// For example `query` or `lucene`.
    pub(super) keyword: String,
    pub(super) asked: String,
    /// Keyword and text of each answer.
    pub(super) answers: Vec<(String, String)>,
}

/// Words that begin an answer; every other begins a case.
const ANSWERS: &[&str] = &["parsed", "sql", "explain", "error", "finds", "offers", "answer", "counts"];

/// The sections of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Section>, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::file("read", path))?;
    Ok(sections(&text))
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = vec![Section::default()];
    for line in text.lines() {
        let Some(section) = sections.last_mut() else { break };
        if let Some(remark) = line.strip_prefix("# ") {
            if section.cases.is_empty() {
                section.remark = format!("{} {remark}", section.remark).trim().to_owned();
            } else {
                sections.push(Section { remark: remark.to_owned(), cases: Vec::new() });
            }
            continue;
        }
        let (keyword, text) = line.split_at_checked(9).unwrap_or((line, ""));
        let keyword = keyword.trim_end();
        match (keyword, section.cases.last_mut()) {
            ("", None) => {}
            ("", Some(case)) if !text.is_empty() => {
                let last = case.answers.last_mut().map_or(&mut case.asked, |(_, text)| text);
                *last = format!("{last}\n{text}");
            }
            ("", Some(_)) => {}
            (answer, Some(case)) if ANSWERS.contains(&answer) => {
                case.answers.push((answer.to_owned(), text.to_owned()));
            }
            (asked, _) => section.cases.push(Case {
                keyword: asked.to_owned(),
                asked: text.to_owned(),
                answers: Vec::new(),
            }),
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_stand_under_their_remark_with_all_their_lines() {
        let text = "# One.\nquery    a AND\n         b\nparsed   x\n\n# Two.\nlucene   c\nerror    1:1 no\n";
        let sections = sections(text);
        assert_eq!(sections.len(), 2);
        assert_eq!((sections[0].remark.as_str(), sections[1].remark.as_str()), ("One.", "Two."));
        assert_eq!(sections[0].cases[0].asked, "a AND\nb");
        assert_eq!(sections[0].cases[0].answers, [("parsed".to_owned(), "x".to_owned())]);
        assert_eq!(sections[1].cases[0].keyword, "lucene");
    }
}
