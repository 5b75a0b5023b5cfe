//! The size of records, told from columns and from the records themselves.

use flow::{FlowId, LogStatus, Record, Value};

use super::*;
use crate::schema::columns_of;

/// The size of a record by its definition.
fn size(record: &Record) -> u64 {
    let values = FIELDS.iter().filter_map(|field| (field.get)(record));
    values
        .map(|value| match value {
            Value::Text(text) => text.len() as u64,
            Value::Long(_) => LONG_BYTES,
            Value::Address(_) => ADDRESS_BYTES,
        })
        .sum()
}

fn record() -> Record {
    let at = Timestamp::from_seconds(1_795_564_800);
    let mut record = Record::empty(at, at, LogStatus::Ok);
    record.nat_gateway_id = Some("nat-a1b2c3d4".into());
    record.srcaddr = Some([10, 0, 0, 1].into());
    record.dstaddr = Some("2001:db8::1".parse().unwrap());
    (record.srcport, record.dstport, record.protocol) = (Some(40_000), Some(443), Some(6));
    record.flow_start = Some(at);
    record.reject_rule = Some("流 7".into());
    record
}

#[test]
fn columns_tell_the_size_that_records_have() {
    let plain = record();
    let translated = Record { natsrcaddr: Some([192, 0, 2, 1].into()), natsrcport: Some(1024), ..record() };
    let mut follows = Record {
        natsrcaddr: plain.srcaddr,
        natsrcport: plain.srcport,
        natdstaddr: plain.dstaddr,
        natdstport: plain.dstport,
        ..record()
    };
    follows.flow_id = Some(FlowId::of_record(&follows).unwrap().to_string().into());
    let strange = Record { flow_id: Some("mine".into()), ..record() };
    let empty = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::NoData);
    let all = [plain, translated, follows, strange, empty];
    for record in &all {
        let mut sizes = Sizes::default();
        sizes.add(&columns_of(&[(1, record)]));
        assert_eq!(sizes.whole(), size(record), "{record:?}");
    }
    let rows: Vec<(i64, &Record)> = (1..).zip(&all).collect();
    let mut sizes = Sizes::default();
    for rows in rows.chunks(2) {
        sizes.add(&columns_of(rows));
    }
    assert_eq!(sizes.whole(), all.iter().map(size).sum::<u64>());
}
