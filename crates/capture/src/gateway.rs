//! What a gateway is: its name, interfaces and addresses.
//!
//! Hides: how the system lists interfaces, and which addresses count as public.
//! Knows nothing of: traffic.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::SockaddrStorage;

use crate::namespace::Namespace;
use crate::source::SourceError;

/// What an agent tells about the gateway that it watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayFacts {
    /// The host's name.
    pub hostname: String,
    /// Every interface except loopback, by name.
    pub interfaces: Vec<Interface>,
    /// Addresses of those interfaces that are reachable from outside: neither private (RFC 1918, RFC 4193), nor
    /// shared (RFC 6598), nor link-local. Sorted.
    pub public_addresses: Vec<IpAddr>,
}

/// A network interface of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// For example `eth0`.
    pub name: String,
    /// The kernel's number of it, in its namespace.
    pub index: u32,
    /// Its addresses, sorted.
    pub addresses: Vec<IpAddr>,
}

/// Describes the gateway in the network namespace `network_namespace`; `None` is that of the process.
pub fn describe(network_namespace: Option<&str>) -> Result<GatewayFacts, SourceError> {
    let interfaces = interfaces(&Namespace::find(network_namespace)?)?;
    let hostname = nix::unistd::gethostname()
        .map_err(|errno| SourceError::Facts { what: "the host's name", source: errno.into() })?
        .to_string_lossy()
        .into_owned();
    let mut public_addresses: Vec<IpAddr> =
        interfaces.iter().flat_map(|interface| &interface.addresses).copied().filter(is_public).collect();
    public_addresses.sort_unstable();
    public_addresses.dedup();
    Ok(GatewayFacts { hostname, interfaces, public_addresses })
}

/// Every interface of the namespace except loopback, by name.
pub(crate) fn interfaces(namespace: &Namespace) -> Result<Vec<Interface>, SourceError> {
    namespace
        .run(list_here)?
        .map_err(|source| SourceError::Facts { what: "the interfaces of the watched namespace", source })
}

/// Where the networks of the namespace's interfaces are addressed as a whole; what is sent there stays there.
#[cfg(target_os = "linux")]
pub(crate) fn broadcasts(namespace: &Namespace) -> Result<Vec<IpAddr>, SourceError> {
    let here = || -> io::Result<Vec<IpAddr>> {
        Ok(getifaddrs()?.filter_map(|entry| entry.broadcast.as_ref().and_then(address)).collect())
    };
    let fails = |source| SourceError::Facts { what: "the networks of the watched namespace", source };
    namespace.run(here)?.map_err(fails)
}

fn list_here() -> io::Result<Vec<Interface>> {
    let mut found: BTreeMap<String, Interface> = BTreeMap::new();
    for entry in getifaddrs()? {
        if entry.flags.contains(InterfaceFlags::IFF_LOOPBACK) {
            continue;
        }
        // An interface may vanish between the two calls; then it is not there.
        let Ok(index) = if_nametoindex(entry.interface_name.as_str()) else { continue };
        let interface = found.entry(entry.interface_name.clone()).or_insert_with(|| Interface {
            name: entry.interface_name.clone(),
            index,
            addresses: Vec::new(),
        });
        interface.addresses.extend(entry.address.as_ref().and_then(address));
    }
    let mut interfaces: Vec<Interface> = found.into_values().collect();
    for interface in &mut interfaces {
        interface.addresses.sort_unstable();
    }
    Ok(interfaces)
}

fn address(socket: &SockaddrStorage) -> Option<IpAddr> {
    if let Some(v4) = socket.as_sockaddr_in() {
        return Some(IpAddr::V4(v4.ip()));
    }
    socket.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()))
}

fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !v4.is_private() && !v4.is_link_local() && !v4.is_loopback() && !shared
        }
        IpAddr::V6(v6) => !v6.is_unique_local() && !v6.is_unicast_link_local() && !v6.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_reachable_from_outside_are_public() {
        for (text, expected) in [
            ("203.0.113.1", true),
            ("2001:db8::1", true),
            ("10.0.0.1", false),
            ("172.31.0.1", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("169.254.1.1", false),
            ("fd10::1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_public(&text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn this_machine_can_be_described() {
        let facts = describe(None).unwrap();
        assert!(!facts.hostname.is_empty());
        assert!(facts.interfaces.iter().all(|interface| interface.index > 0 && interface.name != "lo"));
    }
}
