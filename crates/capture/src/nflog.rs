//! Refusals from packets that the packet filter logs, where its programs cannot be watched in the kernel.
//!
//! Hides: how a log group is read, how its gaps are counted, that packets of one flow become one event.
//! Knows nothing of: conversations that pass; single attributes (`logged`).
//!
//! It knows what the operator's rules log to the group, and takes all of it for refused: give the group only to rules that
//! refuse. A packet is told of as the logging rule saw it.

pub(crate) mod logged;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use flow::{
    Counters, Event, FlowKey, LossCause, RejectReason, Rejection, Timestamp, Verdict, Window, WindowLength,
};

use crate::gateway;
use crate::losses::Losses;
use crate::namespace::Namespace;
use crate::netlink::{Netlink, Request};
use crate::pcap::packet::{Packet, Unreadable};
use crate::ruleset::{Path, Refusal, Ruleset, rejection_by_prefix};
use crate::source::{Progress, Rest, Source, SourceError};
use logged::{Hook, KIND_CONFIGURE, KIND_PACKET, Logged, configuration};

/// How often the group is read.
const LISTEN_EVERY: Duration = Duration::from_millis(100);

/// Room for messages that wait to be read, about 100 000 packets; the kernel takes memory as messages come.
const SOCKET_BUFFER_BYTES_DEFAULT: usize = 32 * 1024 * 1024;

/// The most flows that are summed between two polls, about 100 MB; what is beyond counts as lost.
const FLOWS_MAX: usize = 262_144;

/// Which packets to read.
#[derive(Clone, Debug)]
pub struct NflogSettings {
    /// A namespace as `ip netns list` names it; `None` watches that of the process.
    pub network_namespace: Option<String>,
    /// How long a window is.
    pub window: WindowLength,
    /// The group that refusing rules log to, as in `log group 5`.
    pub group: u16,
    /// Room for messages that wait to be read.
    pub socket_buffer_bytes: usize,
}

impl Default for NflogSettings {
    fn default() -> Self {
        Self {
            network_namespace: None,
            window: WindowLength::default(),
            group: 0,
            socket_buffer_bytes: SOCKET_BUFFER_BYTES_DEFAULT,
        }
    }
}

/// Refusals from a log group. What is watched ends with this value.
#[derive(Debug)]
pub struct Nflog {
    namespace: Namespace,
    netlink: Netlink,
    names: HashMap<u32, Arc<str>>,
    /// The first window that is not delivered.
    next: Window,
    /// The number that the next packet has if none is lost; `None` before the first.
    expected: Option<u32>,
    sums: Sums,
    losses: Losses,
}

impl Nflog {
    /// Begins to read the group. Needs CAP_NET_ADMIN, and CAP_SYS_ADMIN to enter another namespace.
    pub fn open(settings: &NflogSettings, now: Timestamp) -> Result<Self, SourceError> {
        let namespace = Namespace::find(settings.network_namespace.as_deref())?;
        let fails = |source| SourceError::LogGroup { group: settings.group, source };
        let mut netlink = Netlink::open(&namespace, 0)?.map_err(fails)?;
        netlink.set_room(settings.socket_buffer_bytes).map_err(fails)?;
        netlink.go_on_after_overrun().map_err(fails)?;
        let attributes = configuration();
        let attributes: Vec<(u16, &[u8])> =
            attributes.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        let bind = Request { kind: KIND_CONFIGURE, resource: settings.group, attributes: &attributes };
        netlink.ask(&bind).map_err(fails)?;
        let next = settings.window.window_of(now);
        let mut losses = Losses::default();
        losses.add(next, LossCause::NotWatching, 0);
        let names = names(&namespace)?;
        Ok(Self { namespace, netlink, names, next, expected: None, sums: Sums::default(), losses })
    }

    /// Reads what was logged until `now`; what says no time of its own counts as of `otherwise`.
    fn listen(&mut self, current: Window, otherwise: Timestamp) -> Result<(), SourceError> {
        let fails = |source: io::Error| SourceError::Netfilter { deed: "read the log group", source };
        let Self { namespace, netlink, names, next, expected, sums, losses } = self;
        let mut judge = Judge { namespace, ruleset: None, by_prefix: HashMap::new() };
        let name = |index: u32| names.get(&index).map(Arc::clone);
        netlink
            .listen(|message| {
                let Some(logged) = Logged::read(message.body).filter(|_| message.kind == KIND_PACKET) else {
                    return;
                };
                let last_moment = Timestamp::from_millis(current.end().millis() - 1);
                let at = logged.time.unwrap_or(otherwise).clamp(next.start(), last_moment);
                let window = next.length().window_of(at);
                let missing = gap(expected, logged.sequence);
                if missing > 0 {
                    losses.add(window, LossCause::RefusalsDropped, missing);
                }
                // What the gateway itself sends is in no event.
                let is_local = logged.hook == Hook::Output || logged.interface_in == 0;
                if is_local {
                    return;
                }
                let length = logged.packet.len() as u64;
                let packet = match Packet::read(logged.packet, length) {
                    Ok(packet) => packet,
                    Err(Unreadable { .. }) => return losses.add(window, LossCause::Unreadable, 1),
                };
                let interfaces = (name(logged.interface_in), name(logged.interface_out));
                let rejection = judge.rejection(&logged, &packet, &interfaces);
                let key = FlowKey { protocol: packet.protocol, original: packet.tuple, translated: None };
                if !sums.add(Refused { window, key, rejection, interface_in: interfaces.0 }, at, &packet) {
                    losses.add(window, LossCause::TooManyFlows, 1);
                }
            })
            .map_err(fails)?;
        if netlink.dropped().map_err(fails)? > 0 {
            // How many packets they held is told by the number of the next one.
            losses.add(*next, LossCause::RefusalsDropped, 0);
        }
        Ok(())
    }
}

impl Source for Nflog {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        let current = self.next.length().window_of(now).max(self.next);
        if self.next < current {
            self.names.extend(names(&self.namespace)?);
            // Almost all of it was logged before the window ended.
            self.listen(current, Timestamp::from_millis(self.next.end().millis() - 1))?;
            self.losses.polled_late(self.next, current);
            self.next = current;
        } else {
            self.listen(current, now)?;
        }
        events.extend(self.sums.take());
        Ok(Progress {
            complete_until: self.next.start(),
            losses: self.losses.take_before(self.next),
            totals: Vec::new(),
            poll_again: self.next.end().min(now.plus(LISTEN_EVERY)),
        })
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        self.listen(self.next, self.next.start())?;
        events.extend(self.sums.take());
        Ok(Rest::Nothing)
    }
}

/// Names of interfaces by their numbers.
fn names(namespace: &Namespace) -> Result<HashMap<u32, Arc<str>>, SourceError> {
    let interfaces = gateway::interfaces(namespace)?.into_iter();
    Ok(interfaces.map(|interface| (interface.index, interface.name.into())).collect())
}

/// How many packets are missing between the last one and that of this number.
fn gap(expected: &mut Option<u32>, sequence: Option<u32>) -> u64 {
    let Some(sequence) = sequence else { return 0 };
    let missing = expected.map_or(0, |expected| sequence.wrapping_sub(expected));
    *expected = Some(sequence.wrapping_add(1));
    u64::from(missing)
}

/// What one flow was refused with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Refused {
    window: Window,
    key: FlowKey,
    rejection: Rejection,
    interface_in: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Sum {
    first: Timestamp,
    last: Timestamp,
    counted: Counters,
    tcp_flags: u8,
}

/// Sums packets between two polls: a flood becomes few events.
#[derive(Debug, Default)]
struct Sums {
    by_flow: HashMap<Refused, Sum>,
}

impl Sums {
    /// Adds a packet; returns whether there was room for it.
    fn add(&mut self, refused: Refused, at: Timestamp, packet: &Packet) -> bool {
        if self.by_flow.len() >= FLOWS_MAX && !self.by_flow.contains_key(&refused) {
            return false;
        }
        let nothing = Sum { first: at, last: at, counted: Counters::default(), tcp_flags: 0 };
        let sum = self.by_flow.entry(refused).or_insert(nothing);
        sum.first = sum.first.min(at);
        sum.last = sum.last.max(at);
        sum.counted = sum.counted.plus(Counters { packets: 1, bytes: packet.bytes });
        sum.tcp_flags |= packet.tcp_flags;
        true
    }

    fn take(&mut self) -> impl Iterator<Item = Event> {
        std::mem::take(&mut self.by_flow).into_iter().map(|(refused, sum)| Event {
            key: refused.key,
            first: sum.first,
            last: sum.last,
            forward: sum.counted,
            reply: Counters::default(),
            verdict: Verdict::Reject(refused.rejection),
            tcp_flags: sum.tcp_flags,
            interface_in: refused.interface_in,
            interface_out: None,
        })
    }
}

/// Names the rules behind the packets of one poll.
struct Judge<'a> {
    namespace: &'a Namespace,
    /// Read at the first packet; `None` inside when it could not be read.
    ruleset: Option<Option<Ruleset>>,
    by_prefix: HashMap<String, Option<Rejection>>,
}

impl Judge<'_> {
    fn rejection(
        &mut self,
        logged: &Logged<'_>,
        packet: &Packet,
        interfaces: &(Option<Arc<str>>, Option<Arc<str>>),
    ) -> Rejection {
        if let Some(known) = self.by_prefix.get(logged.prefix) {
            return known.clone().unwrap_or_else(|| self.by_packet(logged, packet, interfaces));
        }
        let by_rule = self.ruleset().and_then(|ruleset| ruleset.who_logs(logged.prefix));
        let named = by_rule.or_else(|| rejection_by_prefix(logged.prefix));
        self.by_prefix.insert(logged.prefix.to_owned(), named.clone());
        named.unwrap_or_else(|| self.by_packet(logged, packet, interfaces))
    }

    /// The rule that refuses such packets, when its log statement does not name it.
    fn by_packet(
        &mut self,
        logged: &Logged<'_>,
        packet: &Packet,
        interfaces: &(Option<Arc<str>>, Option<Arc<str>>),
    ) -> Rejection {
        let refusal = Refusal {
            protocol: packet.protocol,
            tuple: packet.tuple,
            interface_in: interfaces.0.clone(),
            interface_out: interfaces.1.clone(),
            connection: None,
            path: match logged.hook {
                Hook::Prerouting => Path::Unrouted,
                Hook::Input => Path::ToGateway,
                Hook::Forward | Hook::Output | Hook::Postrouting => Path::Through,
            },
        };
        self.ruleset()
            .and_then(|ruleset| ruleset.who_refused(&refusal))
            .unwrap_or(Rejection { reason: RejectReason::Other, rule: None })
    }

    fn ruleset(&mut self) -> Option<&Ruleset> {
        let namespace = self.namespace;
        let read = || {
            Ruleset::read(namespace)
                .inspect_err(|error| tracing::warn!(%error, "refusals are named by their log prefix alone"))
                .ok()
        };
        self.ruleset.get_or_insert_with(read).as_ref()
    }
}

#[cfg(test)]
mod tests;
