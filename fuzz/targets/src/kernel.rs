//! What the kernel and its tools tell.
//!
//! Hides: the doors of `capture`.
//! Knows nothing of: sockets, maps, programs.

use capture::fuzzing;

/// A read from a netlink socket: messages of connection tracking and of a log group.
pub(crate) fn netlink(bytes: &[u8]) {
    let messages = fuzzing::netlink(bytes);
    assert!(messages <= bytes.len(), "a message takes room, and so do its attributes");
}

/// A packet from its network header on.
pub(crate) fn packet(bytes: &[u8]) {
    fuzzing::packet(bytes);
}

/// Key and value of an entry of a flow map, and the sums of one processor.
pub(crate) fn map_entry(bytes: &[u8]) {
    fuzzing::map_entry(bytes);
}

/// What `nft -j list ruleset` printed.
pub(crate) fn ruleset(bytes: &[u8]) {
    fuzzing::ruleset(bytes);
}
