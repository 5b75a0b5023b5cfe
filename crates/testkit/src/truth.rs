//! The truth about traffic: every packet seen on both sides of the gateway, summed into flows.
//!
//! Hides: how packets are captured, and how the two sides of a translation are found to be one conversation.
//! Knows nothing of: connection tracking, BPF, records; it must not share a mistake with what it checks.

mod packet;
mod pairing;
mod pairs;
mod watch;

pub use packet::Packet;
pub use pairing::{TrueFlow, TrueVerdict, flows};
pub use pairs::Pairs;
pub use watch::{SENTINEL_PORT, Watch};

use flow::WindowLength;

/// Everything that passed the gateway while a [`Watch`] ran.
#[derive(Clone, Debug)]
pub struct GroundTruth {
    /// Packets on the inside interface, in order.
    pub inside: Vec<Packet>,
    /// Packets on the outside interface, in order.
    pub outside: Vec<Packet>,
    /// Sums of every packet on the inside interface, of whatever protocol.
    pub inside_pairs: Pairs,
    /// Sums of every packet on the outside interface, of whatever protocol.
    pub outside_pairs: Pairs,
}

impl GroundTruth {
    /// The flows, each per window, in the order of window and tuple.
    pub fn flows(&self, length: WindowLength) -> Vec<TrueFlow> {
        flows(&self.inside, &self.outside, length)
    }
}
