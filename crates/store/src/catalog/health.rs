//! How a gateway itself fares, as its agent reported it.
//!
//! Hides: nothing. Members are only added: older reports lack them.
//! Knows nothing of: how it is found out.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// How a gateway itself fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewayHealth {
    /// Entries of the connection-tracking table.
    pub table_entries: u64,
    /// How many there can be.
    pub table_entries_max: u64,
    /// Entries that could not be inserted.
    pub insert_failed_total: u64,
    /// Packets dropped because no entry could be made or inserted.
    pub drop_total: u64,
    /// Entries that were ended early to make room.
    pub early_drop_total: u64,
    /// Searches of the table that began again.
    pub search_restart_total: u64,
    /// The port set that is used most.
    pub fullest_port_set: Option<PortSet>,
    /// What audits against connection tracking found.
    pub audit: Option<AuditTotals>,
}

/// Translated conversations that must differ in their port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortSet {
    /// The public address.
    pub public_address: IpAddr,
    /// Where the conversations go.
    pub destination: IpAddr,
    /// To which port.
    pub destination_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// How many ports are in use.
    pub ports_used: u32,
    /// How many there are.
    pub ports_available: u32,
}

/// What audits found since the agent started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditTotals {
    /// Audits that came to an end.
    pub audits_total: u64,
    /// Conversations that began and ended while an audit listened.
    pub ended_total: u64,
    /// Of these, conversations that are in no record.
    pub missing_total: u64,
}
