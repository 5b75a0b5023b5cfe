//! Numbers of the topics: what each takes.
//!
//! Hides: how families of numbers are written.
//! Knows nothing of: how usage is counted.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use store::{Store, Usage};

/// Asked for when somebody reads. Counters begin with the server.
#[derive(Debug)]
pub(super) struct UsageNumbers {
    pub(super) store: Arc<Store>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Which {
    account: String,
    region: String,
    topic: String,
}

/// A family: its name, what it tells, and which number it is.
type Family = (&'static str, &'static str, fn(&Usage) -> u64);

const COUNTERS: [Family; 5] = [
    ("topic_written_bytes", "Bytes of records that were stored, uncompressed", |usage| usage.written_bytes),
    ("topic_indexed_bytes", "Bytes of them that the index covers", |usage| usage.indexed_bytes),
    ("topic_queried_bytes", "Bytes that queries read", |usage| usage.queried_bytes),
    ("topic_write_requests", "Batches that were stored", |usage| usage.write_requests),
    ("topic_query_requests", "Queries that ended", |usage| usage.query_requests),
];

impl Collector for UsageNumbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let usages = self.store.usage_since_open().map_err(|error| {
            tracing::warn!(%error, "cannot tell the usage of topics");
            fmt::Error
        })?;
        let usages: Vec<(Which, Usage)> = usages
            .into_iter()
            .map(|(owner, topic, usage)| {
                let (account, region) = (owner.account.to_string(), owner.region.to_string());
                (Which { account, region, topic: topic.to_string() }, usage)
            })
            .collect();
        for (name, help, number) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (which, usage) in &usages {
                ConstCounter::new(number(usage)).encode(family.encode_family(which)?)?;
            }
        }
        let help = "Bytes of its segments";
        let mut family = encoder.encode_descriptor("topic_stored_bytes", help, None, MetricType::Gauge)?;
        for (which, usage) in &usages {
            let value = i64::try_from(usage.stored_bytes).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(family.encode_family(which)?)?;
        }
        Ok(())
    }
}
