//! What an agent tells the server of itself and its gateway.
//!
//! Hides: the published names of it.
//! Knows nothing of: when it is told.

use api::{AgentInterface, AgentStatus, AuditTotals, GatewayHealth, PortSet};
use capture::{AuditNumbers, GatewayFacts, Health};

use crate::settings::AgentSettings;

/// Tells how the agent is, as often as somebody asks.
pub(crate) fn status_of(
    settings: &AgentSettings,
    facts: GatewayFacts,
) -> impl Fn() -> AgentStatus + Send + 'static {
    let metrics = settings.metrics.clone();
    let interfaces = facts.interfaces.into_iter().map(|interface| AgentInterface {
        name: interface.name,
        addresses: interface.addresses.iter().map(ToString::to_string).collect(),
    });
    let fixed = AgentStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        hostname: facts.hostname,
        source: settings.source.to_owned(),
        window_seconds: settings.window.seconds(),
        interfaces: interfaces.collect(),
        public_addresses: facts.public_addresses.iter().map(ToString::to_string).collect(),
        ..AgentStatus::default()
    };
    let audit = settings.audit.clone();
    move || {
        let numbers = metrics.read();
        AgentStatus {
            spooled_batches: numbers.spooled_batches,
            lost_packets: numbers.lost_packets_total,
            health: metrics.health().map(|health| told(health, audit.as_ref())),
            ..fixed.clone()
        }
    }
}

fn told(health: Health, audit: Option<&AuditNumbers>) -> GatewayHealth {
    let fullest = health.fullest.map(|set| PortSet {
        public_ip_address: set.public_address.to_string(),
        destination_ip_address: set.destination.to_string(),
        destination_port: set.destination_port,
        protocol: set.protocol,
        ports_used: set.ports_used,
        ports_available: set.ports_available,
    });
    GatewayHealth {
        table_entries: health.table_entries,
        table_entries_max: health.table_entries_max,
        insert_failed_total: health.insert_failed_total,
        drop_total: health.drop_total,
        early_drop_total: health.early_drop_total,
        search_restart_total: health.search_restart_total,
        fullest_port_set: fullest,
        audit: audit.map(|numbers| {
            let capture::AuditTotals { audits_total, ended_total, missing_total } = numbers.read();
            AuditTotals { audits_total, ended_total, missing_total }
        }),
    }
}
