//! Reads what `nft -j list ruleset` prints.
//!
//! Hides: the shape of that JSON.
//! Knows nothing of: packets.

use std::collections::HashMap;

use serde_json::Value;

use crate::ruleset::Ruleset;
use crate::ruleset::condition::{Condition, VerdictMap};

/// Where chains, sets and rules live: names mean something only inside their table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) family: String,
    pub(super) table: String,
}

/// A chain; one with a hook is entered by packets, others by jumps.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) hook: Option<String>,
    pub(super) priority: i64,
    pub(super) policy_drops: bool,
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) place: Place,
    pub(super) chain: String,
    pub(super) statements: Vec<Statement>,
    handle: u64,
    comment: Option<String>,
    log_prefix: Option<String>,
}

/// A part of a rule.
#[derive(Debug)]
pub(super) enum Statement {
    Condition(Condition),
    /// It may let the packet on to the next statement or not, and nobody knows.
    Undecidable,
    Verdict(Verdict),
    VerdictMap(VerdictMap),
}

/// What a rule does with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    Refuse,
    Return,
    Jump(String),
    Goto(String),
}

/// Elements of named sets and maps.
pub(super) type Elements = HashMap<String, Vec<Value>>;
/// The same for every table.
pub(super) type Sets = HashMap<Place, Elements>;

/// Statements that neither decide nor test anything.
const NEUTRAL: &[&str] = &[
    "counter",
    "log",
    "mangle",
    "notrack",
    "masquerade",
    "snat",
    "dnat",
    "redirect",
    "flow",
    "ct helper",
    "set",
    "map",
    "dup",
    "tproxy",
];

pub(super) fn parse(json: &[u8]) -> Result<Ruleset, serde_json::Error> {
    let whole: Value = serde_json::from_slice(json)?;
    let mut ruleset = Ruleset::default();
    for item in whole.get("nftables").and_then(Value::as_array).into_iter().flatten() {
        let Some((kind, body)) = item.as_object().and_then(|object| object.iter().next()) else { continue };
        match kind.as_str() {
            "chain" => ruleset.chains.extend(chain(body)),
            "rule" => ruleset.rules.extend(rule(body)),
            "set" | "map" => add_set(&mut ruleset.sets, body),
            _ => {}
        }
    }
    Ok(ruleset)
}

impl Ruleset {
    /// The named sets that a rule can mean.
    pub(super) fn sets_of(&self, rule: &Rule) -> Option<&Elements> {
        self.sets.get(&rule.place)
    }
}

impl Rule {
    pub(super) fn is_in(&self, chain: &Chain) -> bool {
        self.place == chain.place && self.chain == chain.name
    }

    /// Its comment, else its log prefix, else where it stands.
    pub(super) fn name(&self) -> String {
        let written = self.comment.as_deref().or(self.log_prefix.as_deref());
        written.and_then(written_name).map_or_else(
            || format!("{}/{} handle {}", self.place.table, self.chain, self.handle),
            str::to_owned,
        )
    }

    /// Whether it logs, and with this prefix.
    pub(super) fn logs_under(&self, prefix: &str) -> bool {
        self.log_prefix.as_deref() == Some(prefix)
    }

    /// Whether it tests for the connection state `invalid` and no other.
    pub(super) fn wants_invalid(&self) -> bool {
        self.statements.iter().any(
            |statement| matches!(statement, Statement::Condition(condition) if condition.wants_only_invalid()),
        )
    }
}

/// The name in a comment or a log prefix, without the punctuation that parts it from what is logged.
pub(super) fn written_name(text: &str) -> Option<&str> {
    Some(text.trim_end_matches([' ', ':'])).filter(|name| !name.is_empty())
}

/// A verdict as an expression: `{"drop": null}`, `{"jump": {"target": "c"}}`.
pub(super) fn verdict(value: &Value) -> Option<Verdict> {
    let (word, body) = value.as_object()?.iter().next()?;
    let target = || Some(body.get("target")?.as_str()?.to_owned());
    Some(match word.as_str() {
        "accept" => Verdict::Accept,
        "drop" | "reject" => Verdict::Refuse,
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(target()?),
        "goto" => Verdict::Goto(target()?),
        _ => return None,
    })
}

fn place(body: &Value) -> Option<Place> {
    Some(Place { family: text(body, "family")?, table: text(body, "table")? })
}

fn text(body: &Value, key: &str) -> Option<String> {
    body.get(key)?.as_str().map(str::to_owned)
}

fn chain(body: &Value) -> Option<Chain> {
    Some(Chain {
        place: place(body)?,
        name: text(body, "name")?,
        hook: text(body, "hook"),
        priority: body.get("prio").and_then(Value::as_i64).unwrap_or(0),
        policy_drops: body.get("policy").and_then(Value::as_str) == Some("drop"),
    })
}

fn add_set(sets: &mut Sets, body: &Value) {
    let (Some(place), Some(name)) = (place(body), text(body, "name")) else { return };
    let elements = body.get("elem").and_then(Value::as_array).cloned().unwrap_or_default();
    sets.entry(place).or_default().insert(name, elements);
}

fn rule(body: &Value) -> Option<Rule> {
    let expressions = body.get("expr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(Rule {
        place: place(body)?,
        chain: text(body, "chain")?,
        statements: expressions.iter().filter_map(statement).collect(),
        handle: body.get("handle").and_then(Value::as_u64).unwrap_or(0),
        comment: text(body, "comment"),
        log_prefix: expressions.iter().find_map(|expression| text(expression.get("log")?, "prefix")),
    })
}

fn statement(expression: &Value) -> Option<Statement> {
    if let Some(verdict) = verdict(expression) {
        return Some(Statement::Verdict(verdict));
    }
    let (word, body) = expression.as_object()?.iter().next()?;
    match word.as_str() {
        "match" => Some(Condition::parse(body).map_or(Statement::Undecidable, Statement::Condition)),
        "vmap" => Some(VerdictMap::parse(body).map_or(Statement::Undecidable, Statement::VerdictMap)),
        neutral if NEUTRAL.contains(&neutral) => None,
        _ => Some(Statement::Undecidable),
    }
}
