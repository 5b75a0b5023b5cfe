//! Finds the packet-filter rule that refused a packet.
//!
//! Hides: how nftables orders hooks, chains and rules, what a rule's conditions mean, how a rule is named.
//! Knows nothing of: how a refusal was noticed.
//!
//! The kernel says that its packet filter dropped a packet, but not by which rule. So the rules are read and followed
//! with what is known of the packet. A condition that cannot be decided (a rate limit, a mark, TCP flags) makes a rule
//! possible: it is named when no rule refuses for certain. Only the rules of nftables are read; those that the command
//! `iptables` makes today are among them.
//!
//! A rule is named by its comment, else by its log prefix, else as `table/chain handle N`. It is in the style of a
//! security group when its comment, its log prefix or the name of its chain is the word `sg` or begins with it
//! (`sg-web`, `sg: web`), and in the style of a network ACL otherwise. A rule that refuses because of the state
//! `invalid` has the reason `INVALID`.

mod condition;
mod rule;

use std::io;
use std::process::Command;
use std::sync::Arc;

use flow::{RejectReason, Rejection, Tuple};

use crate::namespace::Namespace;
use crate::source::SourceError;
use condition::Truth;
use rule::{Chain, Rule, Statement, Verdict};

/// The deepest chain of jumps that is followed; the kernel's own limit.
const JUMPS_MAX: usize = 16;

/// The rules of a namespace.
#[derive(Debug, Default)]
pub(crate) struct Ruleset {
    chains: Vec<Chain>,
    rules: Vec<Rule>,
    sets: rule::Sets,
}

/// Packets that the packet filter refused, as its rules saw them.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) protocol: u8,
    pub(crate) tuple: Tuple,
    pub(crate) interface_in: Option<Arc<str>>,
    pub(crate) interface_out: Option<Arc<str>>,
    /// `None` when unknown.
    pub(crate) connection: Option<Connection>,
    pub(crate) path: Path,
}

/// How far the packets had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// Their route was not yet chosen.
    Unrouted,
    /// They were for the gateway itself.
    ToGateway,
    /// They were to be forwarded.
    Through,
}

/// What connection tracking thought of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    New,
    Established,
    Related,
    Untracked,
    Invalid,
}

impl Ruleset {
    /// Reads the rules of a namespace with the program `nft`.
    pub(crate) fn read(namespace: &Namespace) -> Result<Self, SourceError> {
        let fails =
            |source| SourceError::Facts { what: "the packet-filter rules (`nft -j list ruleset`)", source };
        let output =
            namespace.run(|| Command::new("nft").args(["-j", "list", "ruleset"]).output())?.map_err(fails)?;
        if !output.status.success() {
            return Err(fails(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())));
        }
        Self::parse(&output.stdout).map_err(|error| fails(error.into()))
    }

    /// Reads what `nft -j list ruleset` printed.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        rule::parse(json)
    }

    /// The rule that most probably refused the packets.
    pub(crate) fn who_refused(&self, refusal: &Refusal) -> Option<Rejection> {
        let hooks: &[&str] = match refusal.path {
            Path::Unrouted => &["prerouting"],
            Path::ToGateway => &["input"],
            Path::Through => &["forward", "postrouting"],
        };
        let mut walk = Walk { ruleset: self, refusal, possible: None };
        for chain in hooks.iter().flat_map(|hook| self.base_chains(hook, refusal)) {
            match walk.chain(chain, Truth::Yes, 0) {
                After::Refused(culprit) => return Some(self.rejection(culprit)),
                After::Next if chain.policy_drops => return Some(self.rejection(Culprit::Policy(chain))),
                After::Next | After::Accepted => {}
            }
        }
        walk.possible.map(|rule| self.rejection(Culprit::Rule(rule)))
    }

    /// The rule that logs under `prefix`; `None` when there is none, or several that are named differently.
    pub(crate) fn who_logs(&self, prefix: &str) -> Option<Rejection> {
        let mut named = self
            .rules
            .iter()
            .filter(|rule| rule.logs_under(prefix))
            .map(|rule| self.rejection(Culprit::Rule(rule)));
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    /// The chains that packets enter at `hook`, in the order of their priority.
    fn base_chains(&self, hook: &str, refusal: &Refusal) -> Vec<&Chain> {
        let family = if refusal.tuple.srcaddr.is_ipv4() { "ip" } else { "ip6" };
        let mut chains: Vec<&Chain> = self
            .chains
            .iter()
            .filter(|chain| chain.hook.as_deref() == Some(hook))
            .filter(|chain| chain.place.family == family || chain.place.family == "inet")
            .collect();
        chains.sort_by_key(|chain| chain.priority);
        chains
    }

    fn rejection(&self, culprit: Culprit<'_>) -> Rejection {
        let (chain, name, because_invalid) = match culprit {
            Culprit::Rule(rule) => (&rule.chain, rule.name(), rule.wants_invalid()),
            Culprit::Policy(chain) => {
                (&chain.name, format!("{}/{} policy", chain.place.table, chain.name), false)
            }
        };
        let reason = if because_invalid {
            RejectReason::Invalid
        } else if in_style(&name, "sg") || in_style(chain, "sg") {
            RejectReason::SecurityGroup
        } else {
            RejectReason::Acl
        };
        Rejection { reason, rule: Some(name.into()) }
    }
}

/// The rule that logs under `prefix`, when nothing else is known of it; `None` when the prefix says nothing.
pub(crate) fn rejection_by_prefix(prefix: &str) -> Option<Rejection> {
    let name = rule::written_name(prefix)?;
    let in_sg_style = in_style(name, "sg");
    let reason = if in_sg_style { RejectReason::SecurityGroup } else { RejectReason::Acl };
    Some(Rejection { reason, rule: Some(name.into()) })
}

#[derive(Clone, Copy)]
enum Culprit<'a> {
    Rule(&'a Rule),
    Policy(&'a Chain),
}

/// What becomes of a packet after a chain.
enum After<'a> {
    Next,
    Accepted,
    Refused(Culprit<'a>),
}

/// One packet's way through the rules.
struct Walk<'a> {
    ruleset: &'a Ruleset,
    refusal: &'a Refusal,
    /// The first rule that may have refused.
    possible: Option<&'a Rule>,
}

impl<'a> Walk<'a> {
    fn chain(&mut self, chain: &Chain, entered: Truth, depth: usize) -> After<'a> {
        let ruleset = self.ruleset;
        for rule in ruleset.rules.iter().filter(|rule| rule.is_in(chain)) {
            match self.rule(rule, entered, depth) {
                Step::NextRule => {}
                Step::Leave(after) => return after,
            }
        }
        After::Next
    }

    fn rule(&mut self, rule: &'a Rule, entered: Truth, depth: usize) -> Step<'a> {
        let mut truth = entered;
        for statement in &rule.statements {
            let verdict = match statement {
                Statement::Condition(condition) => {
                    truth = truth.min(condition.holds(self.refusal, self.ruleset.sets_of(rule)));
                    None
                }
                Statement::Undecidable => {
                    truth = truth.min(Truth::Maybe);
                    None
                }
                Statement::Verdict(verdict) => Some((truth, verdict.clone())),
                Statement::VerdictMap(map) => {
                    let (found, verdict) = map.look_up(self.refusal, self.ruleset.sets_of(rule));
                    verdict.map(|verdict| (truth.min(found), verdict))
                }
            };
            if truth == Truth::No {
                return Step::NextRule;
            }
            if let Some((truth, verdict)) = verdict {
                return self.verdict(rule, &verdict, truth, depth);
            }
        }
        Step::NextRule
    }

    fn verdict(&mut self, rule: &'a Rule, verdict: &Verdict, truth: Truth, depth: usize) -> Step<'a> {
        let certain = truth == Truth::Yes;
        match verdict {
            Verdict::Refuse if certain => Step::Leave(After::Refused(Culprit::Rule(rule))),
            Verdict::Refuse => {
                self.possible.get_or_insert(rule);
                Step::NextRule
            }
            Verdict::Accept if certain => Step::Leave(After::Accepted),
            Verdict::Return if certain => Step::Leave(After::Next),
            Verdict::Accept | Verdict::Return => Step::NextRule,
            Verdict::Jump(target) | Verdict::Goto(target) => {
                let chains = &self.ruleset.chains;
                let target = chains.iter().find(|chain| chain.place == rule.place && chain.name == *target);
                let after = match target {
                    Some(chain) if depth < JUMPS_MAX => self.chain(chain, truth, depth + 1),
                    Some(_) | None => After::Next,
                };
                match (after, verdict) {
                    (After::Next, Verdict::Goto(_)) if certain => Step::Leave(After::Next),
                    (After::Next, _) => Step::NextRule,
                    (decided, _) => Step::Leave(decided),
                }
            }
        }
    }
}

enum Step<'a> {
    NextRule,
    Leave(After<'a>),
}

/// Whether a name is the word `style`, or begins with it.
fn in_style(name: &str, style: &str) -> bool {
    let head = name.get(..style.len()).unwrap_or_default();
    let follows = name.get(style.len()..).unwrap_or_default().chars().next();
    head.eq_ignore_ascii_case(style) && follows.is_none_or(|letter| !letter.is_alphanumeric())
}

#[cfg(test)]
mod tests;
