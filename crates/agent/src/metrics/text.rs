//! The numbers of an agent as OpenMetrics text.
//!
//! Hides: their names and units there, and the library that writes them.
//! Knows nothing of: who reads them. Labels are few-valued; no record, address or name enters one.

use std::fmt;

use api::{HEALTH_COUNTERS, HEALTH_GAUGES};
use flow::{LossCause, Timestamp};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::{AgentMetrics, AgentNumbers, Lost, moment};
use crate::status::audited;

/// Begins every name.
const PREFIX: &str = "natlens_agent";

/// What Linux knows of this process.
const OWN_STATUS: &str = "/proc/self/status";

/// All numbers as text.
pub(crate) fn text(metrics: &AgentMetrics, now: Timestamp) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_with_unit(
        "spool_delay",
        "Time from the end of a window until its records are spooled",
        Unit::Seconds,
        metrics.spool_delay.0.clone(),
    );
    registry.register_collector(Box::new(Numbers { metrics: metrics.clone(), now }));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Numbers {
    metrics: AgentMetrics,
    now: Timestamp,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Watching {
    version: &'static str,
    source: &'static str,
    variant: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Cause {
    cause: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Without {
    what: String,
}

/// A number's name, what it says, and where it is.
type Number = (&'static str, &'static str, fn(&AgentNumbers) -> u64);

const COUNTERS: [Number; 11] = [
    ("windows_closed", "Windows that were closed", |now| now.closed_windows_total),
    ("windows_withheld", "Windows whose records found no room in the spool", |now| {
        now.withheld_windows_total
    }),
    ("records_made", "Records and rows of the ledger that windows closed with", |now| now.made_records_total),
    ("records_spooled", "Of these, records that found room in the spool", |now| now.spooled_records_total),
    ("records_sent", "Records and rows that the server acknowledged", |now| now.sent_records_total),
    ("batches_sent", "Batches that the server acknowledged", |now| now.sent_batches_total),
    ("batches_sent_again", "Of these, batches that it had stored before", |now| now.sent_again_batches_total),
    ("batches_refused", "Batches that the server will never store", |now| now.refused_batches_total),
    ("batches_torn", "Batches whose file was damaged", |now| now.torn_batches_total),
    ("clock_steps", "How often somebody set the clock", |now| now.clock_steps_total),
    ("inventory_failures", "Changes of the inventory file that could not be used", |now| {
        now.inventory_failures_total
    }),
];

const GAUGES: [Number; 10] = [
    ("spool_batches", "Batches that wait for the server", |now| now.spooled_batches),
    ("spool_bytes", "What they take on the disk", |now| now.spooled_bytes),
    ("spool_bytes_max", "What they may take (`agent.spool_bytes_max`)", |now| now.spool_bytes_max),
    ("spool_refuses", "1 while records find no room in the spool", |now| now.spool_refuses),
    ("aside_batches", "Batches set aside because they will never arrive", |now| now.aside_batches),
    ("aside_bytes", "What they take on the disk", |now| now.aside_bytes),
    ("flow_logs", "Flow logs that are carried out", |now| now.flow_logs),
    ("open_flows", "Flows in windows that are not closed", |now| now.open_flows),
    ("window_flows", "Flows of the last window, of the address family that had more", |now| now.window_flows),
    ("window_flows_max", "How many the kernel counts (`agent.flows_max`); 0 without such a limit", |now| {
        now.window_flows_max
    }),
];

/// A family's name, what it says, and its number for one cause.
type Family = (&'static str, &'static str, fn(&Lost) -> u64);

const LOSSES: [Family; 3] = [
    ("lost_packets", "Packets known to be in no record", |lost| lost.counters.packets),
    ("lost_bytes", "Their bytes", |lost| lost.counters.bytes),
    ("lost_windows", "Windows that miss packets, also when nobody knows how many", |lost| lost.windows),
];

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let numbers = self.metrics.read();
        for (name, help, number) in COUNTERS {
            counter(&mut encoder, (name, help), number(&numbers))?;
        }
        for (name, help, number) in GAUGES {
            gauge(&mut encoder, (name, help), number(&numbers))?;
        }
        self.moments(&mut encoder, &numbers)?;
        self.watching(&mut encoder)?;
        self.losses(&mut encoder)?;
        self.health(&mut encoder)
    }
}

impl Numbers {
    fn moments(&self, encoder: &mut DescriptorEncoder<'_>, numbers: &AgentNumbers) -> Result<(), fmt::Error> {
        let age = |millis| if millis == 0 { 0 } else { self.now.since(moment(millis)).as_secs() };
        let help = "Age of the oldest record that waits for the server; 0 when none waits";
        gauge(encoder, ("spool_oldest_age_seconds", help), age(numbers.oldest_spooled_ms))?;
        let help = "When the newest record began that the server has acknowledged; 0 for none";
        gauge(encoder, ("acknowledged_timestamp_seconds", help), numbers.acknowledged_ms / 1000)?;
        let help = "When the source was last read; 0 for never";
        gauge(encoder, ("polled_timestamp_seconds", help), numbers.polled_ms / 1000)?;
        let ready = u64::from(self.metrics.unready(self.now).is_none());
        gauge(encoder, ("ready", "1 while the agent does its work, as `/readyz` says"), ready)?;
        gauge(encoder, ("resident_memory_bytes", "Memory of the process"), resident_bytes())
    }

    fn watching(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let told = self.metrics.told();
        let version = env!("CARGO_PKG_VERSION");
        let watching = Watching { version, source: told.source, variant: told.variant };
        let help = "What watches, and by which way the kernel counts; always 1";
        let mut family = encoder.encode_descriptor("watching", help, None, MetricType::Gauge)?;
        ConstGauge::new(1_i64).encode(family.encode_family(&watching)?)?;
        let help = "1 for what the agent goes without, although it was asked for";
        let mut family = encoder.encode_descriptor("degraded", help, None, MetricType::Gauge)?;
        for what in told.degraded.keys() {
            ConstGauge::new(1_i64).encode(family.encode_family(&Without { what: what.clone() })?)?;
        }
        Ok(())
    }

    /// Every cause has a line, also when nothing was lost for it: a line that appears is no growth to Prometheus.
    fn losses(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let losses = self.metrics.told().losses.clone();
        for (name, help, number) in LOSSES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for cause in LossCause::ALL {
                let lost = losses.get(cause).copied().unwrap_or_default();
                let label = Cause { cause: cause.as_str() };
                ConstCounter::new(number(&lost)).encode(family.encode_family(&label)?)?;
            }
        }
        Ok(())
    }

    fn health(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(mut health) = self.metrics.health() else { return Ok(()) };
        health.audit = self.metrics.told().audit.as_ref().map(audited);
        for (name, help, number) in HEALTH_GAUGES {
            gauge(encoder, (name, help), number(&health))?;
        }
        for (name, help, number) in HEALTH_COUNTERS {
            counter(encoder, (name, help), number(&health))?;
        }
        Ok(())
    }
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    value: u64,
) -> Result<(), fmt::Error> {
    let counter = ConstCounter::new(value);
    counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    value: u64,
) -> Result<(), fmt::Error> {
    let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

/// 0 where the system does not say.
fn resident_bytes() -> u64 {
    std::fs::read_to_string(OWN_STATUS).ok().and_then(|status| resident(&status)).unwrap_or(0)
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api::{Degradation, GatewayHealth};
    use flow::Counters;

    use super::*;

    #[test]
    fn the_text_tells_numbers_causes_and_what_is_missing() {
        let metrics = AgentMetrics::default();
        let what = "refusals".to_owned();
        metrics.begin(("conntrack", ""), None, &[Degradation { what, ..Degradation::default() }]);
        metrics.lose([(LossCause::AgentDown, Counters { packets: 7, bytes: 700 })]);
        metrics.note_spool_delay(Duration::from_millis(1200));
        metrics.note_health(GatewayHealth { table_entries: 3, ..GatewayHealth::default() });
        metrics.counters.oldest_spooled_ms.set(60_000);
        let text = metrics.text(Timestamp::from_seconds(100)).unwrap();
        for line in [
            r#"natlens_agent_lost_packets_total{cause="agent-down"} 7"#,
            r#"natlens_agent_lost_windows_total{cause="agent-down"} 1"#,
            r#"natlens_agent_lost_bytes_total{cause="late"} 0"#,
            r#"natlens_agent_degraded{what="refusals"} 1"#,
            "natlens_agent_gateway_table_entries 3",
            "natlens_agent_spool_oldest_age_seconds 40",
            r#"natlens_agent_spool_delay_seconds_bucket{le="1.5"} 1"#,
            "natlens_agent_ready 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.contains(r#"source="conntrack""#) && text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(resident("Name:\tnatlens\nVmRSS:\t   12345 kB\nThreads:\t4\n"), Some(12345 * 1024));
        assert_eq!(resident("Name:\tnatlens\n"), None);
    }
}
