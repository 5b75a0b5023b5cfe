//! Writes the files that are made from others, and finds those that are stale.
//!
//! Hides: which file comes from what.
//! Knows nothing of: what stands in them.

mod cases;
mod fields;
mod functions;
mod searches;
mod sql_words;

use std::path::Path;
use std::process::Command;

use crate::ci;
use crate::command::{Failure, output, run};

/// The description of the API, made from the operation table.
const OPENAPI: &str = "docs/reference/openapi.json";

/// The documentation of the configuration, made from the comments of the configuration itself.
const CONFIG: &str = "docs/reference/config.md";

/// The fields of a record, made from the field table.
const FIELDS: &str = "docs/reference/fields.md";

/// The functions of SQL, made from the function table and its cases.
const FUNCTIONS: &str = "docs/reference/functions.md";

/// The numbers of an agent, made from what it writes.
const AGENT_METRICS: &str = "docs/reference/agent-metrics.md";

/// What can be searched, made from the cases of the language.
const SEARCHES: &str = "docs/reference/searches.md";

/// The words and functions of SQL, made from the tables of the language.
const SQL_WORDS: &str = "console/src/query/sql-words.ts";

/// Writes every generated file.
pub(crate) fn write(root: &Path) -> Result<(), Failure> {
    for (path, text) in texts(root)? {
        let path = root.join(path);
        std::fs::write(&path, text).map_err(Failure::file("write", path))?;
    }
    let console = root.join("console");
    ci::install_console(root)?;
    run(Command::new("npm").current_dir(console).args(["run", "--silent", "generate"]))
}

/// Fails when a generated file does not fit its source. The console's own tests compare its types.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let mut stale = Vec::new();
    for (path, text) in texts(root)? {
        let kept = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        if kept != text {
            stale.push(path.to_owned());
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(Failure::Stale { paths: stale }) }
}

fn texts(root: &Path) -> Result<[(&'static str, String); 7], Failure> {
    ci::build(root)?;
    let config = output(Command::new(ci::program(root, "debug")?).args(["config", "--reference"]))?;
    Ok([
        (OPENAPI, api::openapi_json()),
        (CONFIG, config),
        (FIELDS, fields::page()),
        (FUNCTIONS, functions::page(root)?),
        (AGENT_METRICS, agent::metrics_reference()),
        (SEARCHES, searches::page(root)?),
        (SQL_WORDS, sql_words::file()),
    ])
}
