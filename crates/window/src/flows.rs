//! The flows of one window: what is summed for each, in little memory.
//!
//! Hides: how keys, verdicts and interface names are stored, and that most flows are IPv4.
//! Knows nothing of: which windows there are, records, flow logs.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use flow::{Counters, Event, FlowKey, Timestamp, Tuple, Verdict};
use hashbrown::HashTable;

use crate::conversation::Seen;

/// While a window becomes records, memory goes back after so many of its flows: about 6 MB.
const FLOWS_GIVEN_BACK: usize = 65_536;

/// The flows of a window, each with a verdict. The order in which they are added does not matter.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    flows: Vec<Flow>,
    /// Places in `flows`, by key and verdict.
    places: HashTable<u32>,
    hashing: RandomState,
    verdicts: Names<Verdict>,
    interfaces: Names<Arc<str>>,
}

/// The events of one flow and verdict in one window, summed.
#[derive(Debug)]
pub(crate) struct Sum {
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) forward: Counters,
    pub(crate) reply: Counters,
    pub(crate) tcp_flags: u8,
    /// The first that was used: a flow may move to another.
    pub(crate) interface_in: Option<Arc<str>>,
    pub(crate) interface_out: Option<Arc<str>>,
}

impl Sum {
    pub(crate) fn interfaces(&self) -> [Option<&str>; 2] {
        [self.interface_in.as_deref(), self.interface_out.as_deref()]
    }

    pub(crate) fn seen(&self) -> Seen {
        let answered = self.reply.packets > 0;
        Seen { first: self.first, last: self.last, tcp_flags: self.tcp_flags, answered }
    }
}

/// Whether an event found its flow, or room for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// To a flow that was there.
    Known,
    /// As a new flow.
    New,
    /// Not at all.
    NoRoom,
}

impl Flows {
    pub(crate) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Adds an event whose times lie in the window that begins at `start`, if its flow is known or there are fewer
    /// than `room`.
    pub(crate) fn add(&mut self, event: &Event, start: Timestamp, room: usize) -> Added {
        let Some(flow) = self.flow(event, start) else { return Added::NoRoom };
        let hash = self.hashing.hash_one((&flow.key, flow.verdict));
        let flows = &mut self.flows;
        let same = |place: &u32| {
            flows
                .get(*place as usize)
                .is_some_and(|known| known.verdict == flow.verdict && known.key == flow.key)
        };
        if let Some(place) = self.places.find(hash, same).copied() {
            if let Some(known) = flows.get_mut(place as usize) {
                known.fold(&flow, &self.interfaces);
            }
            return Added::Known;
        }
        let Ok(place) = u32::try_from(flows.len()) else { return Added::NoRoom };
        if flows.len() >= room {
            return Added::NoRoom;
        }
        flows.push(flow);
        let hashing = &self.hashing;
        let again = |place: &u32| {
            flows.get(*place as usize).map_or(0, |known| hashing.hash_one((&known.key, known.verdict)))
        };
        self.places.insert_unique(hash, place, again);
        Added::New
    }

    /// Every flow of the window that begins at `start`, in the order of keys and verdicts, those of one key together.
    pub(crate) fn into_groups(
        self,
        start: Timestamp,
    ) -> impl Iterator<Item = (FlowKey, Vec<(Verdict, Sum)>)> {
        let Self { mut flows, places, verdicts, interfaces, .. } = self;
        drop(places);
        let verdict =
            move |number: u16| verdicts.get(number).cloned().expect("a flow's verdict has a number");
        // Backwards, so that the memory behind the flows that are left can be given back.
        flows.sort_unstable_by(|left, right| {
            let keys = right.key.unpacked().cmp(&left.key.unpacked());
            keys.then_with(|| verdict(right.verdict).cmp(&verdict(left.verdict)))
        });
        std::iter::from_fn(move || {
            let first = flows.pop()?;
            let key = first.key.unpacked();
            let mut group = vec![(verdict(first.verdict), first.sum(start, &interfaces))];
            while let Some(next) = flows.pop_if(|next| next.key == first.key) {
                group.push((verdict(next.verdict), next.sum(start, &interfaces)));
            }
            if flows.capacity() - flows.len() > FLOWS_GIVEN_BACK {
                flows.shrink_to_fit();
            }
            Some((key, group))
        })
    }

    /// The event as a flow of its own; `None` past the limit of different names.
    fn flow(&mut self, event: &Event, start: Timestamp) -> Option<Flow> {
        let at = u32::try_from(event.first.since(start).as_millis()).unwrap_or(u32::MAX);
        Some(Flow {
            forward: event.forward,
            reply: event.reply,
            first: at,
            last: u32::try_from(event.last.since(start).as_millis()).unwrap_or(u32::MAX),
            used_in: at,
            used_out: at,
            interface_in: self.interface(event.interface_in.as_ref())?,
            interface_out: self.interface(event.interface_out.as_ref())?,
            verdict: self.verdicts.number(&event.verdict)?,
            tcp_flags: event.tcp_flags,
            key: Key::of(&event.key),
        })
    }

    fn interface(&mut self, name: Option<&Arc<str>>) -> Option<u16> {
        match name {
            Some(name) => self.interfaces.number(name),
            None => Some(NO_INTERFACE),
        }
    }
}

const NO_INTERFACE: u16 = u16::MAX;

/// 88 bytes; a window may hold a million of them.
#[derive(Debug)]
struct Flow {
    key: Key,
    forward: Counters,
    reply: Counters,
    /// Milliseconds since the window began, as all times here.
    first: u32,
    last: u32,
    /// When the interfaces were used.
    used_in: u32,
    used_out: u32,
    interface_in: u16,
    interface_out: u16,
    verdict: u16,
    tcp_flags: u8,
}

impl Flow {
    fn fold(&mut self, other: &Self, interfaces: &Names<Arc<str>>) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.forward = self.forward.plus(other.forward);
        self.reply = self.reply.plus(other.reply);
        self.tcp_flags |= other.tcp_flags;
        // The order of events does not matter: at the same moment the name decides.
        let earliest = |left: (u32, u16), right: (u32, u16)| {
            let order = |(at, number)| (number == NO_INTERFACE, at, interfaces.get(number));
            if order(right) < order(left) { right } else { left }
        };
        (self.used_in, self.interface_in) =
            earliest((self.used_in, self.interface_in), (other.used_in, other.interface_in));
        (self.used_out, self.interface_out) =
            earliest((self.used_out, self.interface_out), (other.used_out, other.interface_out));
    }

    fn sum(&self, start: Timestamp, interfaces: &Names<Arc<str>>) -> Sum {
        let moment = |at: u32| Timestamp::from_millis(start.millis() + i64::from(at));
        Sum {
            first: moment(self.first),
            last: moment(self.last),
            forward: self.forward,
            reply: self.reply,
            tcp_flags: self.tcp_flags,
            interface_in: interfaces.get(self.interface_in).cloned(),
            interface_out: interfaces.get(self.interface_out).cloned(),
        }
    }
}

/// The same as a flow's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// All addresses are IPv4: nearly always.
    V4(Narrow),
    /// Any other.
    Wide(Box<FlowKey>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Narrow {
    original: NarrowTuple,
    translated: NarrowTuple,
    protocol: u8,
    is_translated: bool,
}

type NarrowTuple = (Ipv4Addr, Ipv4Addr, u16, u16);

const NOWHERE: NarrowTuple = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, 0, 0);

impl Key {
    fn of(key: &FlowKey) -> Self {
        let translated = key.translated.as_ref();
        match (narrow(&key.original), translated.map_or(Some(NOWHERE), narrow)) {
            (Some(original), Some(tuple)) => Self::V4(Narrow {
                original,
                translated: tuple,
                protocol: key.protocol,
                is_translated: translated.is_some(),
            }),
            _ => Self::Wide(Box::new(*key)),
        }
    }

    fn unpacked(&self) -> FlowKey {
        match self {
            Self::Wide(key) => **key,
            Self::V4(narrow) => FlowKey {
                protocol: narrow.protocol,
                original: wide(narrow.original),
                translated: narrow.is_translated.then(|| wide(narrow.translated)),
            },
        }
    }
}

fn narrow(tuple: &Tuple) -> Option<NarrowTuple> {
    match (tuple.srcaddr, tuple.dstaddr) {
        (IpAddr::V4(srcaddr), IpAddr::V4(dstaddr)) => Some((srcaddr, dstaddr, tuple.srcport, tuple.dstport)),
        _ => None,
    }
}

fn wide((srcaddr, dstaddr, srcport, dstport): NarrowTuple) -> Tuple {
    Tuple { srcaddr: srcaddr.into(), dstaddr: dstaddr.into(), srcport, dstport }
}

/// Few different values that many flows repeat, by number.
#[derive(Debug)]
struct Names<T> {
    all: Vec<T>,
    numbers: HashMap<T, u16>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Names<T> {
    /// The value's number; `None` past the most that numbers can tell apart.
    fn number(&mut self, value: &T) -> Option<u16> {
        if let Some(number) = self.numbers.get(value) {
            return Some(*number);
        }
        let number = u16::try_from(self.all.len()).ok().filter(|number| *number != NO_INTERFACE)?;
        self.all.push(value.clone());
        self.numbers.insert(value.clone(), number);
        Some(number)
    }
}

impl<T> Names<T> {
    fn get(&self, number: u16) -> Option<&T> {
        self.all.get(usize::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_takes_less_than_a_hundred_bytes() {
        assert_eq!(size_of::<Flow>(), 88);
    }

    #[test]
    fn a_key_comes_back_as_it_was() {
        let tuple = |srcaddr: &str, dstaddr: &str| Tuple {
            srcaddr: srcaddr.parse().unwrap(),
            dstaddr: dstaddr.parse().unwrap(),
            srcport: 4000,
            dstport: 443,
        };
        let (v4, v6) = (tuple("10.0.0.2", "198.51.100.9"), tuple("fd10::2", "2001:db8::2"));
        for (original, translated) in
            [(v4, None), (v4, Some(v4)), (v6, Some(v6)), (v6, Some(v4)), (v4, Some(v6))]
        {
            let key = FlowKey { protocol: 6, original, translated };
            assert_eq!(Key::of(&key).unpacked(), key);
        }
    }
}
