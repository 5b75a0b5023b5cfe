//! What follows comes back, and what does not is kept.
//!
//! Hides: nothing.
//! Knows nothing of: files.

use flow::{LogStatus, Value, field};

use super::*;
use crate::schema::{columns_of, fitted};

/// A record of a translated conversation, changed by `change`, with the `flow-id` that follows.
fn record(change: impl FnOnce(&mut Record)) -> Record {
    let mut record = Record::empty(Timestamp::from_seconds(90), Timestamp::from_seconds(95), LogStatus::Ok);
    record.nat_gateway_id = Some("nat-00000001".into());
    record.flow_start = Some(Timestamp::from_seconds(5));
    record.protocol = Some(flow::protocol::TCP);
    (record.srcaddr, record.srcport) = ("10.0.0.2".parse().ok(), Some(4000));
    (record.dstaddr, record.dstport) = ("198.51.100.9".parse().ok(), Some(443));
    (record.natsrcaddr, record.natsrcport) = ("203.0.113.7".parse().ok(), Some(4000));
    (record.natdstaddr, record.natdstport) = (record.dstaddr, record.dstport);
    change(&mut record);
    record.flow_id = FlowId::of_record(&record).map(|id| id.to_string().into());
    record
}

fn rows(records: &[Record]) -> RecordBatch {
    let rows: Vec<(i64, &Record)> = (1..).zip(records).collect();
    columns_of(&rows)
}

fn ids(rows: &RecordBatch) -> Vec<Option<String>> {
    let columns = FLOW_ID_COLUMNS.map(|name| Arc::clone(rows.column_by_name(name).unwrap()));
    flow_ids(&columns).unwrap().iter().map(|id| id.map(str::to_owned)).collect()
}

/// Records that keep all rules, some, and none.
fn records() -> Vec<Record> {
    let mut foreign = record(|_| {});
    foreign.flow_id = Some("a conversation".into());
    let mut nameless = record(|_| {});
    nameless.flow_id = None;
    let mut capitals = record(|_| {});
    capitals.flow_id = capitals.flow_id.map(|id| id.to_uppercase().into());
    let mut empty = record(|_| {});
    empty.flow_id = Some("".into());
    vec![
        record(|_| {}),
        record(|record| record.srcaddr = "2001:db8::7".parse().ok()),
        record(|record| record.natdstaddr = "10.9.9.9".parse().ok()),
        record(|record| record.natdstport = None),
        record(|record| {
            (record.natsrcaddr, record.natsrcport) = (None, None);
            (record.natdstaddr, record.natdstport) = (None, None);
        }),
        record(|record| record.nat_gateway_id = None),
        record(|record| record.flow_start = None),
        Record::empty(Timestamp::from_seconds(60), Timestamp::from_seconds(119), LogStatus::NoData),
        foreign,
        nameless,
        capitals,
        empty,
    ]
}

#[test]
fn every_flow_id_comes_back_and_those_that_follow_are_not_stored() {
    let records = records();
    let rows = rows(&records);
    let sent: Vec<Option<String>> =
        records.iter().map(|record| record.flow_id.as_deref().map(str::to_owned)).collect();
    assert_eq!(ids(&rows), sent);
    let stored = rows.column_by_name("flow-id").unwrap().as_string::<i32>();
    let stored: Vec<&str> = stored.iter().flatten().collect();
    assert_eq!(stored, ["a conversation", &sent[0].as_deref().unwrap().to_uppercase(), ""]);
}

#[test]
fn an_end_that_is_not_translated_is_stored_once() {
    let records = records();
    let rows = rows(&records);
    let rules = rows.column_by_name(FOLLOWS_COLUMN).unwrap().as_primitive::<Int64Type>();
    for SameAs { field: name, other, rule } in SAME_AS {
        let column = rows.column_by_name(name).unwrap();
        for (row, record) in records.iter().enumerate() {
            let sent = |name| field(name).and_then(|field| (field.get)(record));
            let (value, follows): (Option<Value>, bool) = (sent(name), rules.value(row) & rule != 0);
            assert_eq!(follows, value.is_some() && value == sent(other), "{name} of row {row}");
            assert_eq!(column.is_null(row), follows || value.is_none(), "{name} of row {row}");
        }
    }
}

#[test]
fn a_row_of_an_older_segment_loses_what_follows_when_it_is_merged() {
    let records = records();
    let today = rows(&records);
    // As version 2 held them: every value, no rules.
    let schema = today.schema();
    let held =
        schema.fields().iter().zip(today.columns()).filter(|(field, _)| field.name() != FOLLOWS_COLUMN);
    let (fields, columns): (Vec<_>, Vec<ArrayRef>) = held
        .map(|(field, column)| {
            let values = || {
                records.iter().map(|record| flow::field(field.name()).and_then(|field| (field.get)(record)))
            };
            let column = match rule_of(field.name()) {
                0 => Arc::clone(column),
                FLOW_ID_FOLLOWS => crate::schema::texts(values()),
                2 | 8 => crate::schema::addresses(values()),
                _ => crate::schema::longs(values()),
            };
            (Arc::clone(field), column)
        })
        .unzip();
    let before = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
    assert_eq!(fitted(&before), today);
}
