//! The order of the rows of a segment.
//!
//! Hides: which fields lead, and how a row of columns and a record are told to be in the same order.
//! Knows nothing of: files.
//!
//! By hour, newest first, so that row groups cover a short time; within the hour by gateway, direction, host inside,
//! host outside and its port, so that a conversation and everything about a host stand together: half the bytes of
//! the order of arrival, and a search for a host reads a few pages. Moment and number make the order total.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{
    Array, AsArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use flow::{Direction, Record};

use crate::schema::{ROW_COLUMN, TIMESTAMP_COLUMN, address_bytes};

/// Rows of one hour stand together. Unit: milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// Where a row stands among others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey {
    hour: Reverse<i64>,
    gateway: Option<Arc<str>>,
    /// Whether it was opened from outside.
    inbound: bool,
    inside: Option<[u8; 16]>,
    outside: Option<[u8; 16]>,
    port: Option<i64>,
    moment: Reverse<i64>,
    number: Reverse<i64>,
}

/// The addresses of a row that the order knows.
struct Addresses {
    source: Option<[u8; 16]>,
    destination: Option<[u8; 16]>,
    destination_after: Option<[u8; 16]>,
}

impl Addresses {
    /// The hosts inside and outside of the gateway.
    fn ends(self, inbound: bool) -> (Option<[u8; 16]>, Option<[u8; 16]>) {
        if inbound {
            (self.destination_after.or(self.destination), self.source)
        } else {
            (self.source, self.destination)
        }
    }
}

impl RowKey {
    /// The place of a record with that number.
    pub(crate) fn of_record(number: i64, record: &Record) -> Self {
        let inbound = record.direction == Some(Direction::Ingress);
        let addresses = Addresses {
            source: record.srcaddr.map(address_bytes),
            destination: record.dstaddr.map(address_bytes),
            destination_after: record.natdstaddr.map(address_bytes),
        };
        let (inside, outside) = addresses.ends(inbound);
        let moment = record.start.millis();
        Self {
            hour: Reverse(moment.div_euclid(HOUR_MS)),
            gateway: record.nat_gateway_id.clone(),
            inbound,
            inside,
            outside,
            port: record.dstport.map(i64::from),
            moment: Reverse(moment),
            number: Reverse(number),
        }
    }
}

/// The columns of some rows that the order knows.
#[derive(Debug)]
pub(crate) struct Keys {
    moments: TimestampMillisecondArray,
    numbers: Int64Array,
    gateways: StringArray,
    directions: StringArray,
    sources: FixedSizeBinaryArray,
    destinations: FixedSizeBinaryArray,
    destinations_after: FixedSizeBinaryArray,
    ports: Int64Array,
    /// The gateway of the row before: it is mostly the same.
    gateway: Option<Arc<str>>,
}

impl Keys {
    /// The keys of rows with the columns of a segment.
    pub(crate) fn of(rows: &RecordBatch) -> Self {
        let column = |name| rows.column_by_name(name).expect("rows have the columns of a segment");
        Self {
            moments: column(TIMESTAMP_COLUMN).as_primitive::<TimestampMillisecondType>().clone(),
            numbers: column(ROW_COLUMN).as_primitive::<Int64Type>().clone(),
            gateways: column("nat-gateway-id").as_string().clone(),
            directions: column("direction").as_string().clone(),
            sources: column("srcaddr").as_fixed_size_binary().clone(),
            destinations: column("dstaddr").as_fixed_size_binary().clone(),
            destinations_after: column("natdstaddr").as_fixed_size_binary().clone(),
            ports: column("dstport").as_primitive::<Int64Type>().clone(),
            gateway: None,
        }
    }

    /// The place of the row `at`.
    pub(crate) fn key(&mut self, at: usize) -> RowKey {
        let inbound =
            self.directions.is_valid(at) && self.directions.value(at) == Direction::Ingress.as_str();
        let addresses = Addresses {
            source: address(&self.sources, at),
            destination: address(&self.destinations, at),
            destination_after: address(&self.destinations_after, at),
        };
        let (inside, outside) = addresses.ends(inbound);
        let moment = self.moments.value(at);
        RowKey {
            hour: Reverse(moment.div_euclid(HOUR_MS)),
            gateway: self.gateway(at),
            inbound,
            inside,
            outside,
            port: self.ports.is_valid(at).then(|| self.ports.value(at)),
            moment: Reverse(moment),
            number: Reverse(self.numbers.value(at)),
        }
    }

    fn gateway(&mut self, at: usize) -> Option<Arc<str>> {
        if self.gateways.is_null(at) {
            return None;
        }
        let name = self.gateways.value(at);
        if self.gateway.as_deref() != Some(name) {
            self.gateway = Some(name.into());
        }
        self.gateway.clone()
    }
}

fn address(column: &FixedSizeBinaryArray, at: usize) -> Option<[u8; 16]> {
    column.is_valid(at).then(|| column.value(at)).and_then(|bytes| bytes.try_into().ok())
}

#[cfg(test)]
mod tests {
    use flow::{LogStatus, Timestamp};

    use super::*;
    use crate::schema::columns_of;

    fn record(minute: i64, direction: Direction, inside: &str, outside: &str) -> Record {
        let at = Timestamp::from_seconds(minute * 60);
        let mut record = Record::empty(at, at, LogStatus::Ok);
        let (inside, outside) = (inside.parse().ok(), outside.parse().ok());
        record.nat_gateway_id = Some("nat-1".into());
        record.direction = Some(direction);
        match direction {
            Direction::Egress => (record.srcaddr, record.dstaddr) = (inside, outside),
            Direction::Ingress => (record.srcaddr, record.natdstaddr) = (outside, inside),
        }
        record
    }

    #[test]
    fn a_host_stands_together_within_the_hour_and_the_newest_hour_first() {
        let records = [
            record(90, Direction::Egress, "10.0.0.9", "192.0.2.1"),
            record(59, Direction::Egress, "10.0.0.1", "192.0.2.1"),
            record(3, Direction::Egress, "10.0.0.1", "192.0.2.1"),
            record(58, Direction::Egress, "10.0.0.1", "192.0.2.2"),
            record(1, Direction::Egress, "10.0.0.2", "192.0.2.1"),
            record(4, Direction::Ingress, "10.0.0.1", "192.0.2.1"),
            record(59, Direction::Ingress, "10.0.0.2", "192.0.2.1"),
        ];
        let keys: Vec<RowKey> = records.iter().map(|record| RowKey::of_record(1, record)).collect();
        assert!(keys.is_sorted());
    }

    #[test]
    fn a_row_of_a_segment_has_the_place_of_its_record() {
        let mut full = record(7, Direction::Ingress, "10.0.0.1", "2001:db8::1");
        full.dstaddr = "203.0.113.1".parse().ok();
        full.dstport = Some(443);
        let at = Timestamp::from_seconds(9);
        let records = [full, Record::empty(at, at, LogStatus::NoData)];
        let rows: Vec<(i64, &Record)> = (5..).zip(&records).collect();
        let mut keys = Keys::of(&columns_of(&rows));
        for (at, (number, record)) in rows.iter().enumerate() {
            assert_eq!(keys.key(at), RowKey::of_record(*number, record));
        }
    }
}
