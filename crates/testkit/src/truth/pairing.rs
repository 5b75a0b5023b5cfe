//! Joins the packets of both sides of the gateway into flows per window.
//!
//! Hides: how a packet outside is found to be the translated form of one inside.
//! Knows nothing of: how packets were captured.

use std::collections::{BTreeMap, HashMap};

use flow::{Counters, Timestamp, Tuple, Window, WindowLength};

use crate::lab::Lab;
use crate::truth::packet::Packet;
use crate::truth::watch::SENTINEL_PORT;

/// Whether the packets passed the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrueVerdict {
    /// Seen on both sides.
    Accepted,
    /// Seen inside, never outside.
    Refused,
}

/// One conversation in one window, as it really was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueFlow {
    /// The window.
    pub window: Window,
    /// IANA protocol number.
    pub protocol: u8,
    /// The tuple inside, in the initiator's direction.
    pub original: Tuple,
    /// The tuple outside, in the initiator's direction; `None` when refused.
    pub translated: Option<Tuple>,
    /// Whether the packets passed.
    pub verdict: TrueVerdict,
    /// Initiator to responder.
    pub forward: Counters,
    /// Responder to initiator; zero when refused, for then only the gateway itself answers.
    pub reply: Counters,
    /// `forward` with every super-packet cut as on a wire.
    pub forward_on_wire: Counters,
    /// `reply` with every super-packet cut as on a wire.
    pub reply_on_wire: Counters,
    /// What `forward` carried behind the transport headers. Unit: bytes.
    pub forward_payload_bytes: u64,
    /// What `reply` carried behind the transport headers. Unit: bytes.
    pub reply_payload_bytes: u64,
    /// All TCP flags of both directions, ORed.
    pub tcp_flags: u8,
    /// The first packet of the window.
    pub first: Timestamp,
    /// The last packet of the window.
    pub last: Timestamp,
}

type Conversation = (u8, Tuple);

/// Sums the packets of both interfaces into flows per window. Only conversations opened by the client count.
pub fn flows(inside: &[Packet], outside: &[Packet], length: WindowLength) -> Vec<TrueFlow> {
    let inside: Vec<&Packet> = inside.iter().filter(|packet| opened_inside(packet)).collect();
    let sent_outside: Vec<&Packet> = outside.iter().filter(|packet| left_gateway(packet)).collect();
    let originals = pair(&inside, &sent_outside);

    let mut sums = Sums { length, flows: BTreeMap::new() };
    let mut passed: HashMap<(Conversation, u64), usize> = HashMap::new();
    for packet in outside {
        let conversation = (packet.protocol, packet.forward);
        if let Some(original) = originals.get(&conversation) {
            *passed.entry(((packet.protocol, *original), packet.likeness)).or_default() += 1;
            sums.add(packet, *original, Some(packet.forward), Way::Forward);
        } else if let Some(original) = originals.get(&(packet.protocol, packet.backward)) {
            sums.add(packet, *original, Some(packet.backward), Way::Reply);
        }
    }
    for packet in inside {
        let conversation = (packet.protocol, packet.forward);
        match passed.get_mut(&(conversation, packet.likeness)) {
            Some(count) if *count > 0 => *count -= 1,
            Some(_) | None => sums.add(packet, packet.forward, None, Way::Forward),
        }
    }
    sums.flows.into_values().collect()
}

/// For every translated conversation outside, the tuple inside whose packets look most like its own.
fn pair(inside: &[&Packet], outside: &[&Packet]) -> HashMap<Conversation, Tuple> {
    let mut who_sent: HashMap<u64, Vec<Conversation>> = HashMap::new();
    for packet in inside {
        let senders = who_sent.entry(packet.likeness).or_default();
        let conversation = (packet.protocol, packet.forward);
        if !senders.contains(&conversation) {
            senders.push(conversation);
        }
    }
    let mut votes: HashMap<Conversation, BTreeMap<Tuple, usize>> = HashMap::new();
    for packet in outside {
        for (_, original) in who_sent.get(&packet.likeness).into_iter().flatten() {
            let conversation = (packet.protocol, packet.forward);
            *votes.entry(conversation).or_default().entry(*original).or_default() += 1;
        }
    }
    votes
        .into_iter()
        .filter_map(|(conversation, votes)| {
            let (original, _) = votes.into_iter().max_by_key(|(_, count)| *count)?;
            Some((conversation, original))
        })
        .collect()
}

fn opened_inside(packet: &Packet) -> bool {
    Lab::is_inside(packet.forward.srcaddr)
        && Lab::is_internet(packet.forward.dstaddr)
        && packet.forward.dstport != SENTINEL_PORT
}

fn left_gateway(packet: &Packet) -> bool {
    Lab::is_public(packet.forward.srcaddr) && packet.forward.dstport != SENTINEL_PORT
}

#[derive(Clone, Copy)]
enum Way {
    Forward,
    Reply,
}

struct Sums {
    length: WindowLength,
    flows: BTreeMap<(Timestamp, u8, Tuple, TrueVerdict, Option<Tuple>), TrueFlow>,
}

impl Sums {
    fn add(&mut self, packet: &Packet, original: Tuple, translated: Option<Tuple>, way: Way) {
        let window = self.length.window_of(packet.at);
        let verdict = if translated.is_some() { TrueVerdict::Accepted } else { TrueVerdict::Refused };
        let key = (window.start(), packet.protocol, original, verdict, translated);
        let flow = self.flows.entry(key).or_insert_with(|| TrueFlow {
            window,
            protocol: packet.protocol,
            original,
            translated,
            verdict,
            forward: Counters::default(),
            reply: Counters::default(),
            forward_on_wire: Counters::default(),
            reply_on_wire: Counters::default(),
            forward_payload_bytes: 0,
            reply_payload_bytes: 0,
            tcp_flags: 0,
            first: packet.at,
            last: packet.at,
        });
        let (counters, on_wire, payload_bytes) = match way {
            Way::Forward => (&mut flow.forward, &mut flow.forward_on_wire, &mut flow.forward_payload_bytes),
            Way::Reply => (&mut flow.reply, &mut flow.reply_on_wire, &mut flow.reply_payload_bytes),
        };
        *on_wire = on_wire.plus(packet.on_wire());
        *counters = counters.plus(Counters { packets: 1, bytes: packet.bytes });
        *payload_bytes += packet.payload_bytes;
        flow.tcp_flags |= packet.tcp_flags;
        flow.first = flow.first.min(packet.at);
        flow.last = flow.last.max(packet.at);
    }
}
