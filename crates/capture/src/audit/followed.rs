//! The conversations that an audit follows from their begin to their end.
//!
//! Hides: how many are enough, that names are used again.
//! Knows nothing of: who tells, and when.

use std::collections::HashMap;

use flow::Tuple;

use crate::conntrack::entry::Name;

/// How many conversations an audit follows, some 3 MB. More would say no more, and hearing of each costs the kernel.
const FOLLOWED_MAX: usize = 16_384;

/// What is known of conversations, each named by its protocol and its original tuple.
#[derive(Debug, Default)]
pub(super) struct Followed {
    conversations: HashMap<(u8, Tuple), Known>,
}

#[derive(Debug)]
struct Known {
    /// What tells an entry from an earlier one of the same name.
    id: u32,
    ended: bool,
    told: bool,
}

impl Followed {
    /// Whether no more are wanted.
    pub(super) fn are_enough(&self) -> bool {
        self.conversations.len() >= FOLLOWED_MAX
    }

    /// A conversation began, so that whoever watches must see its packets.
    pub(super) fn began(&mut self, name: &Name) {
        if !self.are_enough() {
            let known = Known { id: name.id, ended: false, told: false };
            self.conversations.entry((name.protocol, name.original)).or_insert(known);
        }
    }

    /// A conversation ended, whether it is followed or not.
    pub(super) fn ended(&mut self, name: &Name) {
        if let Some(known) = self.conversations.get_mut(&(name.protocol, name.original)) {
            known.ended |= known.id == name.id;
        }
    }

    /// An event tells of a conversation, whether it is followed or not.
    pub(super) fn told(&mut self, protocol: u8, original: &Tuple) {
        if let Some(known) = self.conversations.get_mut(&(protocol, *original)) {
            known.told = true;
        }
    }

    /// How many of them ended, and how many of these nobody told of.
    pub(super) fn ended_and_missing(&self) -> (u64, u64) {
        let ended = self.conversations.values().filter(|known| known.ended);
        ended.fold((0, 0), |(ended, missing), known| (ended + 1, missing + u64::from(!known.told)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(port: u16, id: u32) -> Name {
        let original = Tuple {
            srcaddr: "10.0.0.1".parse().unwrap(),
            dstaddr: "192.0.2.1".parse().unwrap(),
            srcport: port,
            dstport: 53,
        };
        Name { protocol: 17, original, zone: 0, id }
    }

    #[test]
    fn only_what_was_heard_to_begin_and_to_end_can_be_missing() {
        let mut followed = Followed::default();
        followed.began(&name(1, 1));
        followed.ended(&name(2, 2));
        followed.began(&name(3, 3));
        followed.ended(&name(3, 2));
        assert_eq!(followed.ended_and_missing(), (0, 0));
        followed.ended(&name(1, 1));
        followed.ended(&name(3, 3));
        assert_eq!(followed.ended_and_missing(), (2, 2));
    }

    #[test]
    fn what_an_event_tells_is_not_missing_whichever_comes_first() {
        let mut followed = Followed::default();
        for port in [1, 2, 3] {
            followed.began(&name(port, port.into()));
        }
        followed.told(17, &name(1, 1).original);
        followed.ended(&name(1, 1));
        followed.ended(&name(2, 2));
        followed.told(17, &name(2, 2).original);
        followed.ended(&name(3, 3));
        followed.told(6, &name(3, 3).original);
        assert_eq!(followed.ended_and_missing(), (3, 1));
    }

    #[test]
    fn no_more_are_followed_than_are_enough() {
        let mut followed = Followed::default();
        for number in 0..=u32::try_from(FOLLOWED_MAX).unwrap() {
            followed.began(&name(u16::try_from(number).unwrap(), number));
        }
        assert!(followed.are_enough());
        assert_eq!(followed.conversations.len(), FOLLOWED_MAX);
    }
}
