//! Brings up three hosts – client, gateway, internet – joined by cables, with a real NAT gateway in the middle.
//!
//! Hides: how namespaces, cables, addresses, forwarding and rules are made, and that all of it goes away again.
//! Knows nothing of: what flows through it. It never touches the machine's own network configuration.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Stdio;

use nix::unistd::geteuid;

use crate::claim::Claim;
use crate::namespace::Namespace;
use crate::outcome::{LabError, run};

/// Which of the three hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The inside: opens conversations.
    Client,
    /// The NAT gateway.
    Gateway,
    /// The outside: offers services.
    Internet,
}

/// Whether the cables carry super-packets, as network cards with offloads do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offloads {
    /// As the kernel sets them up: segmentation and receive offload.
    On,
    /// Every packet is a packet of the wire; needed where packets are counted by a packet capture.
    Off,
}

/// How a lab is to be.
#[derive(Clone, Debug)]
pub struct LabSettings {
    /// What the names of its namespaces begin with; empty for the plain names `client`, `natgw`, `internet`.
    pub prefix: String,
    /// Whether super-packets are allowed.
    pub offloads: Offloads,
}

impl LabSettings {
    /// A lab of its own for one test of one process.
    pub fn for_test(name: &str) -> Self {
        Self { prefix: format!("{name}-{}-", std::process::id()), offloads: Offloads::Off }
    }
}

/// A running lab; it is torn down when dropped.
#[derive(Debug)]
pub struct Lab {
    client: Namespace,
    gateway: Namespace,
    internet: Namespace,
    _claim: Claim,
}

impl Lab {
    /// The client's address, IPv4.
    pub const CLIENT_V4: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 2);
    /// The client's address, IPv6.
    pub const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0xfd10, 0, 0, 0, 0, 0, 0, 2);
    /// The gateway's inside address, IPv4.
    pub const INSIDE_V4: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 1);
    /// The gateway's inside address, IPv6.
    pub const INSIDE_V6: Ipv6Addr = Ipv6Addr::new(0xfd10, 0, 0, 0, 0, 0, 0, 1);
    /// The gateway's public address, IPv4.
    pub const PUBLIC_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
    /// The gateway's public address, IPv6.
    pub const PUBLIC_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    /// The internet's address, IPv4.
    pub const INTERNET_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
    /// The internet's address, IPv6.
    pub const INTERNET_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
    /// The gateway's interface towards the client.
    pub const INSIDE: &str = "g0";
    /// The gateway's interface towards the internet.
    pub const OUTSIDE: &str = "g1";

    /// Brings the lab up, in about 0.2 seconds, after removing what crashed labs left behind.
    ///
    /// Fails without root, when a namespace of that name belongs to somebody else, or when a program is missing.
    pub fn up(settings: &LabSettings) -> Result<Self, LabError> {
        if !geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        let prefix = &settings.prefix;
        let mut claim = Claim::take(if prefix.is_empty() { "plain" } else { prefix })?;
        let mut made = |host: &str| {
            let name = format!("{prefix}{host}");
            claim.make(&name).map(|()| Namespace::new(name))
        };
        let (client, gateway, internet) = (made("client")?, made("natgw")?, made("internet")?);
        let lab = Self { client, gateway, internet, _claim: claim };
        lab.connect()?;
        lab.address()?;
        if settings.offloads == Offloads::Off {
            lab.switch_offloads_off()?;
        }
        lab.route_and_translate()?;
        Ok(lab)
    }

    /// The namespace of a host.
    pub fn namespace(&self, host: Host) -> &Namespace {
        match host {
            Host::Client => &self.client,
            Host::Gateway => &self.gateway,
            Host::Internet => &self.internet,
        }
    }

    /// Lets the gateway answer every packet that it refuses: of many at once the kernel answers few, and a client that
    /// waits for the answer waits in vain.
    pub fn answer_every_refusal(&self) -> Result<(), LabError> {
        let settings = ["net/ipv4/icmp_ratelimit", "net/ipv6/icmp/ratelimit"];
        settings.iter().try_for_each(|setting| self.gateway.set(setting, "0"))
    }

    /// Whether an address is the client's.
    pub fn is_inside(address: IpAddr) -> bool {
        address == IpAddr::V4(Self::CLIENT_V4) || address == IpAddr::V6(Self::CLIENT_V6)
    }

    /// Whether an address is the gateway's public one.
    pub fn is_public(address: IpAddr) -> bool {
        address == IpAddr::V4(Self::PUBLIC_V4) || address == IpAddr::V6(Self::PUBLIC_V6)
    }

    /// Whether an address is the internet's.
    pub fn is_internet(address: IpAddr) -> bool {
        address == IpAddr::V4(Self::INTERNET_V4) || address == IpAddr::V6(Self::INTERNET_V6)
    }

    fn connect(&self) -> Result<(), LabError> {
        let (gateway, internet) = (self.gateway.name(), self.internet.name());
        // Both ends are made inside the namespaces at once, so the machine's own namespace never sees them.
        self.client.ip(&format!("link add c0 type veth peer name g0 netns {gateway}"))?;
        self.gateway.ip(&format!("link add g1 type veth peer name i0 netns {internet}"))
    }

    fn address(&self) -> Result<(), LabError> {
        let ends = [
            (&self.client, "c0", IpAddr::V4(Self::CLIENT_V4), IpAddr::V6(Self::CLIENT_V6)),
            (&self.gateway, "g0", IpAddr::V4(Self::INSIDE_V4), IpAddr::V6(Self::INSIDE_V6)),
            (&self.gateway, "g1", IpAddr::V4(Self::PUBLIC_V4), IpAddr::V6(Self::PUBLIC_V6)),
            (&self.internet, "i0", IpAddr::V4(Self::INTERNET_V4), IpAddr::V6(Self::INTERNET_V6)),
        ];
        for (namespace, interface, v4, v6) in ends {
            namespace.ip(&format!("addr add {v4}/24 brd + dev {interface}"))?;
            namespace.ip(&format!("addr add {v6}/64 dev {interface} nodad"))?;
            namespace.ip(&format!("link set {interface} up"))?;
        }
        for namespace in [&self.client, &self.gateway, &self.internet] {
            namespace.ip("link set lo up")?;
        }
        Ok(())
    }

    fn switch_offloads_off(&self) -> Result<(), LabError> {
        let ends =
            [(&self.client, "c0"), (&self.gateway, "g0"), (&self.gateway, "g1"), (&self.internet, "i0")];
        for (namespace, interface) in ends {
            run(namespace
                .command("ethtool")
                .args(["-K", interface, "tso", "off", "gso", "off", "gro", "off"]))?;
        }
        Ok(())
    }

    fn route_and_translate(&self) -> Result<(), LabError> {
        self.client.ip(&format!("route add default via {}", Self::INSIDE_V4))?;
        self.client.ip(&format!("-6 route add default via {}", Self::INSIDE_V6))?;
        self.gateway.set("net/ipv4/ip_forward", "1")?;
        self.gateway.set("net/ipv6/conf/all/forwarding", "1")?;
        let mut nft = self
            .gateway
            .command("nft")
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(LabError::on("start `nft`"))?;
        if let Some(mut rules) = nft.stdin.take() {
            rules.write_all(include_bytes!("gateway.nft")).map_err(LabError::on("write rules to `nft`"))?;
        }
        let output = nft.wait_with_output().map_err(LabError::on("wait for `nft`"))?;
        if output.status.success() {
            return Ok(());
        }
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(LabError::Command { command: "nft -f -".to_owned(), reason })
    }
}
