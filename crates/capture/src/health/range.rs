//! How many ports the gateway's rules let translation choose from.
//!
//! Hides: how rules are read, and how they name ports.
//! Knows nothing of: which rule translates what: of several ranges the widest counts.

use std::process::Command;

use serde_json::Value;

use crate::health::PORTS_AVAILABLE;
use crate::namespace::Namespace;

/// The statements that translate the source.
const TRANSLATING: [&str; 2] = ["masquerade", "snat"];

/// How many there are; [`PORTS_AVAILABLE`] when no rule can be read.
pub(super) fn ports_available(namespace: &Namespace) -> u32 {
    let output = namespace.run(|| Command::new("nft").args(["-j", "list", "ruleset"]).output());
    let rules =
        output.ok().and_then(Result::ok).and_then(|output| serde_json::from_slice(&output.stdout).ok());
    rules.as_ref().and_then(widest).unwrap_or(PORTS_AVAILABLE)
}

/// The widest range of all translating rules; `None` when there is no such rule.
fn widest(rules: &Value) -> Option<u32> {
    let listed = rules.get("nftables")?.as_array()?;
    let statements = listed.iter().filter_map(|item| item.get("rule")?.get("expr")?.as_array()).flatten();
    let translating =
        statements.filter_map(|statement| TRANSLATING.iter().find_map(|name| statement.get(name)));
    translating.map(|statement| ports(statement.get("port"))).max()
}

fn ports(named: Option<&Value>) -> u32 {
    let bound = |bound: &Value| bound.as_u64().and_then(|port| u16::try_from(port).ok());
    match named {
        Some(Value::Number(_)) => 1,
        Some(range) => match range.get("range").and_then(Value::as_array).map(Vec::as_slice) {
            Some([first, last]) => bound(first)
                .zip(bound(last))
                .map_or(PORTS_AVAILABLE, |(first, last)| u32::from(last.saturating_sub(first)) + 1),
            _ => PORTS_AVAILABLE,
        },
        None => PORTS_AVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available(statements: &[&str]) -> Option<u32> {
        let rules = statements.iter().map(|statement| format!(r#"{{"rule":{{"expr":[{statement}]}}}}"#));
        let text = format!(r#"{{"nftables":[{{"table":{{}}}},{}]}}"#, rules.collect::<Vec<_>>().join(","));
        widest(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn the_widest_range_counts_and_no_range_is_the_widest() {
        let narrow = r#"{"masquerade":{"port":{"range":[40000,40002]}}}"#;
        let wide = r#"{"snat":{"addr":"203.0.113.1","port":{"range":[2000,60000]}}}"#;
        assert_eq!(available(&[narrow]), Some(3));
        assert_eq!(available(&[narrow, wide, r#"{"accept":null}"#]), Some(58_001));
        assert_eq!(available(&[r#"{"masquerade":{"port":5000}}"#]), Some(1));
        assert_eq!(available(&[narrow, r#"{"masquerade":null}"#]), Some(PORTS_AVAILABLE));
        assert_eq!(available(&[r#"{"drop":null}"#]), None);
    }
}
