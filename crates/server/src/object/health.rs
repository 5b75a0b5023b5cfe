//! How a gateway itself fares, as the API shows it and as its agent reports it.
//!
//! Hides: nothing.
//! Knows nothing of: how it is found out.

use crate::check;
use crate::failure::Failure;

/// As users see it.
pub(crate) fn health_shown(health: store::GatewayHealth) -> api::GatewayHealth {
    let set = |set: store::PortSet| api::PortSet {
        public_ip_address: set.public_address.to_string(),
        destination_ip_address: set.destination.to_string(),
        destination_port: set.destination_port,
        protocol: set.protocol,
        ports_used: set.ports_used,
        ports_available: set.ports_available,
    };
    let audit = |store::AuditTotals { audits_total, ended_total, missing_total }| api::AuditTotals {
        audits_total,
        ended_total,
        missing_total,
    };
    api::GatewayHealth {
        table_entries: health.table_entries,
        table_entries_max: health.table_entries_max,
        insert_failed_total: health.insert_failed_total,
        drop_total: health.drop_total,
        early_drop_total: health.early_drop_total,
        search_restart_total: health.search_restart_total,
        fullest_port_set: health.fullest_port_set.map(set),
        audit: health.audit.map(audit),
    }
}

/// What an agent reports, checked.
pub(crate) fn health_from(health: api::GatewayHealth) -> Result<store::GatewayHealth, Failure> {
    let set = |set: api::PortSet| -> Result<store::PortSet, Failure> {
        Ok(store::PortSet {
            public_address: check::parsed("FullestPortSet.PublicIpAddress", &set.public_ip_address)?,
            destination: check::parsed("FullestPortSet.DestinationIpAddress", &set.destination_ip_address)?,
            destination_port: set.destination_port,
            protocol: set.protocol,
            ports_used: set.ports_used,
            ports_available: set.ports_available,
        })
    };
    let audit = |api::AuditTotals { audits_total, ended_total, missing_total }| store::AuditTotals {
        audits_total,
        ended_total,
        missing_total,
    };
    Ok(store::GatewayHealth {
        table_entries: health.table_entries,
        table_entries_max: health.table_entries_max,
        insert_failed_total: health.insert_failed_total,
        drop_total: health.drop_total,
        early_drop_total: health.early_drop_total,
        search_restart_total: health.search_restart_total,
        fullest_port_set: health.fullest_port_set.map(set).transpose()?,
        audit: health.audit.map(audit),
    })
}
