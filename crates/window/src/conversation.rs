//! Remembers conversations across windows, so that their records share a `flow-id` and say how they stand.
//!
//! Hides: when silence ends a conversation, the bounded table.
//! Knows nothing of: records, flow logs, verdicts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use flow::{FlowId, FlowIds, FlowKey, FlowState, GatewayId, Timestamp, protocol};

/// The most conversations remembered between windows.
///
/// At about 50 bytes each this bounds the table to 100 MB, also while it grows. Past it, those silent for longest are forgotten: should
/// one speak again, it gets a new `flow-id` and the state `NEW`.
pub const CONVERSATIONS_MAX: usize = 1_000_000;

/// The table gives memory back when it has room for so many times what it holds.
const SPARSE: usize = 8;

/// Room that the table keeps, however little it holds.
const CONVERSATIONS_KEPT_READY: usize = 4096;

/// Silence that ends an answered TCP conversation: five days, as long as Linux keeps its translation
/// (`nf_conntrack_tcp_timeout_established`).
pub const TCP_IDLE: Duration = Duration::from_secs(432_000);

/// Silence that ends a TCP conversation that nobody answered (`nf_conntrack_tcp_timeout_syn_sent`).
pub const TCP_UNANSWERED_IDLE: Duration = Duration::from_secs(120);

/// Silence that ends an answered UDP conversation (`nf_conntrack_udp_timeout_stream`).
pub const UDP_IDLE: Duration = Duration::from_secs(120);

/// Silence that ends a UDP conversation that nobody answered (`nf_conntrack_udp_timeout`).
pub const UDP_UNANSWERED_IDLE: Duration = Duration::from_secs(30);

/// Silence that ends an ICMP or ICMPv6 conversation (`nf_conntrack_icmp_timeout`).
pub const ICMP_IDLE: Duration = Duration::from_secs(30);

/// Silence that ends a conversation of any other protocol (`nf_conntrack_generic_timeout`).
pub const OTHER_IDLE: Duration = Duration::from_secs(600);

/// How long a closed TCP conversation still owns stray packets, as in TIME-WAIT
/// (`nf_conntrack_tcp_timeout_time_wait`): the last ACK often falls into the next window.
pub const CLOSED_LINGER: Duration = Duration::from_secs(120);

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;

/// What one window saw of a conversation, over all verdicts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) tcp_flags: u8,
    pub(crate) answered: bool,
}

/// A conversation as the records of one window show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conversation {
    pub(crate) id: FlowId,
    pub(crate) start: Timestamp,
    pub(crate) state: FlowState,
}

/// The bounded table of conversations.
#[derive(Debug)]
pub(crate) struct Conversations {
    ids: FlowIds,
    known: HashMap<Mark, Known>,
    known_max: usize,
    marking: [RandomState; 2],
}

/// Stands for a key, in a fifth of its bytes: two secret hashes, so that not even somebody who picks addresses and
/// ports finds two keys with one mark.
type Mark = [u64; 2];

#[derive(Clone, Copy, Debug)]
struct Known {
    start: Timestamp,
    last: Timestamp,
    protocol: u8,
    answered: bool,
    closed: bool,
}

impl Conversations {
    pub(crate) fn new(gateway: &GatewayId, known_max: usize) -> Self {
        let marking = [RandomState::new(), RandomState::new()];
        Self { ids: FlowIds::of_gateway(gateway.as_str()), known: HashMap::new(), known_max, marking }
    }

    /// Joins what a window that ends at `window_end` saw to the conversation, or begins a new one.
    pub(crate) fn advance(&mut self, key: &FlowKey, seen: Seen, window_end: Timestamp) -> Conversation {
        let mark = self.marking.each_ref().map(|state| state.hash_one(key));
        let before = self.known.get(&mark).copied().filter(|known| known.continues_with(seen));
        let ended = key.protocol == protocol::TCP && seen.tcp_flags & (FIN | RST) != 0;
        let now = Known {
            protocol: key.protocol,
            start: before.map_or(seen.first, |known| known.start.min(seen.first)),
            last: before.map_or(seen.last, |known| known.last.max(seen.last)),
            answered: before.is_some_and(|known| known.answered) || seen.answered,
            closed: before.is_some_and(|known| known.closed) || ended,
        };
        let silent = now.forgotten_at() <= window_end;
        let state = match before {
            _ if now.closed || silent => FlowState::Closed,
            Some(_) => FlowState::Active,
            None => FlowState::New,
        };
        if silent {
            // It would be forgotten with the window; a flood of short conversations need not fill the table first.
            self.known.remove(&mark);
        } else {
            self.known.insert(mark, now);
        }
        Conversation { id: self.ids.id(key, now.start), start: now.start, state }
    }

    /// Forgets what has ended by silence before `window_end`, and what exceeds the table.
    pub(crate) fn forget(&mut self, window_end: Timestamp) {
        self.known.retain(|_, known| known.forgotten_at() > window_end);
        // After a peak the memory goes back; a table that shrinks at every lull would only grow again.
        if self.known.capacity() > SPARSE * self.known.len().max(CONVERSATIONS_KEPT_READY) {
            self.known.shrink_to(CONVERSATIONS_KEPT_READY);
        }
        let excess = self.known.len().saturating_sub(self.known_max);
        if excess == 0 {
            return;
        }
        let mut by_silence: Vec<(Timestamp, Mark)> =
            self.known.iter().map(|(mark, known)| (known.last, *mark)).collect();
        by_silence.select_nth_unstable(excess - 1);
        for (_, mark) in by_silence.iter().take(excess) {
            self.known.remove(mark);
        }
    }
}

impl Known {
    fn continues_with(&self, seen: Seen) -> bool {
        let reopened = self.closed && seen.tcp_flags & SYN != 0;
        seen.first < self.forgotten_at() && !reopened
    }

    fn forgotten_at(&self) -> Timestamp {
        let silence = if self.closed { CLOSED_LINGER } else { idle(self.protocol, self.answered) };
        self.last.plus(silence)
    }
}

fn idle(protocol: u8, answered: bool) -> Duration {
    match (protocol, answered) {
        (protocol::TCP, true) => TCP_IDLE,
        (protocol::TCP, false) => TCP_UNANSWERED_IDLE,
        (protocol::UDP, true) => UDP_IDLE,
        (protocol::UDP, false) => UDP_UNANSWERED_IDLE,
        (protocol::ICMP | protocol::ICMPV6, _) => ICMP_IDLE,
        _ => OTHER_IDLE,
    }
}

#[cfg(test)]
mod tests {
    use flow::Tuple;

    use super::*;

    fn key(srcport: u16) -> FlowKey {
        let original = Tuple {
            srcaddr: "10.0.0.2".parse().unwrap(),
            dstaddr: "198.51.100.9".parse().unwrap(),
            srcport,
            dstport: 443,
        };
        FlowKey { protocol: protocol::TCP, original, translated: None }
    }

    fn seen(second: i64, tcp_flags: u8) -> Seen {
        let at = Timestamp::from_seconds(second);
        Seen { first: at, last: at, tcp_flags, answered: true }
    }

    fn table(known_max: usize) -> Conversations {
        Conversations::new(&"nat-00000001".parse().unwrap(), known_max)
    }

    #[test]
    fn the_last_ack_belongs_to_the_closed_conversation_and_a_new_syn_does_not() {
        let mut table = table(9);
        let opened = table.advance(&key(1), seen(30, SYN | FIN), Timestamp::from_seconds(60));
        let stray = table.advance(&key(1), seen(61, 0x10), Timestamp::from_seconds(120));
        let again = table.advance(&key(1), seen(125, SYN), Timestamp::from_seconds(180));
        assert_eq!(
            (opened.state, stray.state, again.state),
            (FlowState::Closed, FlowState::Closed, FlowState::New)
        );
        assert_eq!(opened.id, stray.id);
        assert_ne!(opened.id, again.id);
    }

    #[test]
    fn a_full_table_forgets_who_was_silent_for_longest() {
        let mut table = table(2);
        for port in 1..=3 {
            table.advance(&key(port), seen(i64::from(port), SYN), Timestamp::from_seconds(60));
        }
        table.forget(Timestamp::from_seconds(60));
        let states: Vec<FlowState> = (1..=3)
            .map(|port| table.advance(&key(port), seen(70, 0x10), Timestamp::from_seconds(120)).state)
            .collect();
        assert_eq!(states, [FlowState::New, FlowState::Active, FlowState::Active]);
    }
}
