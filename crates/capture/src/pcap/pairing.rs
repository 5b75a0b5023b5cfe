//! Finds the packets of one side of a gateway again on the other, translated.
//!
//! Hides: how two packets are found to be the same, which of several that look alike, and for how long to look.
//! Knows nothing of: capture files, counters, verdicts.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use flow::{Tuple, protocol};

use super::file::Moment;
use super::packet::{Packet, turned};
use super::remembered::Remembered;

/// How long a gateway may keep a packet, the difference between the clocks of both captures included.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The most packets that wait to be found again; at about 250 bytes each this bounds them to 250 MB. Past it, those that
/// waited longest are given up.
const WAITING_MAX: usize = 1_000_000;

/// Which side of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Inside,
    Outside,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Inside => Self::Outside,
            Self::Outside => Self::Inside,
        }
    }
}

/// A packet on one side; `T` is what the caller keeps with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sighting<T> {
    pub(super) side: Side,
    pub(super) at: Moment,
    pub(super) packet: Packet,
    pub(super) with: T,
}

/// A packet that went through the gateway.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crossing<T> {
    pub(super) entry: Sighting<T>,
    pub(super) exit: Sighting<T>,
}

/// The packets that wait to be found again, and the conversations that were.
#[derive(Debug)]
pub(super) struct Pairing<T> {
    waiting: HashMap<u64, Sighting<T>>,
    /// By side and likeness, oldest first.
    alike: HashMap<(Side, u64), VecDeque<u64>>,
    /// Oldest first; some do not wait any more.
    order: VecDeque<(Moment, u64)>,
    next: u64,
    /// The tuple of a conversation's packets on the other side.
    partners: Remembered<(Side, u8, Tuple), Tuple>,
}

/// How well two packets that look alike fit, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Their conversations were found to be one before.
    Known,
    /// Neither conversation was found before; one end is the same, and of the other the port.
    PortKept,
    /// Neither conversation was found before; one end is the same.
    OneEnd,
    /// One end is the same, but a conversation was found before to be another: its port is used anew.
    Anew,
    /// Both ends are translated; only TCP looks alike for sure.
    BothEnds,
}

impl<T> Default for Pairing<T> {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            alike: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
            partners: Remembered::default(),
        }
    }
}

impl<T> Pairing<T> {
    /// Takes a packet; returns it together with itself on the other side, when that was there before.
    pub(super) fn observe(&mut self, sighting: Sighting<T>) -> Option<Crossing<T>> {
        let Some(found) = self.find(&sighting) else {
            self.wait(sighting);
            return None;
        };
        let other = self.take(found)?;
        self.remember(&sighting, &other);
        Some(crossing(sighting, other))
    }

    /// Gives up the packets that were seen before `moment`, and those that are too many.
    pub(super) fn give_up(&mut self, moment: Moment) -> Vec<Sighting<T>> {
        let mut alone = Vec::new();
        while let Some((at, serial)) = self.order.front().copied() {
            if at >= moment && self.waiting.len() <= WAITING_MAX {
                break;
            }
            self.order.pop_front();
            alone.extend(self.take(serial));
        }
        alone
    }

    /// Whether a conversation with packets of that tuple was seen on both sides.
    pub(super) fn crossed(&self, side: Side, protocol: u8, tuple: Tuple) -> bool {
        self.partners.get(&(side, protocol, tuple)).is_some()
    }

    fn find(&self, sighting: &Sighting<T>) -> Option<u64> {
        let candidates = self.alike.get(&(sighting.side.other(), sighting.packet.likeness))?;
        let fits = candidates.iter().filter_map(|serial| {
            let fit = self.fit(sighting, self.waiting.get(serial)?)?;
            Some((fit, *serial))
        });
        // Of those that fit equally well, the oldest: gateways keep the order.
        fits.min().map(|(_, serial)| serial)
    }

    fn fit(&self, one: &Sighting<T>, other: &Sighting<T>) -> Option<Fit> {
        let (here, there) = (one.packet.tuple, other.packet.tuple);
        let kind = one.packet.protocol;
        if kind != other.packet.protocol {
            return None;
        }
        let partner = self.partners.get(&(one.side, kind, here));
        if partner == Some(&there) {
            return Some(Fit::Known);
        }
        let is_anew = partner.is_some() || self.crossed(other.side, kind, there);
        let ends = Ends::compare(kind, &here, &there);
        let port_kept = match (ends.source, ends.destination) {
            (false, false) => return (kind == protocol::TCP).then_some(Fit::BothEnds),
            (true, true) => true,
            (true, false) => here.dstport == there.dstport,
            (false, true) => here.srcport == there.srcport,
        };
        Some(match (is_anew, port_kept) {
            (true, _) => Fit::Anew,
            (false, true) => Fit::PortKept,
            (false, false) => Fit::OneEnd,
        })
    }

    fn wait(&mut self, sighting: Sighting<T>) {
        let serial = self.next;
        self.next += 1;
        self.alike.entry((sighting.side, sighting.packet.likeness)).or_default().push_back(serial);
        self.order.push_back((sighting.at, serial));
        self.waiting.insert(serial, sighting);
    }

    fn take(&mut self, serial: u64) -> Option<Sighting<T>> {
        let sighting = self.waiting.remove(&serial)?;
        let place = (sighting.side, sighting.packet.likeness);
        if let Some(alike) = self.alike.get_mut(&place) {
            alike.retain(|other| *other != serial);
            if alike.is_empty() {
                self.alike.remove(&place);
            }
        }
        Some(sighting)
    }

    fn remember(&mut self, one: &Sighting<T>, other: &Sighting<T>) {
        let kind = one.packet.protocol;
        for (from, to) in [(one, other), (other, one)] {
            let (here, there) = (from.packet.tuple, to.packet.tuple);
            self.partners.insert(from.at, (from.side, kind, here), there);
            self.partners.insert(from.at, (from.side, kind, turned(kind, here)), turned(kind, there));
        }
    }
}

/// Which ends of two tuples are the same.
struct Ends {
    source: bool,
    destination: bool,
}

impl Ends {
    fn compare(kind: u8, one: &Tuple, other: &Tuple) -> Self {
        // What stands in place of ICMP's ports belongs to no end.
        let has_ports = !matches!(kind, protocol::ICMP | protocol::ICMPV6);
        let same = |address: bool, port: bool| address && (port || !has_ports);
        Self {
            source: same(one.srcaddr == other.srcaddr, one.srcport == other.srcport),
            destination: same(one.dstaddr == other.dstaddr, one.dstport == other.dstport),
        }
    }
}

/// Which of both sightings was the earlier.
///
/// The clocks of two captures may differ, so the translation is asked first: on the way out it changes the source, on the
/// way in the destination, whoever opened the conversation.
fn crossing<T>(one: Sighting<T>, other: Sighting<T>) -> Crossing<T> {
    let ends = Ends::compare(one.packet.protocol, &one.packet.tuple, &other.packet.tuple);
    let one_is_entry = match (ends.source, ends.destination) {
        (false, true) => one.side == Side::Inside,
        (true, false) => one.side == Side::Outside,
        (true, true) | (false, false) => one.at < other.at,
    };
    if one_is_entry { Crossing { entry: one, exit: other } } else { Crossing { entry: other, exit: one } }
}
