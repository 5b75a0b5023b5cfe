//! Writes the reference of the configuration from its comments.
//!
//! Hides: the form of the page.
//! Knows nothing of: what a key does.

use std::fmt::Write as _;

use serde::Serialize;

use super::part::Key;
use super::{AgentConfig, ClientConfig, LogConfig, ServerConfig};

const HEAD: &str = "\
<!-- Made by `cargo xtask generate` from the comments in `crates/natlens/src/config.rs`; change it there. -->

# Configuration

`natlens` reads `natlens.toml` in the folder that it is started in, or else `/etc/natlens/natlens.toml`;
`--config FILE` names another. Every key has a default, an unknown key is an error, and arguments win over the file.
`natlens --check` says whether a file is right, `natlens --print-config` prints what is in effect.
";

/// The page `docs/reference/config.md`.
pub(crate) fn config_reference() -> String {
    let mut page = HEAD.to_owned();
    table(&mut page, ServerConfig::TABLE, ServerConfig::ABOUT, ServerConfig::KEYS, &ServerConfig::default());
    table(&mut page, AgentConfig::TABLE, AgentConfig::ABOUT, AgentConfig::KEYS, &AgentConfig::default());
    table(&mut page, ClientConfig::TABLE, ClientConfig::ABOUT, ClientConfig::KEYS, &ClientConfig::default());
    table(&mut page, LogConfig::TABLE, LogConfig::ABOUT, LogConfig::KEYS, &LogConfig::default());
    page
}

fn table(page: &mut String, name: &str, about: &[&str], keys: &[Key], defaults: &impl Serialize) {
    let defaults = toml::Value::try_from(defaults).expect("defaults can be written as TOML");
    let mut write = |line: String| writeln!(page, "{line}").expect("a text takes every line");
    write(format!("\n## `[{name}]`\n\n{}\n", sentence(about)));
    write("| key | default | meaning |\n|---|---|---|".to_owned());
    for key in keys {
        let default = defaults.get(key.name).map_or("–".to_owned(), |value| format!("`{value}`"));
        write(format!("| `{}` | {default} | {} |", key.name, sentence(key.help)));
    }
}

/// The lines of a comment as one.
fn sentence(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
