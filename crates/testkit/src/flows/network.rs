//! The network in which the flows happen.
//!
//! Hides: addresses and names of hosts, gateways and peers.
//! Knows nothing of: flows.

#![expect(clippy::indexing_slicing, reason = "every place is a remainder of the length")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use flow::protocol;

use crate::flows::chance::{Chance, Zipf, mixed};

const HOSTS: u32 = 20_000;
const PEERS: u32 = 300_000;
const GATEWAYS: u64 = 40;
const SUBNETS: u64 = 240;
const FAVOURITES: u32 = 16;

/// How many ports of a public address a host owns.
const PORTS_OF_HOST: u16 = 512;

/// What people do in a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    pub(super) protocol: u8,
    /// 0 stands for many.
    pub(super) port: u16,
    pub(super) share: u64,
    pub(super) packets: f64,
    pub(super) bytes_of_packet: u64,
    pub(super) reply_bytes_of_packet: u64,
}

const fn service(protocol: u8, port: u16, share: u64, packets: f64, bytes: (u64, u64)) -> Service {
    Service { protocol, port, share, packets, bytes_of_packet: bytes.0, reply_bytes_of_packet: bytes.1 }
}

pub(super) const SERVICES: [Service; 8] = [
    service(protocol::TCP, 443, 60, 14.0, (220, 900)),
    service(protocol::UDP, 53, 9, 1.0, (70, 180)),
    service(protocol::TCP, 80, 8, 9.0, (180, 800)),
    service(protocol::UDP, 443, 7, 30.0, (300, 1100)),
    service(protocol::TCP, 22, 2, 60.0, (120, 160)),
    service(protocol::UDP, 123, 3, 1.0, (76, 76)),
    service(protocol::TCP, 5432, 3, 20.0, (150, 500)),
    service(protocol::TCP, 0, 8, 8.0, (200, 400)),
];

/// What all hosts of a subnet share.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) account: Arc<str>,
    pub(super) interface: Arc<str>,
    pub(super) gateway: Arc<str>,
    pub(super) flow_log: Arc<str>,
    pub(super) region: Arc<str>,
    pub(super) vpc: Arc<str>,
    pub(super) subnet: Arc<str>,
}

/// A host inside.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) number: u64,
    pub(super) address: IpAddr,
    pub(super) public: IpAddr,
    pub(super) place: Arc<Place>,
}

/// A host outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) country: &'static str,
    pub(super) asn: u64,
}

/// Everything that has an address.
#[derive(Debug)]
pub(super) struct Network {
    hosts: Zipf,
    peers: Zipf,
    favourites: Zipf,
    places: Vec<Arc<Place>>,
    /// How many ports each host has used.
    used: Vec<u16>,
}

impl Network {
    pub(super) fn new() -> Self {
        Self {
            hosts: Zipf::new(HOSTS, 1.05),
            peers: Zipf::new(PEERS, 1.0),
            favourites: Zipf::new(FAVOURITES, 1.0),
            places: (0..SUBNETS).map(|subnet| Arc::new(place(subnet))).collect(),
            used: vec![0; HOSTS as usize],
        }
    }

    /// A host, the busy ones more often.
    pub(super) fn host(&self, chance: &mut Chance) -> Host {
        // The busy ones stand in all subnets.
        let number = mixed(self.hosts.choose(chance)) % u64::from(HOSTS);
        let (subnet, within) = (number % SUBNETS, number / SUBNETS);
        let [_, _, high, low] = u32::try_from(subnet).unwrap_or(0).to_be_bytes();
        let last = u8::try_from(within % 250).unwrap_or(0) + 2;
        let gateway = subnet % GATEWAYS;
        let publics = 1 + gateway % 8;
        let block = number / GATEWAYS;
        let public = Ipv4Addr::from(0xcb00_7100 + u32::try_from(gateway * 8 + block % publics).unwrap_or(0));
        Host {
            number,
            address: Ipv4Addr::new(10, 16 * high + low / 16, low, last).into(),
            public: public.into(),
            place: Arc::clone(&self.places[usize::try_from(subnet).unwrap_or(0)]),
        }
    }

    /// Whom `host` talks to: mostly its favourites.
    pub(super) fn peer(&self, host: &Host, chance: &mut Chance) -> Peer {
        let favourite = chance.below(100) < 60;
        peer(if favourite {
            mixed(host.number * u64::from(FAVOURITES) + self.favourites.choose(chance)) % u64::from(PEERS)
        } else {
            self.peers.choose(chance)
        })
    }

    /// One of those who try every door.
    pub(super) fn scanner(&self, number: u64) -> Peer {
        peer(mixed(number + 77) % u64::from(PEERS))
    }

    /// The next port of the public address of `host`.
    pub(super) fn next_port(&mut self, host: &Host) -> u16 {
        let Some(used) = usize::try_from(host.number).ok().and_then(|host| self.used.get_mut(host)) else {
            return 0;
        };
        *used = (*used + 1) % PORTS_OF_HOST;
        let blocks = 60_000 / u64::from(PORTS_OF_HOST);
        let block = u16::try_from(host.number / GATEWAYS / 8 % blocks).unwrap_or(0);
        1024 + block * PORTS_OF_HOST + *used
    }
}

fn place(subnet: u64) -> Place {
    let gateway = subnet % GATEWAYS;
    let (vpc, region) = (gateway / 2, gateway % 4);
    let name =
        |prefix: &str, number: u64| -> Arc<str> { format!("{prefix}-{:08x}", mixed(number) >> 32).into() };
    Place {
        account: format!("1000{:02}", vpc % 12).into(),
        interface: format!("eth{}", 1 + gateway % 3).into(),
        gateway: name("nat", gateway),
        flow_log: name("fl", gateway + 1000),
        region: ["ap-guangzhou", "ap-shanghai", "ap-beijing", "eu-frankfurt"]
            [usize::try_from(region).unwrap_or(0)]
        .into(),
        vpc: name("vpc", vpc + 2000),
        subnet: name("subnet", subnet + 3000),
    }
}

/// 32 peers share a /24, with its country and its network.
fn peer(number: u64) -> Peer {
    let block = mixed(number / 32 + 9_000_000);
    let countries = ["US", "CN", "DE", "JP", "SG", "GB", "FR", "NL", "BR", "IN", "KR", "IE"];
    let country = usize::try_from(block % 97 % 12).unwrap_or(0);
    let [_, one, two, three] = u32::try_from(block >> 40).unwrap_or(0).to_be_bytes();
    let last = u8::try_from(number % 32 * 7 + 1).unwrap_or(1);
    Peer {
        address: Ipv4Addr::new(20 + one % 180, two, three, last).into(),
        country: countries[country],
        asn: 1000 + block % 4000,
    }
}
