//! Looks how a gateway fares.
//!
//! Hides: netlink's statistics, how seldom the table is worth a listing.
//! Knows nothing of: flows, windows, who is told.

use std::time::Duration;

use flow::Timestamp;

use crate::conntrack::no;
use crate::health::ports::fullest_port_set;
use crate::health::range::ports_available;
use crate::health::{Health, PortSet};
use crate::namespace::Namespace;
use crate::netlink::{FAMILY_BYTES, Message, Netlink, Request, attributes, be32};
use crate::source::SourceError;

/// `NFNL_SUBSYS_CTNETLINK << 8` with `IPCTNL_MSG_CT_GET_STATS_CPU`, `IPCTNL_MSG_CT_GET_STATS`.
const KIND_PER_PROCESSOR: u16 = 0x104;
const KIND_TABLE: u16 = 0x105;

/// The shortest time between two listings of the table.
const LISTING_EVERY_MIN: Duration = Duration::from_secs(60);

/// How long no listing follows another, for each entry of it: the kernel takes 2.7 µs to list one, so that listings
/// take at most a thousandth of one processor.
const REST_PER_ENTRY: Duration = Duration::from_micros(2700);

/// The same while the fullest port set is more than half full: half a percent.
const REST_PER_ENTRY_WATCHFUL: Duration = Duration::from_micros(540);

/// Looks how a gateway fares. Needs CAP_NET_ADMIN, and CAP_SYS_ADMIN to enter another namespace.
#[derive(Debug)]
pub struct HealthWatch {
    namespace: Namespace,
    netlink: Netlink,
    list_again: Timestamp,
    fullest: Option<PortSet>,
}

impl HealthWatch {
    /// Opens what looks into the network namespace `network_namespace`; `None` is that of the process.
    pub fn open(network_namespace: Option<&str>) -> Result<Self, SourceError> {
        let namespace = Namespace::find(network_namespace)?;
        let netlink = Netlink::open(&namespace, 0)?.map_err(no("ask how connection tracking fares"))?;
        Ok(Self { namespace, netlink, list_again: Timestamp::default(), fullest: None })
    }

    /// Looks. The table is listed seldom: a call takes a few microseconds, or 3 µs for each entry.
    pub fn look(&mut self, now: Timestamp) -> Result<Health, SourceError> {
        let mut health = self.statistics().map_err(no("read the statistics of connection tracking"))?;
        if self.list_again <= now {
            self.fullest = fullest_port_set(&mut self.netlink, ports_available(&self.namespace))
                .map_err(no("list the connection-tracking table"))?;
            self.list_again = now.plus(rest(health.table_entries, self.fullest.as_ref()));
        }
        health.fullest.clone_from(&self.fullest);
        Ok(health)
    }

    fn statistics(&mut self) -> std::io::Result<Health> {
        let mut health = Health::default();
        let question = |kind| Request { kind, resource: 0, attributes: &[] };
        self.netlink.ask_for(&question(KIND_TABLE), |answer| read_table(answer, &mut health))?;
        self.netlink.dump(&question(KIND_PER_PROCESSOR), |processors| {
            processors.for_each(|processor| read_processor(&processor, &mut health));
            Ok(())
        })?;
        Ok(health)
    }
}

/// How long no listing follows one of so many entries that found this set the fullest.
fn rest(entries: u64, fullest: Option<&PortSet>) -> Duration {
    let is_half_full = fullest.is_some_and(|set| set.ports_available / 2 < set.ports_used);
    let per_entry = if is_half_full { REST_PER_ENTRY_WATCHFUL } else { REST_PER_ENTRY };
    per_entry.saturating_mul(u32::try_from(entries).unwrap_or(u32::MAX)).max(LISTING_EVERY_MIN)
}

/// `enum ctattr_stats_global`.
fn read_table(answer: &Message<'_>, health: &mut Health) {
    for attribute in attributes(answer.body.get(FAMILY_BYTES..).unwrap_or_default()) {
        let Some(number) = be32(attribute.value) else { continue };
        match attribute.kind {
            1 => health.table_entries = number.into(),
            2 => health.table_entries_max = number.into(),
            _ => {}
        }
    }
}

/// `enum ctattr_stats_cpu`: each processor counts by itself.
fn read_processor(answer: &Message<'_>, health: &mut Health) {
    for attribute in attributes(answer.body.get(FAMILY_BYTES..).unwrap_or_default()) {
        let Some(number) = be32(attribute.value) else { continue };
        let total = match attribute.kind {
            9 => &mut health.insert_failed_total,
            10 => &mut health.drop_total,
            11 => &mut health.early_drop_total,
            13 => &mut health.search_restart_total,
            _ => continue,
        };
        *total = total.saturating_add(number.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(numbers: &[(u16, u32)]) -> Vec<u8> {
        let mut body = vec![0; FAMILY_BYTES];
        for (kind, number) in numbers {
            body.extend(8_u16.to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(number.to_be_bytes());
        }
        body
    }

    #[test]
    fn a_large_table_is_listed_seldom_and_more_often_once_a_port_set_is_half_full() {
        let set = |ports_used| PortSet {
            public_address: "203.0.113.1".parse().unwrap(),
            destination: "192.0.2.1".parse().unwrap(),
            destination_port: 443,
            protocol: 6,
            ports_used,
            ports_available: 1000,
        };
        for (entries, ports_used, seconds) in
            [(10, 900, 60), (100_000, 500, 270), (1_000_000, 500, 2700), (1_000_000, 501, 540)]
        {
            assert_eq!(rest(entries, Some(&set(ports_used))).as_secs(), seconds, "{entries} {ports_used}");
        }
        assert_eq!(rest(100_000, None).as_secs(), 270);
    }

    #[test]
    fn the_numbers_of_all_processors_are_summed_and_unknown_ones_left_out() {
        let mut health = Health::default();
        for numbers in [[(9, 1), (10, 2), (11, 3), (15, 99)], [(9, 10), (10, 20), (13, 4), (2, 99)]] {
            let body = body(&numbers);
            read_processor(&Message { kind: KIND_PER_PROCESSOR, sequence: 0, body: &body }, &mut health);
        }
        let table = body(&[(1, 7), (2, 262_144), (3, 9)]);
        read_table(&Message { kind: KIND_TABLE, sequence: 0, body: &table }, &mut health);
        let expected = Health {
            table_entries: 7,
            table_entries_max: 262_144,
            insert_failed_total: 11,
            drop_total: 22,
            early_drop_total: 3,
            search_restart_total: 4,
            fullest: None,
        };
        assert_eq!(health, expected);
    }
}
