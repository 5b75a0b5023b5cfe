//! Writes the reference of searches from the cases that test the language.
//!
//! Hides: the form of the page.
//! Knows nothing of: what the searches mean; the cases say it.

use std::path::Path;

use super::cases::{self, Case};
use crate::command::Failure;

/// The files of cases in the order of the page, with their titles.
const FILES: &[(&str, &str)] = &[
    ("filters", "Fields"),
    ("addresses", "Addresses"),
    ("ranges", "Ranges"),
    ("full_text", "Words without a field"),
    ("precedence", "And, or, not"),
    ("lucene", "The older rules: Lucene"),
    ("meaning", "Which records are found"),
    ("sql", "Where SQL begins"),
    ("errors", "Mistakes"),
];

/// The page as Markdown.
pub(super) fn page(root: &Path) -> Result<String, Failure> {
    let mut page = String::from(
        "<!-- Made by `cargo xtask generate` from `fixtures/query/`. -->\n\n# Searches\n\nEvery example is a case that \
         tests the language. What a search means is written as operators before\ntheir operands; mistakes are told with \
         line and column. The [guide](../guide/search.md) says the same in words.\n",
    );
    for (name, title) in FILES {
        page += &format!("\n## {title}\n");
        for section in cases::read(&root.join("fixtures/query").join(format!("{name}.golden")))? {
            let (records, cases): (Vec<Case>, Vec<Case>) =
                section.cases.into_iter().partition(|case| case.keyword == "record");
            page += &format!("\n{}\n\n", section.remark);
            if !records.is_empty() {
                let lines: String = records.iter().map(|case| format!("{}\n", case.asked)).collect();
                page += &format!("```text\n{lines}```\n\n");
            }
            if !cases.is_empty() {
                page += "| search | is understood as |\n|---|---|\n";
            }
            page += &cases.iter().map(row).collect::<String>();
        }
    }
    Ok(page)
}

fn row(case: &Case) -> String {
    let answers = case.answers.iter().map(|(keyword, text)| match keyword.as_str() {
        "finds" => format!("finds {text}"),
        "error" => text.clone(),
        "sql" => format!("SQL {}", code(text)),
        "explain" => format!("what SQL {} would read", code(text)),
        _ => code(text),
    });
    let answers: Vec<String> = answers.map(|answer| answer.replace('|', "\\|")).collect();
    format!("| {} | {} |\n", code(&case.asked).replace('|', "\\|"), answers.join("; "))
}

/// Text as code, whatever it contains.
fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    match text.trim() {
        "" => "(nothing)".to_owned(),
        text if text.contains('`') => format!("`` {text} ``"),
        text => format!("`{text}`"),
    }
}
