//! Writes the reference of SQL's functions from the function table and its cases.
//!
//! Hides: the form of the page.
//! Knows nothing of: what the functions compute; the table says it, and the cases show it.

use std::path::Path;

use query::{FUNCTIONS, LEFT_OUT};

use super::cases::{self, Section};
use crate::command::Failure;

/// The page as Markdown.
pub(super) fn page(root: &Path) -> Result<String, Failure> {
    let mut page = String::from(
        "<!-- Made by `cargo xtask generate` from `crates/query/src/function/` and `fixtures/engine/functions/`. -->\n\n\
         # Functions of SQL\n\nThe examples are the cases that test the functions, over the records of\n\
         [`records.txt`](../../fixtures/engine/records.txt). How a statement stands behind a search says the\n\
         [guide](../guide/search.md).\n",
    );
    let folder = root.join("fixtures/engine/functions");
    for group in FUNCTIONS {
        page += &format!("\n## {}\n\n| function | gives |\n|---|---|\n", group.title);
        for function in group.functions {
            page += &format!("| `{}` | {} |\n", escaped(function.form), escaped(function.help));
        }
        page += &examples(&cases::read(&folder.join(format!("{}.golden", group.name)))?);
    }
    page += "\n## Statements\n";
    page += &examples(&cases::read(&folder.join("statement.golden"))?);
    page += "\n## What is left out\n\nThese published functions are refused with what to do instead.\n\n| function | instead |\n|---|---|\n";
    for left_out in LEFT_OUT {
        page += &format!("| `{}` | {} |\n", left_out.name, escaped(left_out.instead));
    }
    Ok(page)
}

fn examples(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        if !section.remark.is_empty() {
            text += &format!("\n{}\n", section.remark);
        }
        text += "\n```text\n";
        for case in &section.cases {
            text += &format!("{}\n", case.asked);
            for (_, answer) in &case.answers {
                text += &answer.lines().map(|line| format!("    {line}\n")).collect::<String>();
            }
        }
        text += "```\n";
    }
    text
}

/// Text inside a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
