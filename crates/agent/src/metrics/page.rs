//! The reference of an agent's numbers, made from what the agent writes.
//!
//! Hides: how the text is read back.
//! Knows nothing of: what the numbers say.

use std::fmt::Write as _;

use api::GatewayHealth;
use flow::Timestamp;

use super::AgentMetrics;

const HEAD: &str = "\
<!-- Made by `cargo xtask generate` from `crates/agent/src/metrics/text.rs`; change it there. -->

# Numbers of an agent

An agent tells these at `/metrics` of the address that [`agent.metrics_listen`](config.md) names, as OpenMetrics text. They begin at 0 with each
start of the process, but for those of the gateway, which are the kernel's. `packaging/natlens-alerts.yml` has rules for them, and the
[guide](../guide/agents.md) says what to do when one fires.

| name | kind | says |
|---|---|---|
";

/// The page `docs/reference/agent-metrics.md`.
pub fn metrics_reference() -> String {
    let metrics = AgentMetrics::default();
    metrics.note_health(GatewayHealth::default());
    let text = metrics.text(Timestamp::default()).expect("a text takes every number");
    let mut page = HEAD.to_owned();
    let told =
        |line: &'static str| text.lines().filter_map(move |found| found.strip_prefix(line)?.split_once(' '));
    for (name, help) in told("# HELP ") {
        let kind = told("# TYPE ").find(|(of, _)| *of == name).map_or("", |(_, kind)| kind);
        let total = if kind == "counter" { "_total" } else { "" };
        let (labels, help) = (labels(name), help.trim_end_matches('.'));
        writeln!(page, "| `{name}{total}`{labels} | {kind} | {help} |").expect("a text takes every line");
    }
    page
}

/// What tells the lines of a family apart.
fn labels(name: &str) -> &'static str {
    let is = |end: &str| name.ends_with(end);
    if is("_watching") {
        " by `version`, `source`, `variant`"
    } else if is("_degraded") {
        " by `what`"
    } else if is("_lost_packets") || is("_lost_bytes") || is("_lost_windows") {
        " by `cause`"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every name of a number in a text.
    fn named(text: &str) -> BTreeSet<&str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        text.split(|c| !is_part(c)).filter(|word| word.starts_with("natlens_agent_")).collect()
    }

    #[test]
    fn alert_rules_name_numbers_that_exist_and_the_guide_knows_every_rule() {
        let read = |path: &str| {
            std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let (rules, guide) = (read("packaging/natlens-alerts.yml"), read("docs/guide/agents.md"));
        let page = metrics_reference();
        let known = named(&page);
        let used = named(&rules);
        assert!(used.len() > 5, "{used:?}");
        for name in used {
            let name = name.trim_end_matches("_bucket");
            assert!(known.contains(name), "`{name}` is no number of an agent");
        }
        let alerts: Vec<&str> =
            rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
        assert!(alerts.len() > 5, "{alerts:?}");
        for alert in alerts {
            assert!(guide.contains(&format!("`{alert}`")), "docs/guide/agents.md does not know `{alert}`");
        }
    }

    #[test]
    fn the_reference_has_a_kind_and_a_sentence_for_every_number() {
        let page = metrics_reference();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `natlens")).collect();
        assert!(rows.len() > 30, "{page}");
        for row in rows {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            assert!(["counter", "gauge", "histogram"].contains(&cells[2]) && !cells[3].is_empty(), "{row}");
        }
    }
}
