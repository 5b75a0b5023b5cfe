//! Gives the parts of a datagram the ports that only its first part has.
//!
//! Hides: parts that come before the first, how long they wait, what is forgotten.
//! Knows nothing of: capture files, flows.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::file::Moment;
use super::packet::{Datagram, Packet};

/// How long parts of a datagram may be apart. Hosts send them back to back.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The most datagrams that are remembered at once; at about 300 bytes each this bounds them to 20 MB.
const DATAGRAMS_MAX: usize = 65_536;

/// The most parts of one datagram that wait for its first: 64 KiB in the smallest parts of IPv6 are as many.
const WAITING_MAX: usize = 64;

/// The datagrams of which parts were seen lately.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    known: HashMap<Datagram, Known>,
    /// In the order in which they were first seen.
    order: VecDeque<(Moment, Datagram)>,
}

#[derive(Debug)]
enum Known {
    First(Packet),
    Waiting(Vec<(Moment, Packet)>),
}

/// What becomes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// The packets whose ports are known now.
    Ready(Vec<(Moment, Packet)>),
    /// Its first part is not there yet.
    Waits,
    /// Too many wait already.
    Refused,
}

impl Fragments {
    /// Takes a packet.
    pub(super) fn place(&mut self, at: Moment, packet: Packet) -> Placed {
        let Some(fragment) = packet.fragment else { return Placed::Ready(vec![(at, packet)]) };
        if fragment.is_first {
            let before = self.known.insert(fragment.of, Known::First(packet.clone()));
            let mut ready = vec![(at, packet.clone())];
            match before {
                Some(Known::Waiting(waiting)) => {
                    ready.extend(waiting.into_iter().map(|(at, part)| (at, part.of_flow(&packet))));
                }
                Some(Known::First(_)) => {}
                None => self.order.push_back((at, fragment.of)),
            }
            return Placed::Ready(ready);
        }
        match self.known.get_mut(&fragment.of) {
            Some(Known::First(first)) => Placed::Ready(vec![(at, packet.of_flow(first))]),
            Some(Known::Waiting(waiting)) if waiting.len() < WAITING_MAX => {
                waiting.push((at, packet));
                Placed::Waits
            }
            Some(Known::Waiting(_)) => Placed::Refused,
            None => {
                self.known.insert(fragment.of, Known::Waiting(vec![(at, packet)]));
                self.order.push_back((at, fragment.of));
                Placed::Waits
            }
        }
    }

    /// Forgets the datagrams first seen before `moment`, and those that are too many; gives back their parts that waited
    /// in vain.
    pub(super) fn forget(&mut self, moment: Moment) -> Vec<(Moment, Packet)> {
        let mut in_vain = Vec::new();
        while let Some((at, datagram)) = self.order.front().copied() {
            if at >= moment && self.order.len() <= DATAGRAMS_MAX {
                break;
            }
            self.order.pop_front();
            if let Some(Known::Waiting(waiting)) = self.known.remove(&datagram) {
                in_vain.extend(waiting);
            }
        }
        in_vain
    }

    /// Forgets all.
    pub(super) fn forget_all(&mut self) -> Vec<(Moment, Packet)> {
        self.order.clear();
        let waiting = self.known.drain().filter_map(|(_, known)| match known {
            Known::Waiting(waiting) => Some(waiting),
            Known::First(_) => None,
        });
        waiting.flatten().collect()
    }
}

impl Packet {
    /// The same part, in the flow of the first.
    fn of_flow(self, first: &Self) -> Self {
        Self { protocol: first.protocol, tuple: first.tuple, role: first.role, ..self }
    }
}
