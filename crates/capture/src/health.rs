//! How the gateway itself fares: its connection-tracking table, and the ports that are left for translation.
//!
//! Hides: how it is found out.
//! Knows nothing of: flows, windows, who is told.

#[cfg(target_os = "linux")]
mod ports;
#[cfg(target_os = "linux")]
mod range;
#[cfg(target_os = "linux")]
mod watch;

use std::net::IpAddr;

#[cfg(target_os = "linux")]
pub use watch::HealthWatch;

/// How many ports translation can choose from, as long as no rule names a narrower range: those from 1024 on.
pub const PORTS_AVAILABLE: u32 = 65_536 - 1024;

/// How the gateway fares at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Entries of the connection-tracking table.
    pub table_entries: u64,
    /// How many there can be: `nf_conntrack_max`.
    pub table_entries_max: u64,
    /// Entries that could not be inserted since the namespace was made: above all, no port was left for translation.
    pub insert_failed_total: u64,
    /// Packets dropped because no entry could be made or inserted.
    pub drop_total: u64,
    /// Entries that were ended early to make room.
    pub early_drop_total: u64,
    /// Searches that began again because the table changed meanwhile.
    pub search_restart_total: u64,
    /// Of all sets of ports the one that is used most, as of the last listing; `None` while nothing is translated.
    pub fullest: Option<PortSet>,
}

/// Translated conversations that must differ in their port: one public address to one port of one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSet {
    /// The public address.
    pub public_address: IpAddr,
    /// Where the conversations go.
    pub destination: IpAddr,
    /// To which port; for ICMP, type × 256 + code.
    pub destination_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// How many ports are in use.
    pub ports_used: u32,
    /// How many there are: the widest range that a rule of the gateway names, else [`PORTS_AVAILABLE`].
    pub ports_available: u32,
}
