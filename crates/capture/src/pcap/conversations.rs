//! Knows who opened each conversation.
//!
//! Hides: what decides it.
//! Knows nothing of: counters, windows.

use std::hash::Hash;

use super::file::Moment;
use super::packet::Role;
use super::remembered::Remembered;

/// In which direction a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From who opened the conversation.
    Forward,
    /// To who opened it.
    Reply,
}

/// The conversations, each under the name that its initiator's packets have.
#[derive(Debug)]
pub(super) struct Conversations<K> {
    opened: Remembered<K, ()>,
}

impl<K> Default for Conversations<K> {
    fn default() -> Self {
        Self { opened: Remembered::default() }
    }
}

impl<K: Copy + Eq + Hash> Conversations<K> {
    /// In which direction the packet goes that is called `forward` if it opened the conversation, and `backward` if it
    /// answers.
    ///
    /// The first packet decides, unless it can only be an answer; a TCP connection request decides anew.
    pub(super) fn way(&mut self, at: Moment, role: Role, forward: K, backward: K) -> Way {
        if self.opened.renew(at, &forward) {
            return Way::Forward;
        }
        let opens = role == Role::Opens;
        if !opens && self.opened.renew(at, &backward) {
            return Way::Reply;
        }
        match role {
            Role::Answers | Role::Objects => {
                self.opened.insert(at, backward, ());
                Way::Reply
            }
            Role::Opens | Role::Either => {
                self.opened.remove(&backward);
                self.opened.insert(at, forward, ());
                Way::Forward
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(packets: &[(Role, &'static str, &'static str)], expected: &[Way]) {
        let mut conversations = Conversations::default();
        let ways: Vec<Way> = packets
            .iter()
            .map(|(role, from, to)| conversations.way(Moment::default(), *role, (*from, *to), (*to, *from)))
            .collect();
        assert_eq!(ways, expected);
    }

    #[test]
    fn the_first_packet_decides_unless_it_is_an_answer_and_a_request_decides_anew() {
        use Role::{Answers, Either, Opens};
        use Way::{Forward, Reply};
        check(&[(Either, "a", "b"), (Either, "b", "a"), (Either, "a", "b")], &[Forward, Reply, Forward]);
        check(&[(Answers, "b", "a"), (Either, "a", "b")], &[Reply, Forward]);
        check(&[(Either, "b", "a"), (Opens, "a", "b"), (Answers, "b", "a")], &[Forward, Forward, Reply]);
    }
}
