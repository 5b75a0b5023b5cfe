//! Bytes from outside: one target for every kind, each a function that takes whatever somebody made up.
//!
//! Hides: which door of which room takes the bytes, and which laws hold behind it.
//! Knows nothing of: where the bytes come from; the tests mutate kept inputs, libFuzzer searches for new ones.
//!
//! A target returns or panics. Refusing the bytes is returning; breaking a law is panicking.

mod disk;
mod kernel;
mod network;
mod person;

/// A kind of bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Names it, its folder of kept inputs `fixtures/fuzz/<name>`, and its program `fuzz/fuzz_targets/<name>.rs`.
    pub name: &'static str,
    /// Takes the bytes.
    pub enter: fn(&[u8]),
    /// How many mutations of kept inputs every test run tries; what keeps the slowest target within seconds.
    pub mutations: u32,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "netlink", enter: kernel::netlink, mutations: 40_000 },
    Target { name: "packet", enter: kernel::packet, mutations: 40_000 },
    Target { name: "map_entry", enter: kernel::map_entry, mutations: 40_000 },
    Target { name: "ruleset", enter: kernel::ruleset, mutations: 2_000 },
    Target { name: "pcap", enter: disk::pcap, mutations: 2_000 },
    Target { name: "pcap_pair", enter: disk::pcap_pair, mutations: 2_000 },
    Target { name: "recording", enter: disk::recording, mutations: 2_000 },
    Target { name: "spool", enter: disk::spool, mutations: 500 },
    Target { name: "inventory", enter: disk::inventory, mutations: 500 },
    Target { name: "catalog", enter: disk::catalog, mutations: 60 },
    Target { name: "segment", enter: disk::segment, mutations: 60 },
    Target { name: "batch", enter: network::batch, mutations: 10_000 },
    Target { name: "request", enter: network::request, mutations: 2_000 },
    Target { name: "query", enter: person::query, mutations: 3_000 },
    Target { name: "sql", enter: person::sql, mutations: 150 },
    Target { name: "word", enter: person::word, mutations: 20_000 },
];

/// Hands the bytes to the target of that name.
///
/// # Panics
/// When a law is broken, or there is no such target.
pub fn enter(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a program names a target");
    (target.enter)(bytes);
}
