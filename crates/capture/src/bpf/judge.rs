//! Turns what the kernel counted into events: names, verdicts, reasons.
//!
//! Hides: which class of drop is which reason, and that the rules are asked only when something was filtered.
//! Knows nothing of: maps, windows, how rules are read.

use std::collections::HashMap;
use std::sync::Arc;

use flow::{Event, FlowKey, RejectReason, Rejection, Timestamp, Verdict};

use crate::bpf::layout::{Class, Entry, State};
use crate::namespace::Namespace;
use crate::ruleset::{Connection, Path, Refusal, Ruleset};

/// The kernel's number of the loopback interface, the same in every namespace.
const LOOPBACK: u32 = 1;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// The rules as they are while one delivery lasts.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Read at the first filtered packet; `None` inside when it could not be read.
    ruleset: Option<Option<Ruleset>>,
}

/// Judges entries.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    namespace: &'a Namespace,
    names: &'a HashMap<u32, Arc<str>>,
}

impl<'a> Judge<'a> {
    pub(super) const fn new(namespace: &'a Namespace, names: &'a HashMap<u32, Arc<str>>) -> Self {
        Self { namespace, names }
    }

    pub(super) fn event(&self, rules: &mut Rules, entry: Entry) -> Event {
        let verdict = match rejection(&entry) {
            None => Verdict::Accept,
            Some(Told::Class(reason)) => Verdict::Reject(Rejection { reason, rule: None }),
            Some(Told::AskRules { otherwise }) => Verdict::Reject(self.ask(rules, &entry, otherwise)),
        };
        let translated = (entry.class == Class::Tracked).then_some(entry.second);
        let has_left = verdict == Verdict::Accept;
        Event {
            key: FlowKey { protocol: entry.protocol, original: entry.original, translated },
            first: moment(entry.first),
            last: moment(entry.last.max(entry.first)),
            forward: entry.forward,
            reply: entry.reply,
            verdict,
            tcp_flags: entry.tcp_flags,
            interface_in: self.name(entry.ifindex_in),
            interface_out: if has_left { self.name(entry.ifindex_out) } else { None },
        }
    }

    fn name(&self, index: u32) -> Option<Arc<str>> {
        self.names.get(&index).map(Arc::clone)
    }

    fn ask(&self, rules: &mut Rules, entry: &Entry, otherwise: RejectReason) -> Rejection {
        let refusal = self.refusal(entry);
        let ruleset = rules.ruleset.get_or_insert_with(|| {
            Ruleset::read(self.namespace)
                .inspect_err(|error| tracing::warn!(%error, "refusals carry no rule"))
                .ok()
        });
        ruleset
            .as_ref()
            .and_then(|ruleset| ruleset.who_refused(&refusal))
            .unwrap_or(Rejection { reason: otherwise, rule: None })
    }

    /// The refused packets as the rules saw them.
    fn refusal(&self, entry: &Entry) -> Refusal {
        // Interfaces of an entry are in the initiator's direction; an entry of a refusal holds one direction only.
        let is_reply = entry.forward.packets == 0;
        let (index_in, index_out) = if is_reply {
            (entry.ifindex_out, entry.ifindex_in)
        } else {
            (entry.ifindex_in, entry.ifindex_out)
        };
        let path = match index_out {
            0 => Path::Unrouted,
            LOOPBACK => Path::ToGateway,
            _ => Path::Through,
        };
        Refusal {
            protocol: entry.protocol,
            tuple: entry.second,
            interface_in: self.name(index_in),
            interface_out: self.name(index_out),
            connection: match entry.state {
                State::Unsaid => None,
                State::New => Some(Connection::New),
                State::Established => Some(Connection::Established),
                State::Related => Some(Connection::Related),
                State::Untracked => Some(Connection::Untracked),
                State::NoEntry => Some(Connection::Invalid),
            },
            path,
        }
    }
}

enum Told {
    /// The class says it all.
    Class(RejectReason),
    /// The packet filter dropped it; when no rule can be found, it was `otherwise`.
    AskRules { otherwise: RejectReason },
}

fn rejection(entry: &Entry) -> Option<Told> {
    // Connection tracking looks before a route is chosen, and drops as a rule does when its table is full.
    let met_full_table = entry.state == State::NoEntry && entry.ifindex_out == 0;
    Some(match entry.class {
        Class::Tracked | Class::Untracked => return None,
        Class::Filtered if met_full_table => Told::AskRules { otherwise: RejectReason::TableFull },
        Class::Filtered => Told::AskRules { otherwise: RejectReason::Other },
        Class::NoPort => Told::Class(RejectReason::NoPort),
        Class::NoRoute => Told::Class(RejectReason::NoRoute),
        Class::Invalid => Told::Class(RejectReason::Invalid),
        Class::Other => Told::Class(RejectReason::Other),
    })
}

fn moment(nanos: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(nanos / NANOS_PER_MILLI).unwrap_or(i64::MAX))
}
