//! Numbers of the gateways, as their agents told them last.
//!
//! Hides: how families of numbers are written.
//! Knows nothing of: agents.

use std::fmt;
use std::sync::Arc;

use api::{HEALTH_COUNTERS, HEALTH_GAUGES};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use store::Store;

use crate::object::health::health_shown;

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
            let health = row.report.and_then(|report| report.health);
            healths.extend(health.map(|health| (which, health_shown(health))));
        }
        let help = "When its agent was heard last, since the Unix epoch";
        let mut family =
            encoder.encode_descriptor("gateway_last_seen_seconds", help, None, MetricType::Gauge)?;
        for (which, at) in &heard {
            ConstGauge::new(*at).encode(family.encode_family(which)?)?;
        }
        for (name, help, number) in HEALTH_GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (which, health) in &healths {
                let value = i64::try_from(number(health)).unwrap_or(i64::MAX);
                ConstGauge::new(value).encode(family.encode_family(which)?)?;
            }
        }
        for (name, help, number) in HEALTH_COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (which, health) in &healths {
                ConstCounter::new(number(health)).encode(family.encode_family(which)?)?;
            }
        }
        Ok(())
    }
}
