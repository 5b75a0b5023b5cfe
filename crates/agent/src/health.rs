//! Watches how the gateway itself fares, and warns before its table or its ports are full.
//!
//! Hides: how often it looks, and that a fill is told once and not at every look.
//! Knows nothing of: how the kernel is asked, flows, windows.

#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use api::Degradation;
use capture::Health;
#[cfg(target_os = "linux")]
use flow::Clock;

#[cfg(target_os = "linux")]
use crate::metrics::AgentMetrics;
#[cfg(target_os = "linux")]
use crate::status::health_told;
#[cfg(target_os = "linux")]
use crate::stop::Stop;

/// From this fill on the operator is warned. Unit: percent.
const HIGH_PERCENT: u64 = 80;
/// From this fill on the operator is warned once more. Unit: percent.
const CRITICAL_PERCENT: u64 = 95;

/// Where the health of a gateway is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthPlace {
    /// A namespace as `ip netns list` names it; `None` is that of the process.
    pub network_namespace: Option<String>,
}

/// Looks again and again until asked to stop. What cannot be looked at is told once, and tried again.
#[cfg(target_os = "linux")]
pub(crate) fn watch(
    place: &HealthPlace,
    every: Duration,
    metrics: &AgentMetrics,
    clock: &Clock,
    stop: &Stop,
) {
    let mut watch = None;
    let mut warnings = Warnings::default();
    let mut failed = false;
    while !stop.is_asked() {
        let opened = match watch.take() {
            Some(opened) => Ok(opened),
            None => capture::HealthWatch::open(place.network_namespace.as_deref()),
        };
        match opened.and_then(|mut opened| Ok((opened.look(clock())?, opened))) {
            Ok((health, opened)) => {
                warnings.of(&health).iter().for_each(|warning| tracing::warn!("{warning}"));
                metrics.note_health(health_told(health));
                metrics.mend(DEGRADED);
                (watch, failed) = (Some(opened), false);
            }
            Err(error) => {
                if !failed {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the gateway's own health is not watched");
                    metrics.degrade(&unwatched(error));
                }
                failed = true;
            }
        }
        stop.wait(every);
    }
}

/// The word for what is missing then.
#[cfg(target_os = "linux")]
const DEGRADED: &str = "health";

#[cfg(target_os = "linux")]
fn unwatched(error: &dyn std::error::Error) -> Degradation {
    Degradation {
        what: DEGRADED.to_owned(),
        says: format!("the gateway's own health is not watched: {error}"),
        mend: "natlens doctor".to_owned(),
    }
}

/// How full something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Fill {
    #[default]
    Fine,
    High,
    Critical,
}

/// What was told already.
#[derive(Debug, Default)]
struct Warnings {
    table: Fill,
    ports: Fill,
    before: Option<Health>,
}

impl Warnings {
    /// What the operator must know that was not told already.
    fn of(&mut self, health: &Health) -> Vec<String> {
        let mut told = Vec::new();
        let percent = percent(health.table_entries, health.table_entries_max);
        if rises(&mut self.table, percent) {
            told.push(format!(
                "the connection-tracking table is {percent} % full: raise `net.netfilter.nf_conntrack_max`"
            ));
        }
        let percent = health
            .fullest
            .as_ref()
            .map_or(0, |fullest| self::percent(fullest.ports_used.into(), fullest.ports_available.into()));
        if rises(&mut self.ports, percent) {
            told.push(format!(
                "{percent} % of the ports of one public address towards one destination are used: give the gateway \
                 another public address (`natlens gateway describe` names both)"
            ));
        }
        if let Some(before) = self.before.replace(health.clone()) {
            let dropped = health.drop_total.saturating_sub(before.drop_total);
            let ended = health.early_drop_total.saturating_sub(before.early_drop_total);
            if dropped > 0 || ended > 0 {
                told.push(format!(
                    "connection tracking dropped {dropped} packets since the last look, for lack of room or ports, \
                     and ended {ended} conversations early"
                ));
            }
        }
        told
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// Whether the fill is worse than it was.
fn rises(fill: &mut Fill, percent: u64) -> bool {
    let now = match percent {
        CRITICAL_PERCENT.. => Fill::Critical,
        HIGH_PERCENT.. => Fill::High,
        _ => Fill::Fine,
    };
    let before = std::mem::replace(fill, now);
    now > before
}

#[cfg(test)]
mod tests {
    use capture::PortSet;

    use super::*;

    fn table(entries: u64, drop_total: u64) -> Health {
        Health { table_entries: entries, table_entries_max: 1000, drop_total, ..Health::default() }
    }

    #[test]
    fn a_fill_is_told_when_it_rises_and_not_while_it_stays() {
        let mut warnings = Warnings::default();
        let mut told = |entries| warnings.of(&table(entries, 0)).concat();
        assert_eq!(told(799), "");
        assert!(told(800).contains("table is 80 % full"));
        assert_eq!(told(900), "");
        assert!(told(950).contains("95 %"));
        assert_eq!(told(850), "");
        assert_eq!(told(100), "");
        assert!(told(999).contains("99 %"), "full again is told again");
    }

    #[test]
    fn packets_that_were_dropped_before_the_first_look_are_not_told() {
        let mut warnings = Warnings::default();
        assert_eq!(warnings.of(&table(1, 500)), [""; 0]);
        let told = warnings.of(&table(1, 512));
        assert!(told.concat().contains("dropped 12 packets"), "{told:?}");
    }

    #[test]
    fn ports_that_run_out_are_told_without_an_address() {
        let fullest = PortSet {
            public_address: "203.0.113.1".parse().unwrap(),
            destination: "192.0.2.1".parse().unwrap(),
            destination_port: 443,
            protocol: 6,
            ports_used: 3,
            ports_available: 3,
        };
        let told = Warnings::default().of(&Health { fullest: Some(fullest), ..Health::default() }).concat();
        assert!(told.starts_with("100 %") && !told.contains("192.0.2.1"), "{told}");
    }
}
