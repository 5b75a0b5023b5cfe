//! The columns of a segment, and how a record becomes a row.
//!
//! Hides: the Arrow type of each kind of field, how an address becomes sixteen bytes, what older segments had instead.
//! Knows nothing of: files, the catalog.
//!
//! What follows from another column is not stored: moments in seconds, and the end of a row and the beginning of its
//! conversation, which are small numbers when told from the row's own moment. What follows in most rows says `follows.rs`.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, AsArray, FixedSizeBinaryBuilder, Int64Array, Int64Builder, RecordBatch, StringBuilder,
    TimestampMillisecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMillisecondType};
use flow::{FIELDS, FieldKind, Record, Value};

use crate::follows::{FOLLOWS_COLUMN, rule_of, rules_of_record, without_what_follows};

/// The version of the columns that this program writes; every earlier one stays readable.
pub(crate) const SEGMENT_SCHEMA_VERSION: i64 = 3;

/// The last version whose rows stand newest first.
pub(crate) const LAST_VERSION_BY_TIME: i64 = 1;

/// The moment of a row: the record's `start`. Type: milliseconds since the Unix epoch, UTC.
pub const TIMESTAMP_COLUMN: &str = "__TIMESTAMP__";

/// The number of a row, ascending in the order of arrival. Of the rows of a topic that share a moment, no two have the
/// same number. Type: 64-bit integer.
pub const ROW_COLUMN: &str = "__ROW__";

/// How long after its moment a row ends: the record's `end`. Absent in segments before version 2, which hold `end-ms`.
/// Type: 64-bit integer. Unit: milliseconds.
pub const DURATION_COLUMN: &str = "__DURATION__";

/// How long before the moment of a row its conversation began: the record's `flow-start`. Absent in segments before
/// version 2, which hold `flow-start`. Type: 64-bit integer. Unit: milliseconds.
pub const AGE_COLUMN: &str = "__AGE__";

/// Fields that follow from other columns. Segments before version 2 hold them.
const DERIVED: [&str; 5] = ["start", "end", "start-ms", "end-ms", "flow-start"];

/// Those among them that only segments before version 2 can tell.
const TOLD_BEFORE: [&str; 2] = ["end-ms", "flow-start"];

/// The time zone of `TIMESTAMP_COLUMN`: with it, every reader of Parquet takes the number for a moment, not for
/// wall-clock time of wherever it runs.
const UTC: &str = "UTC";

/// Unit: bytes.
const ADDRESS_BYTES: i32 = 16;

/// The columns that this program writes.
static STORED: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(stored_columns())));

/// The same, and what only older segments have.
static READ: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut columns = stored_columns();
    columns.extend(TOLD_BEFORE.map(|name| Field::new(name, DataType::Int64, true)));
    Arc::new(Schema::new(columns))
});

fn stored_columns() -> Vec<Field> {
    let moment = DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()));
    let mut columns = vec![
        Field::new(TIMESTAMP_COLUMN, moment, false),
        Field::new(ROW_COLUMN, DataType::Int64, false),
        Field::new(DURATION_COLUMN, DataType::Int64, true),
        Field::new(AGE_COLUMN, DataType::Int64, true),
        Field::new(FOLLOWS_COLUMN, DataType::Int64, true),
    ];
    let stored = FIELDS.iter().filter(|field| !DERIVED.contains(&field.name));
    columns.extend(stored.map(|field| Field::new(field.name, column_type(field.kind), true)));
    columns
}

/// The columns by which segments of every version are read: moment, row number, duration, age and rules; then one column for
/// each entry of `flow::FIELDS` that does not follow from these; then what only older segments hold. All but the first
/// two may be null or absent: text as UTF-8, numbers as 64-bit integers, addresses as sixteen bytes.
pub fn segment_schema() -> SchemaRef {
    Arc::clone(&READ)
}

/// The columns that this program writes.
pub(crate) fn stored_schema() -> SchemaRef {
    Arc::clone(&STORED)
}

/// An address as a segment holds it: IPv4 as `::ffff:a.b.c.d`, so that one order of bytes holds for both families
/// and a prefix is a range.
pub fn address_bytes(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The address that `bytes` of a segment stand for, or `None` unless there are sixteen.
pub fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(Ipv6Addr::from(bytes).to_canonical())
}

const fn column_type(kind: FieldKind) -> DataType {
    match kind {
        FieldKind::Text => DataType::Utf8,
        FieldKind::Long => DataType::Int64,
        FieldKind::Address => DataType::FixedSizeBinary(ADDRESS_BYTES),
    }
}

/// Records with their row numbers as columns, in the given order.
pub(crate) fn columns_of(rows: &[(i64, &Record)]) -> RecordBatch {
    let moments = rows.iter().map(|(_, record)| record.start.millis());
    let numbers = rows.iter().map(|(number, _)| *number);
    let durations = rows.iter().map(|(_, record)| record.end.millis().wrapping_sub(record.start.millis()));
    let ages =
        rows.iter().map(|(_, record)| Some(record.start.millis().wrapping_sub(record.flow_start?.millis())));
    let rules: Vec<i64> = rows.iter().map(|(_, record)| rules_of_record(record)).collect();
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampMillisecondArray::from_iter_values(moments).with_timezone(UTC)),
        Arc::new(Int64Array::from_iter_values(numbers)),
        Arc::new(Int64Array::from_iter_values(durations)),
        Arc::new(ages.collect::<Int64Array>()),
        Arc::new(Int64Array::from_iter_values(rules.iter().copied())),
    ];
    let stored = FIELDS.iter().filter(|field| !DERIVED.contains(&field.name));
    columns.extend(stored.map(|field| {
        let rule = rule_of(field.name);
        let values = rows.iter().zip(&rules).map(|((_, record), rules)| {
            let follows = rules & rule != 0;
            if follows { None } else { (field.get)(record) }
        });
        match field.kind {
            FieldKind::Text => texts(values),
            FieldKind::Long => longs(values),
            FieldKind::Address => addresses(values),
        }
    }));
    RecordBatch::try_new(stored_schema(), columns).expect("both the schema and the columns follow FIELDS")
}

/// Rows of any segment with the columns of today: fields that it does not know are null, columns that nobody knows any
/// more are left out.
pub(crate) fn fitted(rows: &RecordBatch) -> RecordBatch {
    if rows.schema_ref().fields() == STORED.fields() {
        return rows.clone();
    }
    let column = |field: &Arc<Field>| {
        let found =
            rows.column_by_name(field.name()).filter(|column| column.data_type() == field.data_type());
        let found = found.map(Arc::clone).or_else(|| match field.name().as_str() {
            DURATION_COLUMN => told_before(rows, "end-ms", |moment, end| end.wrapping_sub(moment)),
            AGE_COLUMN => told_before(rows, "flow-start", i64::wrapping_sub),
            _ => None,
        });
        found.unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
    };
    let columns = STORED.fields().iter().map(column).collect();
    let fitted = RecordBatch::try_new(stored_schema(), columns);
    let fitted = fitted.expect("every segment has moments and row numbers");
    if rows.column_by_name(FOLLOWS_COLUMN).is_some() { fitted } else { without_what_follows(&fitted) }
}

/// What an older segment tells as a moment, as the distance from the moment of the row.
fn told_before(rows: &RecordBatch, name: &str, distance: impl Fn(i64, i64) -> i64) -> Option<ArrayRef> {
    let moments = rows.column_by_name(TIMESTAMP_COLUMN)?.as_primitive_opt::<TimestampMillisecondType>()?;
    let told = rows.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    let distances = moments.iter().zip(told).map(|(moment, told)| Some(distance(moment?, told?)));
    Some(Arc::new(distances.collect::<Int64Array>()))
}

pub(crate) fn texts(values: impl Iterator<Item = Option<Value>>) -> ArrayRef {
    let mut column = StringBuilder::new();
    for value in values {
        match value {
            Some(Value::Text(text)) => column.append_value(&*text),
            Some(Value::Long(_) | Value::Address(_)) | None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

pub(crate) fn longs(values: impl Iterator<Item = Option<Value>>) -> ArrayRef {
    let mut column = Int64Builder::new();
    for value in values {
        match value {
            Some(Value::Long(number)) => column.append_value(number),
            Some(Value::Text(_) | Value::Address(_)) | None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

pub(crate) fn addresses(values: impl Iterator<Item = Option<Value>>) -> ArrayRef {
    let mut column = FixedSizeBinaryBuilder::new(ADDRESS_BYTES);
    for value in values {
        match value {
            Some(Value::Address(address)) => {
                column.append_value(address_bytes(address)).expect("an address has sixteen bytes");
            }
            Some(Value::Text(_) | Value::Long(_)) | None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_from_its_bytes_and_keeps_its_order() {
        let texts = ["0.0.0.0", "10.0.0.1", "10.0.1.0", "255.255.255.255", "2001:db8::1", "fd00::1"];
        let addresses: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let bytes: Vec<[u8; 16]> = addresses.iter().copied().map(address_bytes).collect();
        assert!(bytes.is_sorted());
        let back: Vec<IpAddr> = bytes.iter().filter_map(|bytes| address_of(bytes)).collect();
        assert_eq!(back, addresses);
        assert_eq!(address_of(&[1, 2, 3, 4]), None);
    }
}
