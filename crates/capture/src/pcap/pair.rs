//! Counts the packets of a gateway that was captured on both sides.
//!
//! Hides: which packets went through it, which it refused, and which were its own.
//! Knows nothing of: capture files, how a packet is found again on the other side.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use flow::{Counters, Event, FlowKey, LossCause, RejectReason, Rejection, Tuple, Verdict};

use super::conversations::{Conversations, Way};
use super::file::{CaptureFileError, Moment};
use super::packet::{Packet, Role, turned};
use super::pairing::{Crossing, PATIENCE, Pairing, Side, Sighting};
use super::reader::{Reader, Seen};
use super::remembered::Remembered;
use super::sums::Sums;

/// A capture of the inside and one of the outside.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) inside: Reader<BufReader<File>>,
    pub(super) outside: Reader<BufReader<File>>,
    pairing: Pairing<With>,
    /// By the tuples on entry and on exit.
    crossed: Conversations<(u8, Tuple, Tuple)>,
    /// By the tuple inside.
    inside_conversations: Conversations<(u8, Tuple)>,
    /// Conversations inside that were answered by more than an objection.
    answered: Remembered<(u8, Tuple), ()>,
    /// How many packets of one side were neither forwarded nor refused.
    pub(super) own_packets: u64,
}

/// What is kept with a packet while its other side is looked for.
#[derive(Debug, PartialEq, Eq)]
struct With {
    interface: Option<Arc<str>>,
    way_inside: Way,
}

impl Pair {
    pub(super) fn new(inside: Reader<BufReader<File>>, outside: Reader<BufReader<File>>) -> Self {
        Self {
            inside,
            outside,
            pairing: Pairing::default(),
            crossed: Conversations::default(),
            inside_conversations: Conversations::default(),
            answered: Remembered::default(),
            own_packets: 0,
        }
    }

    /// Counts the next packet of either side, the earlier first; `false` at the end of both.
    pub(super) fn step(&mut self, sums: &mut Sums) -> Result<bool, CaptureFileError> {
        let (inside, outside) = (self.inside.peek()?, self.outside.peek()?);
        let is_inside = match (inside, outside) {
            (Some(inside), Some(outside)) => inside <= outside,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => {
                let alone = self.pairing.give_up(Moment::from_nanos(i128::MAX));
                alone.into_iter().for_each(|sighting| self.judge(sighting, sums));
                return Ok(false);
            }
        };
        let (side, reader) =
            if is_inside { (Side::Inside, &mut self.inside) } else { (Side::Outside, &mut self.outside) };
        if let Some(seen) = reader.next()? {
            let at = seen.at;
            self.observe(side, seen, sums);
            let alone = self.pairing.give_up(at.minus(PATIENCE));
            alone.into_iter().for_each(|sighting| self.judge(sighting, sums));
        }
        Ok(true)
    }

    fn observe(&mut self, side: Side, seen: Seen, sums: &mut Sums) {
        let Seen { at, interface, packet } = seen;
        let packet = match (packet, side) {
            (Ok(packet), _) => packet,
            (Err(unreadable), Side::Inside) => {
                let lost = Counters { packets: 1, bytes: unreadable.bytes };
                return sums.lose(at, lost, LossCause::Unreadable);
            }
            // What crossed is counted as lost inside; nobody knows what did not.
            (Err(_), Side::Outside) => return,
        };
        if packet.stays_on_link() {
            self.own_packets += 1;
            return;
        }
        let way_inside = match side {
            Side::Inside => self.way_inside(at, &packet),
            Side::Outside => Way::Forward,
        };
        let sighting = Sighting { side, at, packet, with: With { interface, way_inside } };
        if let Some(crossing) = self.pairing.observe(sighting) {
            self.count(crossing, sums);
        }
    }

    fn way_inside(&mut self, at: Moment, packet: &Packet) -> Way {
        let (protocol, tuple, backward) = (packet.protocol, packet.tuple, packet.backward());
        let way = self.inside_conversations.way(at, packet.role, (protocol, tuple), (protocol, backward));
        if way == Way::Reply && packet.role != Role::Objects {
            self.answered.insert(at, (protocol, backward), ());
        }
        way
    }

    /// Counts a packet that went through the gateway: as it left, when it left.
    fn count(&mut self, Crossing { entry, exit }: Crossing<With>, sums: &mut Sums) {
        let protocol = exit.packet.protocol;
        let (entered, left) = (entry.packet.tuple, exit.packet.tuple);
        let turned = |tuple| turned(protocol, tuple);
        let forward = (protocol, entered, left);
        let backward = (protocol, turned(left), turned(entered));
        let way = self.crossed.way(exit.at, exit.packet.role, forward, backward);
        let counted = Counters { packets: 1, bytes: exit.packet.bytes };
        let nothing = Counters::default();
        let ((_, original, translated), forward, reply, interface_in, interface_out) = match way {
            Way::Forward => (forward, counted, nothing, entry.with.interface, exit.with.interface),
            Way::Reply => (backward, nothing, counted, exit.with.interface, entry.with.interface),
        };
        let event = Event {
            key: FlowKey { protocol, original, translated: Some(translated) },
            first: exit.at.timestamp(),
            last: exit.at.timestamp(),
            forward,
            reply,
            verdict: Verdict::Accept,
            tcp_flags: exit.packet.tcp_flags,
            interface_in,
            interface_out,
        };
        sums.add(exit.at, event);
    }

    /// Decides what a packet was that only one side saw.
    fn judge(&mut self, Sighting { side, at, packet, with }: Sighting<With>, sums: &mut Sums) {
        let (protocol, tuple) = (packet.protocol, packet.tuple);
        let counted = Counters { packets: 1, bytes: packet.bytes };
        let crossed = self.pairing.crossed(side, protocol, tuple);
        let with_gateway = !crossed && self.answered.get(&(protocol, tuple)).is_some();
        let was_to_cross = side == Side::Inside
            && with.way_inside == Way::Forward
            && !packet.is_bare_error()
            && !with_gateway;
        if !was_to_cross {
            self.own_packets += 1;
        } else if self.outside_was_captured(at) {
            sums.add(at, refused(at, &packet, with.interface));
        } else {
            sums.lose(at, counted, LossCause::NotWatching);
        }
    }

    /// Whether the capture of the outside had begun, and had not ended.
    fn outside_was_captured(&self, at: Moment) -> bool {
        self.outside
            .range()
            .is_some_and(|(first, last)| first <= at && (at <= last || !self.outside.has_ended()))
    }
}

fn refused(at: Moment, packet: &Packet, interface_in: Option<Arc<str>>) -> Event {
    Event {
        key: FlowKey { protocol: packet.protocol, original: packet.tuple, translated: None },
        first: at.timestamp(),
        last: at.timestamp(),
        forward: Counters { packets: 1, bytes: packet.bytes },
        reply: Counters::default(),
        verdict: Verdict::Reject(Rejection { reason: RejectReason::Other, rule: None }),
        tcp_flags: packet.tcp_flags,
        interface_in,
        interface_out: None,
    }
}
