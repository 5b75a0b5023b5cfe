//! Numbers of the server, for Prometheus: `<room>_<what>_<unit>`.
//!
//! Hides: the text format and the library that writes it.
//! Knows nothing of: who reads them. Labels are few-valued, as gateways and topics are; no record, address or name enters one.

mod gateways;
mod usage;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use store::{Room, Store};

use gateways::GatewayNumbers;
use usage::UsageNumbers;

/// The content type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of durations. Unit: seconds. From a read in memory to the longest query; a long poll is beyond.
const DURATION_BOUNDS: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0];

/// What the server counts.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    request_duration: Family<Route, Histogram, fn() -> Histogram>,
    queue_records: Gauge,
    refusals: Counter,
    commits: Counter,
    commit_batches: Counter,
    commit_failures: Counter,
    commit_duration: Histogram,
    upkeep_failures: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

impl Metrics {
    /// Numbers that start at zero, and those of `store`.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(GatewayNumbers { store: Arc::clone(&store) }));
        registry.register_collector(Box::new(UsageNumbers { store: Arc::clone(&store) }));
        registry.register_collector(Box::new(StoreNumbers { store }));
        let mut metrics = Self {
            registry,
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            queue_records: Gauge::default(),
            refusals: Counter::default(),
            commits: Counter::default(),
            commit_batches: Counter::default(),
            commit_failures: Counter::default(),
            commit_duration: durations(),
            upkeep_failures: Counter::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register("server_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "server_request_duration",
            "Time until the answer",
            Unit::Seconds,
            self.request_duration.clone(),
        );
        registry.register(
            "ingest_queue_records",
            "Records that wait to be stored",
            self.queue_records.clone(),
        );
        registry.register("ingest_refusals", "Batches refused for lack of room", self.refusals.clone());
        registry.register("ingest_commits", "Commits of batches", self.commits.clone());
        registry.register("ingest_commit_batches", "Batches in those commits", self.commit_batches.clone());
        registry.register(
            "ingest_commit_failures",
            "Commits that failed: their batches come again",
            self.commit_failures.clone(),
        );
        registry.register_with_unit(
            "ingest_commit_duration",
            "Time of a commit",
            Unit::Seconds,
            self.commit_duration.clone(),
        );
        registry.register(
            "upkeep_failures",
            "Compactions and expiries that failed",
            self.upkeep_failures.clone(),
        );
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &str, status: StatusCode, took: Duration) {
        let route = route.to_owned();
        self.request_duration.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answer { route, status: status.as_u16() }).inc();
    }

    /// So many records wait now.
    pub(crate) fn queued(&self, records: usize) {
        self.queue_records.set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    /// A batch was refused because the queue is full.
    pub(crate) fn refused_for_room(&self) {
        self.refusals.inc();
    }

    /// Batches were stored together.
    pub(crate) fn committed(&self, batches: usize, took: Duration) {
        self.commits.inc();
        self.commit_batches.inc_by(batches as u64);
        self.commit_duration.observe(took.as_secs_f64());
    }

    /// Batches could not be stored.
    pub(crate) fn commit_failed(&self) {
        self.commit_failures.inc();
    }

    /// Compaction or expiry failed.
    pub(crate) fn upkeep_failed(&self) {
        self.upkeep_failures.inc();
    }

    /// All numbers as text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn durations() -> Histogram {
    Histogram::new(DURATION_BOUNDS)
}

/// The store's own numbers, asked for when somebody reads.
#[derive(Debug)]
struct StoreNumbers {
    store: Arc<Store>,
}

impl Collector for StoreNumbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = self.store.metrics();
        for (name, help, value) in [
            ("store_batches_stored", "Batches stored", now.batches_stored),
            ("store_batches_already_stored", "Batches that came once more", now.batches_already_stored),
            ("store_batches_refused", "Batches that were refused", now.batches_refused),
            ("store_records_stored", "Records stored", now.records_stored),
            ("store_commits", "Transactions that changed the catalog", now.commits),
            ("store_syncs", "Files and folders flushed to the disk", now.syncs),
            ("store_segments_written", "Segments written", now.segments_written),
            ("store_segment_written_bytes", "Bytes of segments written", now.segment_bytes_written),
            ("store_segments_merged", "Segments replaced by compaction", now.segments_merged),
            ("store_segments_expired", "Segments past their retention", now.segments_expired),
            ("store_rows_erased", "Records taken by erasures", now.rows_erased),
            ("store_files_swept", "Files that a crash left behind", now.files_swept),
            ("store_files_moved_aside", "Segments unknown to the catalog", now.files_moved_aside),
            ("store_segments_examined", "Segments looked at for damage", now.segments_examined),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let damages = self.store.damages();
        let room = self.store.room().unwrap_or(Room { free: 0, all: 0 });
        for (name, help, value) in [
            ("store_writable", "Whether batches can be stored", self.store.trouble().is_none().into()),
            ("store_disk_free_bytes", "Room that is left for segments", room.free),
            ("store_disk_bytes", "Room of the disk of segments", room.all),
            ("store_damaged_segments", "Segments that are damaged", damages.len() as u64),
            ("store_damaged_rows", "Records in them", damages.iter().map(|damage| damage.rows).sum()),
            ("store_segments", "Segments there are", now.segments),
            ("store_rows", "Records there are", now.rows),
            ("store_bytes", "Bytes of the segments there are", now.bytes),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that an expression names: words with the name of a room before them.
    fn named(rules: &str) -> Vec<&str> {
        let expressions = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = expressions.flat_map(|text| text.split(move |c| !is_part(c)));
        words.filter(|word| word.starts_with("store_") || word.starts_with("ingest_")).collect()
    }

    #[test]
    fn alert_rules_name_numbers_that_exist_and_the_guide_knows_every_rule() {
        let read = |path: &str| {
            std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let (rules, guide) = (read("packaging/natlens-server-alerts.yml"), read("docs/guide/operating.md"));
        let folder = tempfile::TempDir::new().unwrap();
        let numbers = Metrics::new(Arc::new(Store::open(folder.path()).unwrap())).text().unwrap();
        let used = named(&rules);
        assert!(used.len() > 4, "{used:?}");
        for name in used {
            let told = numbers.lines().any(|line| line.split([' ', '{']).next() == Some(name));
            assert!(told, "`{name}` is no number of a server:\n{numbers}");
        }
        for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
            assert!(guide.contains(&format!("`{alert}`")), "docs/guide/operating.md does not know `{alert}`");
        }
    }
}
