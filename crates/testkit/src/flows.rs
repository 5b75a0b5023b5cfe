//! Records as a busy day of many gateways brings them: for measuring how large they are, and how fast they are found.
//!
//! Hides: who talks to whom, how often, and about what.
//! Knows nothing of: storage; the same number of rows gives the same records on every machine.
//!
//! 40 gateways in 4 regions, 20 VPCs with 12 subnets each and 20,000 hosts; 300,000 remote hosts in shared /24s. Hosts and
//! their peers are chosen by Zipf's law, 60 % of the flows go to a host's own 16 favourites; ports, packets and
//! bytes follow the service. A host owns 512 ports of one public address, which it uses one after the other. 2 % of
//! the flows live for up to half an hour, 2 % are refused, two thirds of those to scanners.

#![expect(
    clippy::indexing_slicing,
    reason = "every place is a remainder of the length, or chosen among as many"
)]

mod chance;
mod network;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use flow::{Direction, FlowId, FlowState, LogStatus, NatType, Record, RejectReason, Timestamp, protocol};

use crate::flows::chance::Chance;
use crate::flows::network::{Host, Network, Peer, SERVICES, Service};

/// Where the day begins: 2026-11-24 00:00 UTC.
pub const DAY: Timestamp = Timestamp::from_seconds(1_795_478_400);

/// Windows of a day.
const MINUTES: u32 = 24 * 60;

/// Of a hundred flows, how many live longer than their window, and how many are refused.
const LONG_PERCENT: u64 = 2;
const REFUSED_PERCENT: u64 = 2;

/// Of a thousand records, how many tell of loss.
const LOST_PER_THOUSAND: u64 = 1;

/// The longest life of a flow. Unit: windows.
const LIFE_MAX: u64 = 30;

/// The records of one day, window by window.
#[derive(Debug)]
pub struct Flows {
    chance: Chance,
    network: Network,
    /// Flows that go on, by the windows that they still live.
    going_on: VecDeque<(u64, Record)>,
    minute: u32,
    rows: u64,
}

impl Flows {
    /// A day with about `rows` records.
    pub fn new(rows: u64) -> Self {
        let chance = Chance::new(0x006e_6174_6c65_6e73);
        Self { chance, network: Network::new(), going_on: VecDeque::new(), minute: 0, rows }
    }

    /// How many records the window has: a third more by day, a third less by night.
    fn rows_of_minute(&self) -> u64 {
        let phase = f64::from(self.minute) / f64::from(MINUTES) * std::f64::consts::TAU;
        let share = 0.35f64.mul_add(-phase.cos(), 1.0) / f64::from(MINUTES);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "rows of a minute, rounded"
        )]
        let rows = (self.rows as f64 * share).round() as u64;
        rows
    }

    fn next_record(&mut self, window: Timestamp) -> Record {
        if self.chance.below(1000) < LOST_PER_THOUSAND {
            return self.lost(window);
        }
        let host = self.network.host(&mut self.chance);
        match self.chance.below(100) {
            0..REFUSED_PERCENT => self.refused(&host, window),
            REFUSED_PERCENT..7 => self.inbound(&host, window),
            _ => self.outbound(&host, window),
        }
    }

    fn outbound(&mut self, host: &Host, window: Timestamp) -> Record {
        let peer = self.network.peer(host, &mut self.chance);
        let service = &SERVICES[self.chance.pick(SERVICES.map(|service| service.share))];
        let mut record = self.traffic(host, service, window);
        let srcport = 32_768 + self.chance.below_u16(28_232);
        let dstport = if service.port == 0 { 1024 + self.chance.below_u16(2000) } else { service.port };
        set_tuple(&mut record, (host.address, srcport), (peer.address, dstport));
        record.direction = Some(Direction::Egress);
        record.nat_type = Some(NatType::Snat);
        let natsrcport = self.network.next_port(host);
        set_translated(&mut record, (host.public, natsrcport), (peer.address, dstport));
        set_peer(&mut record, &peer);
        converse(&mut record);
        if self.chance.below(100) < LONG_PERCENT {
            let life = 1 + self.chance.below(LIFE_MAX);
            record.end = last_moment(window);
            self.going_on.push_back((life, record.clone()));
        }
        record
    }

    fn inbound(&mut self, host: &Host, window: Timestamp) -> Record {
        let peer = self.network.peer(host, &mut self.chance);
        let service = &SERVICES[0];
        let mut record = self.traffic(host, service, window);
        let srcport = 1024 + self.chance.below_u16(60_000);
        set_tuple(&mut record, (peer.address, srcport), (host.public, service.port));
        record.direction = Some(Direction::Ingress);
        record.nat_type = Some(NatType::Dnat);
        set_translated(&mut record, (peer.address, srcport), (host.address, service.port));
        converse(&mut record);
        record
    }

    fn refused(&mut self, host: &Host, window: Timestamp) -> Record {
        let mut record = self.bare(host, window, LogStatus::Ok);
        record.action = Some("REJECT".into());
        record.protocol = Some(protocol::TCP);
        (record.packets, record.bytes) = (Some(1), Some(60));
        (record.reply_packets, record.reply_bytes) = (Some(0), Some(0));
        record.tcp_flags = Some(2);
        let scanned = self.chance.below(3) < 2;
        if scanned {
            let scanner = self.network.scanner(self.chance.below(12));
            let port = [22, 23, 445, 3389, 8080, 5900][usize::from(self.chance.below_u16(6))];
            set_tuple(
                &mut record,
                (scanner.address, 1024 + self.chance.below_u16(60_000)),
                (host.public, port),
            );
            record.direction = Some(Direction::Ingress);
            record.reject_reason = Some(RejectReason::Acl);
            record.reject_rule = Some("acl-default-deny".into());
        } else {
            let peer = self.network.peer(host, &mut self.chance);
            set_tuple(
                &mut record,
                (host.address, 32_768 + self.chance.below_u16(28_232)),
                (peer.address, 25),
            );
            record.direction = Some(Direction::Egress);
            record.reject_reason = Some(RejectReason::SecurityGroup);
            record.reject_rule = Some("sg-no-mail".into());
            set_peer(&mut record, &peer);
        }
        converse(&mut record);
        record
    }

    fn lost(&mut self, window: Timestamp) -> Record {
        let host = self.network.host(&mut self.chance);
        let mut record = self.bare(&host, window, LogStatus::SkipData);
        (record.start, record.end) = (window, last_moment(window));
        record.lost = Some(1 + self.chance.below(1000));
        record
    }

    /// An accepted flow of `host`, with everything but its ends.
    fn traffic(&mut self, host: &Host, service: &Service, window: Timestamp) -> Record {
        let mut record = self.bare(host, window, LogStatus::Ok);
        record.action = Some("ACCEPT".into());
        record.protocol = Some(service.protocol);
        self.count(&mut record, service);
        record.tcp_flags = (service.protocol == protocol::TCP)
            .then(|| [27, 27, 27, 31, 19, 24][usize::from(self.chance.below_u16(6))]);
        record
    }

    fn count(&mut self, record: &mut Record, service: &Service) {
        let packets = self.chance.log_normal(service.packets);
        let noise = self.chance.below(service.bytes_of_packet / 4 + 1);
        let reply_packets = packets + self.chance.below(packets / 2 + 2);
        record.packets = Some(packets);
        record.bytes = Some(packets * (service.bytes_of_packet + noise));
        record.reply_packets = Some(reply_packets);
        record.reply_bytes = Some(reply_packets * (service.reply_bytes_of_packet + 3 * noise));
    }

    fn bare(&mut self, host: &Host, window: Timestamp, status: LogStatus) -> Record {
        let start = window.plus(Duration::from_millis(self.chance.below(60_000)));
        let end = start.plus(Duration::from_millis(self.chance.log_normal(400.0)));
        let mut record = Record::empty(start, end.min(last_moment(window)), status);
        let place = &host.place;
        record.account_id = Some(Arc::clone(&place.account));
        record.interface_id = Some(Arc::clone(&place.interface));
        record.nat_gateway_id = Some(Arc::clone(&place.gateway));
        record.flow_log_id = Some(Arc::clone(&place.flow_log));
        record.region_id = Some(Arc::clone(&place.region));
        record.vpc_id = Some(Arc::clone(&place.vpc));
        if status == LogStatus::Ok {
            record.subnet_id = Some(Arc::clone(&place.subnet));
            record.instance_id = Some(format!("ins-{:08x}", host.number).into());
            record.src_region_id = Some(Arc::clone(&place.region));
        }
        record
    }

    /// What flows of earlier windows have in this one.
    fn continued(&mut self, window: Timestamp) -> Vec<Record> {
        let before = std::mem::take(&mut self.going_on);
        let mut records = Vec::with_capacity(before.len());
        for (life, mut record) in before {
            record.start = window.plus(Duration::from_millis(self.chance.below(2000)));
            record.end = last_moment(window);
            self.count(&mut record, &SERVICES[0]);
            record.flow_state = Some(if life == 1 { FlowState::Closed } else { FlowState::Active });
            if life > 1 {
                self.going_on.push_back((life - 1, record.clone()));
            }
            records.push(record);
        }
        records
    }
}

/// One window after the other.
impl Iterator for Flows {
    /// When the window begins, and its records in the order in which gateways send them.
    type Item = (Timestamp, Vec<Record>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.minute == MINUTES {
            return None;
        }
        let window = DAY.plus(Duration::from_secs(60) * self.minute);
        let rows = usize::try_from(self.rows_of_minute()).unwrap_or(usize::MAX);
        let mut records = self.continued(window);
        while records.len() < rows {
            let record = self.next_record(window);
            records.push(record);
        }
        // A gateway sends the records of a window in one or a few batches.
        records.sort_by(|one, next| one.nat_gateway_id.cmp(&next.nat_gateway_id));
        self.minute += 1;
        Some((window, records))
    }
}

fn last_moment(window: Timestamp) -> Timestamp {
    window.plus(Duration::from_millis(59_999))
}

/// Begins a conversation, whose ends are known.
fn converse(record: &mut Record) {
    record.flow_start = Some(record.start);
    record.flow_id = FlowId::of_record(record).map(|id| id.to_string().into());
    record.flow_state = Some(FlowState::Closed);
}

fn set_tuple(record: &mut Record, source: (IpAddr, u16), destination: (IpAddr, u16)) {
    (record.srcaddr, record.srcport) = (Some(source.0), Some(source.1));
    (record.dstaddr, record.dstport) = (Some(destination.0), Some(destination.1));
}

fn set_translated(record: &mut Record, source: (IpAddr, u16), destination: (IpAddr, u16)) {
    (record.natsrcaddr, record.natsrcport) = (Some(source.0), Some(source.1));
    (record.natdstaddr, record.natdstport) = (Some(destination.0), Some(destination.1));
}

fn set_peer(record: &mut Record, peer: &Peer) {
    record.dst_country = Some(peer.country.into());
    record.dst_asn = Some(peer.asn);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_rows_that_were_asked_for_and_is_the_same_each_time() {
        let day: Vec<Record> = Flows::new(20_000).flat_map(|(_, records)| records).collect();
        assert!((19_000..21_000).contains(&day.len()), "{} rows", day.len());
        let again: Vec<Record> = Flows::new(20_000).flat_map(|(_, records)| records).collect();
        assert_eq!(day, again);
    }

    #[test]
    fn every_record_lies_in_its_window_and_a_flow_keeps_its_name() {
        let mut windows_of_flow = std::collections::HashMap::new();
        for (window, records) in Flows::new(20_000) {
            for record in records {
                let inside = window <= record.start && record.end <= last_moment(window);
                assert!(inside && record.start <= record.end, "{record:?}");
                *windows_of_flow.entry(record.flow_id).or_insert(0) += 1;
            }
        }
        assert!(windows_of_flow.values().any(|windows| *windows > 10), "some flows live long");
    }
}
