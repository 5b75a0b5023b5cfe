//! The columns of a segment, and how a record becomes a row.
//!
//! Hides: the Arrow type of each kind of field, and how an address becomes sixteen bytes.
//! Knows nothing of: files, the catalog.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, FixedSizeBinaryBuilder, Int64Array, Int64Builder, RecordBatch, StringBuilder,
    TimestampMillisecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use flow::{FIELDS, FieldKind, Record, Value};

/// The version of the columns that this program writes; every earlier one stays readable.
pub(crate) const SEGMENT_SCHEMA_VERSION: i64 = 1;

/// The moment of a row: the record's `start`. Type: milliseconds since the Unix epoch, UTC.
pub const TIMESTAMP_COLUMN: &str = "__TIMESTAMP__";

/// The number of a row: unique in its topic and ascending in the order of arrival. Type: 64-bit integer.
pub const ROW_COLUMN: &str = "__ROW__";

/// The time zone of `TIMESTAMP_COLUMN`: with it, every reader of Parquet takes the number for a moment, not for
/// wall-clock time of wherever it runs.
const UTC: &str = "UTC";

/// Unit: bytes.
const ADDRESS_BYTES: i32 = 16;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let moment = DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()));
    let mut columns =
        vec![Field::new(TIMESTAMP_COLUMN, moment, false), Field::new(ROW_COLUMN, DataType::Int64, false)];
    columns.extend(FIELDS.iter().map(|field| Field::new(field.name, column_type(field.kind), true)));
    Arc::new(Schema::new(columns))
});

/// The columns of a segment: moment and row number, then one column for each entry of `flow::FIELDS`, which may
/// be null: text as UTF-8, numbers as 64-bit integers, addresses as sixteen bytes.
pub fn segment_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
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
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampMillisecondArray::from_iter_values(moments).with_timezone(UTC)),
        Arc::new(Int64Array::from_iter_values(numbers)),
    ];
    columns.extend(FIELDS.iter().map(|field| {
        let values = rows.iter().map(|(_, record)| (field.get)(record));
        match field.kind {
            FieldKind::Text => texts(values),
            FieldKind::Long => longs(values),
            FieldKind::Address => addresses(values),
        }
    }));
    RecordBatch::try_new(segment_schema(), columns).expect("both the schema and the columns follow FIELDS")
}

/// Rows of an older segment with the columns of today: fields that it does not know are null, columns that nobody
/// knows any more are left out.
pub(crate) fn fitted(rows: &RecordBatch) -> RecordBatch {
    if rows.schema_ref().fields() == SCHEMA.fields() {
        return rows.clone();
    }
    let column = |field: &Arc<Field>| {
        let found =
            rows.column_by_name(field.name()).filter(|column| column.data_type() == field.data_type());
        found.map_or_else(|| new_null_array(field.data_type(), rows.num_rows()), Arc::clone)
    };
    let columns = SCHEMA.fields().iter().map(column).collect();
    RecordBatch::try_new(segment_schema(), columns).expect("every segment has moments and row numbers")
}

fn texts(values: impl Iterator<Item = Option<Value>>) -> ArrayRef {
    let mut column = StringBuilder::new();
    for value in values {
        match value {
            Some(Value::Text(text)) => column.append_value(&*text),
            Some(Value::Long(_) | Value::Address(_)) | None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

fn longs(values: impl Iterator<Item = Option<Value>>) -> ArrayRef {
    let mut column = Int64Builder::new();
    for value in values {
        match value {
            Some(Value::Long(number)) => column.append_value(number),
            Some(Value::Text(_) | Value::Address(_)) | None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

fn addresses(values: impl Iterator<Item = Option<Value>>) -> ArrayRef {
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
