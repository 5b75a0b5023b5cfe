//! Checks the rules that no compiler checks.
//!
//! Hides: how files are found.
//! Knows nothing of: Rust beyond lines.

mod arrows;
mod files;
mod names;

use std::path::{Path, PathBuf};

use crate::command::Failure;

/// A file of the project, as the rules see it.
#[derive(Debug)]
pub(crate) struct Source {
    /// Below the root, with `/`.
    path: String,
    text: String,
}

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] = &["target", "node_modules", "dist", ".git", "demo-data", "test-results"];

/// Fails with one line for each broken rule.
pub(crate) fn tidy(root: &Path) -> Result<(), Failure> {
    let sources = sources(root)?;
    let mut findings = arrows::check(&sources);
    findings.extend(files::check(&sources));
    findings.extend(names::check(&sources));
    if findings.is_empty() { Ok(()) } else { Err(Failure::Untidy { findings }) }
}

fn sources(root: &Path) -> Result<Vec<Source>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(Failure::file("list", &folder))?;
        let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() && !SKIPPED.contains(&name.as_str()) {
                folders.push(path);
            } else if is_text(&name) {
                let text = std::fs::read_to_string(&path).map_err(Failure::file("read", &path))?;
                let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    Ok(found)
}

fn is_text(name: &str) -> bool {
    let extensions = [".rs", ".toml", ".ts", ".tsx", ".css", ".mjs", ".md", ".c", ".h"];
    extensions.iter().any(|extension| name.ends_with(extension)) && !name.ends_with(".d.ts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_tidy() {
        if let Err(error) = tidy(&crate::root()) {
            panic!("{error}");
        }
    }
}
