//! The rooms and the arrows between them: who may depend on whom, and who alone may know what.
//!
//! Hides: how manifests are read.
//! Knows nothing of: what stands in the rooms.

use toml::{Table, Value};

use super::Source;

/// Each room and what it may depend on. A new arrow is a decision: change this table in its own commit.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("flow", &[]),
    ("window", &["flow"]),
    ("capture", &["flow"]),
    ("query", &["flow"]),
    ("store", &["flow"]),
    ("api", &["flow"]),
    ("engine", &["flow", "query", "store"]),
    ("agent", &["flow", "window", "capture", "api"]),
    ("server", &["flow", "query", "store", "api", "engine"]),
    ("natlens", &["flow", "window", "api", "agent", "server", "capture"]),
];

/// Rooms that may use every other and that no other uses, except in its tests.
const FOR_DEVELOPMENT: &[&str] = &["testkit", "xtask", "system-tests", "fuzz-targets", "natlens-fuzz"];

/// What one room knows alone: the dependency, and the rooms that may name it.
const ALONE: &[(&str, &[&str])] = &[
    ("datafusion", &["engine"]),
    ("arrow", &["store"]),
    ("parquet", &["store"]),
    ("rusqlite", &["store"]),
    ("axum", &["server"]),
    ("libbpf-rs", &["capture"]),
    ("tokio", &["agent", "engine", "server", "natlens"]),
];

/// What rooms without IO must not name.
const WITHOUT_IO: &[&str] = &["flow", "window", "query"];
const IO: &[&str] =
    &["std::fs", "std::net::Tcp", "std::net::Udp", "std::thread", "std::process", "std::env::", "SystemTime"];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let manifests = sources.iter().filter(|source| source.path.ends_with("/Cargo.toml"));
    let mut findings: Vec<String> = manifests.flat_map(manifest).collect();
    let is_pure = |source: &&Source| {
        WITHOUT_IO.iter().any(|room| source.path.starts_with(&format!("crates/{room}/src/")))
    };
    for source in sources.iter().filter(is_pure) {
        let production = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in IO.iter().filter(|word| production.contains(**word)) {
            findings.push(format!("{}: names `{word}`, but its room does no IO", source.path));
        }
    }
    findings
}

fn manifest(source: &Source) -> Vec<String> {
    let Ok(manifest) = source.text.parse::<Table>() else {
        return vec![format!("{}: is no TOML", source.path)];
    };
    let name = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    let Some(name) = name else { return Vec::new() };
    if FOR_DEVELOPMENT.contains(&name) {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(room, _)| *room == name) else {
        return vec![format!("{}: room `{name}` is not in the table of arrows", source.path)];
    };
    let mut findings = Vec::new();
    for dependency in dependencies(&manifest) {
        let is_room = MAY_DEPEND_ON.iter().any(|(room, _)| *room == dependency)
            || FOR_DEVELOPMENT.contains(&dependency.as_str());
        if is_room && !allowed.contains(&dependency.as_str()) {
            findings.push(format!("{}: `{name}` must not depend on `{dependency}`", source.path));
        }
        let owner = ALONE.iter().find(|(known, _)| *known == dependency);
        if let Some((_, rooms)) = owner
            && !rooms.contains(&name)
        {
            findings.push(format!("{}: only {} may depend on `{dependency}`", source.path, rooms.join(", ")));
        }
    }
    findings
}

/// Names of all dependencies that end up in the program: also those of one operating system.
fn dependencies(manifest: &Table) -> Vec<String> {
    let of = |table: Option<&Value>| -> Vec<String> {
        table.and_then(Value::as_table).map(|table| table.keys().cloned().collect()).unwrap_or_default()
    };
    let mut names = of(manifest.get("dependencies"));
    for target in
        manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|table| table.values())
    {
        names.extend(of(target.get("dependencies")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_manifest(text: &str) -> Vec<String> {
        manifest(&Source { path: "crates/x/Cargo.toml".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn a_room_that_looks_upwards_or_sideways_is_found() {
        let found = check_manifest("[package]\nname = \"store\"\n[dependencies]\nquery.workspace = true\n");
        assert_eq!(found, ["crates/x/Cargo.toml: `store` must not depend on `query`"]);
    }

    #[test]
    fn knowledge_of_one_room_stays_there() {
        let found =
            check_manifest("[package]\nname = \"agent\"\n[dependencies]\ndatafusion.workspace = true\n");
        assert_eq!(found, ["crates/x/Cargo.toml: only engine may depend on `datafusion`"]);
    }

    #[test]
    fn a_room_that_nobody_decided_upon_is_found() {
        let found = check_manifest("[package]\nname = \"misc\"\n");
        assert_eq!(found, ["crates/x/Cargo.toml: room `misc` is not in the table of arrows"]);
    }
}
