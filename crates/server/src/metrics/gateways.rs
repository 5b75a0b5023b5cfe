//! Numbers of the gateways, as their agents told them last.
//!
//! Hides: how families of numbers are written.
//! Knows nothing of: agents.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use store::{GatewayHealth, Store};

/// Asked for when somebody reads. A gateway whose agent tells nothing of its health has only the moment when it was heard.
#[derive(Debug)]
pub(super) struct GatewayNumbers {
    pub(super) store: Arc<Store>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Which {
    account: String,
    region: String,
    gateway: String,
}

/// A number's name, what it says, and where it is.
type Number = (&'static str, &'static str, fn(&GatewayHealth) -> u64);

const GAUGES: [Number; 4] = [
    ("gateway_table_entries", "Entries of the connection-tracking table", |health| health.table_entries),
    ("gateway_table_entries_max", "How many there can be", |health| health.table_entries_max),
    ("gateway_fullest_port_set_ports", "Ports in use of the fullest port set", |health| {
        health.fullest_port_set.as_ref().map_or(0, |set| set.ports_used.into())
    }),
    ("gateway_fullest_port_set_ports_max", "Ports that there are for it", |health| {
        health.fullest_port_set.as_ref().map_or(0, |set| set.ports_available.into())
    }),
];

const COUNTERS: [Number; 7] = [
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

impl Collector for GatewayNumbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let gateways = self.store.all_gateways().map_err(|error| {
            tracing::warn!(%error, "cannot tell the numbers of gateways");
            fmt::Error
        })?;
        let mut heard = Vec::new();
        let mut healths = Vec::new();
        for (owner, row) in gateways {
            let which = Which {
                account: owner.account.to_string(),
                region: owner.region.to_string(),
                gateway: row.id.to_string(),
            };
            heard.extend(row.last_seen.map(|at| (which.clone(), at.seconds())));
            healths.extend(row.report.and_then(|report| report.health).map(|health| (which, health)));
        }
        let help = "When its agent was heard last, since the Unix epoch";
        let mut family =
            encoder.encode_descriptor("gateway_last_seen_seconds", help, None, MetricType::Gauge)?;
        for (which, at) in &heard {
            ConstGauge::new(*at).encode(family.encode_family(which)?)?;
        }
        for (name, help, number) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (which, health) in &healths {
                let value = i64::try_from(number(health)).unwrap_or(i64::MAX);
                ConstGauge::new(value).encode(family.encode_family(which)?)?;
            }
        }
        for (name, help, number) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (which, health) in &healths {
                ConstCounter::new(number(health)).encode(family.encode_family(which)?)?;
            }
        }
        Ok(())
    }
}
