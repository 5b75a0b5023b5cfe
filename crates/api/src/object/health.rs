//! How a gateway itself fares, as its agent tells it.
//!
//! Hides: the published names of the members.
//! Knows nothing of: how it is found out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a gateway itself fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct GatewayHealth {
    /// Entries of the connection-tracking table.
    pub table_entries: u64,
    /// How many there can be.
    pub table_entries_max: u64,
    /// Entries that could not be inserted since the network namespace was made: above all for lack of a port.
    pub insert_failed_total: u64,
    /// Packets dropped because no entry could be made or inserted.
    pub drop_total: u64,
    /// Entries that were ended early to make room.
    pub early_drop_total: u64,
    /// Searches of the table that began again.
    pub search_restart_total: u64,
    /// The port set that is used most; absent while nothing is translated.
    pub fullest_port_set: Option<PortSet>,
    /// What audits against connection tracking found; absent when there are none.
    pub audit: Option<AuditTotals>,
}

/// Translated conversations that must differ in their port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct PortSet {
    /// The public address.
    pub public_ip_address: String,
    /// Where the conversations go.
    pub destination_ip_address: String,
    /// To which port; for ICMP, type × 256 + code.
    pub destination_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// How many ports are in use.
    pub ports_used: u32,
    /// How many there are: the widest range that a translating rule of the gateway names, else 64512.
    pub ports_available: u32,
}

/// What audits found since the agent started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct AuditTotals {
    /// Audits that came to an end.
    pub audits_total: u64,
    /// Conversations that began and ended while an audit listened.
    pub ended_total: u64,
    /// Of these, conversations that are in no record.
    pub missing_total: u64,
}

/// A number of a gateway's health: its name, what it says, and where it is.
pub type HealthNumber = (&'static str, &'static str, fn(&GatewayHealth) -> u64);

/// Numbers that rise and fall.
pub const HEALTH_GAUGES: [HealthNumber; 4] = [
    ("gateway_table_entries", "Entries of the connection-tracking table", |health| health.table_entries),
    ("gateway_table_entries_max", "How many there can be", |health| health.table_entries_max),
    ("gateway_fullest_port_set_ports", "Ports in use of the fullest port set", |health| {
        health.fullest_port_set.as_ref().map_or(0, |set| set.ports_used.into())
    }),
    ("gateway_fullest_port_set_ports_max", "Ports that there are for it", |health| {
        health.fullest_port_set.as_ref().map_or(0, |set| set.ports_available.into())
    }),
];

/// Numbers that only grow.
pub const HEALTH_COUNTERS: [HealthNumber; 7] = [
    ("gateway_insert_failed", "Entries that could not be inserted", |health| health.insert_failed_total),
    ("gateway_drop", "Packets dropped for lack of room or ports", |health| health.drop_total),
    ("gateway_early_drop", "Entries ended early to make room", |health| health.early_drop_total),
    ("gateway_search_restart", "Searches that began again", |health| health.search_restart_total),
    ("gateway_audits", "Audits against connection tracking", |health| {
        health.audit.map_or(0, |audit| audit.audits_total)
    }),
    ("gateway_audit_ended", "Conversations that audits looked for", |health| {
        health.audit.map_or(0, |audit| audit.ended_total)
    }),
    ("gateway_audit_missing", "Of these, conversations in no record", |health| {
        health.audit.map_or(0, |audit| audit.missing_total)
    }),
];
