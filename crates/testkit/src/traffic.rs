//! Known traffic through the lab, with real sockets at both ends.
//!
//! Hides: services and clients, ports, payloads, raw ICMP.
//! Knows nothing of: what anybody makes of it.

mod between;
mod client;
mod echo;
mod flood;
mod generator;
mod raw;
mod service;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::lab::{Host, Lab};
use crate::namespace::Namespace;
use crate::outcome::LabError;

pub use between::{End, ask_in_vain, connect, exchange};
pub use client::Talk;
pub use flood::{Flood, SENDING_PROCESSOR, Spent};
pub use generator::Generator;
pub use raw::{exchange_raw, gre, icmp_request, sctp_init, sctp_init_ack, send_behind_options};
pub use service::Services;

/// HTTP: `GET /bytes/<n>` is answered with `n` bytes; a connection may ask again.
pub const HTTP_PORT: u16 = 8000;
/// UDP: every datagram is answered with the same bytes, as a DNS server answers in kind.
pub const ECHO_PORT: u16 = 53;
/// UDP: datagrams are taken and never answered.
pub const SINK_PORT: u16 = 5140;
/// TCP is refused with a reset and UDP with an ICMP error, by a rule named `sg-web-admin`.
pub const REFUSED_PORT: u16 = 8081;
/// UDP is dropped in silence, by a rule named `acl-telemetry`.
pub const DROPPED_PORT: u16 = 8082;

/// Which version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The internet's address.
    pub fn internet(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Lab::INTERNET_V4),
            Self::V6 => IpAddr::V6(Lab::INTERNET_V6),
        }
    }
}

/// One deed of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A TCP connection that asks for so many bytes, gets them and closes.
    Fetch {
        /// Length of the answer's body.
        bytes: u32,
    },
    /// One UDP conversation of so many questions, each answered.
    Ask {
        /// How many.
        questions: u32,
    },
    /// So many UDP datagrams in one conversation that nobody answers.
    Tell {
        /// How many.
        datagrams: u32,
    },
    /// So many ICMP echo requests with one identifier, each answered.
    Ping {
        /// How many.
        requests: u16,
    },
    /// A TCP connection that is refused with a reset.
    FetchRefused,
    /// A UDP datagram that is refused with an ICMP error.
    AskRefused,
    /// So many UDP datagrams that are dropped.
    TellDropped {
        /// How many.
        datagrams: u32,
    },
}

/// Every kind of traffic: accepted and refused, answered and not, short and long.
pub const EVERY_KIND: &[Deed] = &[
    Deed::Fetch { bytes: 20_000 },
    Deed::Ask { questions: 2 },
    Deed::Fetch { bytes: 2_000_000 },
    Deed::Ping { requests: 3 },
    Deed::Tell { datagrams: 1 },
    Deed::FetchRefused,
    Deed::AskRefused,
    Deed::TellDropped { datagrams: 3 },
];

/// A number of eight digits that no other payload of this process carries: packets that look alike cannot be told
/// apart on the two sides of a translation.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(10_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// Does every kind once in each family; on return every packet has passed that is going to be answered.
pub fn known(lab: &Lab) -> Result<(), LabError> {
    let client = lab.namespace(Host::Client);
    Family::ALL.into_iter().try_for_each(|family| play(client, family, EVERY_KIND))
}

/// Does a list of deeds, one after the other.
pub fn play(client: &Namespace, family: Family, deeds: &[Deed]) -> Result<(), LabError> {
    client.within(|| {
        deeds.iter().try_for_each(|deed| {
            act(family, *deed).map_err(LabError::on(format!("do {deed:?} over {family:?}")))
        })
    })?
}

/// Does one deed from the namespace of the calling thread.
fn act(family: Family, deed: Deed) -> io::Result<()> {
    let to = |port| SocketAddr::new(family.internet(), port);
    match deed {
        Deed::Fetch { bytes } => client::fetch(to(HTTP_PORT), bytes),
        Deed::Ask { questions } => client::ask(to(ECHO_PORT), questions),
        Deed::Tell { datagrams } => client::tell(to(SINK_PORT), datagrams),
        Deed::Ping { requests } => echo::ping(family.internet(), requests),
        Deed::FetchRefused => client::fetch_refused(to(REFUSED_PORT)),
        Deed::AskRefused => client::ask_refused(to(REFUSED_PORT)),
        Deed::TellDropped { datagrams } => client::tell(to(DROPPED_PORT), datagrams),
    }
}

/// Sends so many UDP datagrams in one conversation to an address of the caller's choice; nobody need be there.
pub fn tell_to(client: &Namespace, address: IpAddr, datagrams: u32) -> Result<(), LabError> {
    client
        .within(|| client::tell(SocketAddr::new(address, SINK_PORT), datagrams))?
        .map_err(LabError::on(format!("send datagrams to {address}")))
}
