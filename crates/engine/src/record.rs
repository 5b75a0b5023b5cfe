//! Rows of a segment as records.
//!
//! Hides: which column holds which member, and their types.
//! Knows nothing of: which rows are wanted.

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, TimestampMillisecondType};
use flow::{FIELDS, Field, FieldKind, LogStatus, Record, Timestamp, Value};
use store::{ROW_COLUMN, TIMESTAMP_COLUMN, address_of};

use crate::error::EngineError;
use crate::find::{FoundRecord, Position};
use crate::table::SEGMENT_COLUMN;

/// The columns that [`records`] reads, in order.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
    [TIMESTAMP_COLUMN, ROW_COLUMN, SEGMENT_COLUMN].into_iter().chain(FIELDS.iter().map(|field| field.name))
}

/// The records of a batch with [`columns`].
pub(crate) fn records(batch: &RecordBatch) -> Result<Vec<FoundRecord>, EngineError> {
    let moments = named(batch, TIMESTAMP_COLUMN)?.as_primitive_opt::<TimestampMillisecondType>();
    let rows = named(batch, ROW_COLUMN)?.as_primitive_opt::<Int64Type>();
    let segments = named(batch, SEGMENT_COLUMN)?.as_primitive_opt::<Int64Type>();
    let (Some(moments), Some(rows), Some(segments)) = (moments, rows, segments) else {
        return Err(EngineError::failed(
            "a segment has internal columns of other types than this program writes",
        ));
    };
    let fields: Vec<(&Field, &ArrayRef)> = FIELDS
        .iter()
        .map(|field| Ok((field, named(batch, field.name)?)))
        .collect::<Result<_, EngineError>>()?;
    let found = |row| {
        let at = Timestamp::from_millis(moments.value(row));
        let mut record = Record::empty(at, at, LogStatus::Ok);
        for (field, column) in &fields {
            if let Some(value) = value(field.kind, column, row) {
                (field.set)(&mut record, value);
            }
        }
        FoundRecord { position: Position { at, row: rows.value(row) }, segment: segments.value(row), record }
    };
    Ok((0..batch.num_rows()).map(found).collect())
}

fn named<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, EngineError> {
    batch
        .column_by_name(name)
        .ok_or_else(|| EngineError::failed(format!("a segment lacks the column `{name}`")))
}

fn value(kind: FieldKind, column: &ArrayRef, row: usize) -> Option<Value> {
    if column.is_null(row) {
        return None;
    }
    match kind {
        FieldKind::Text => column.as_string_opt::<i32>().map(|texts| Value::Text(texts.value(row).into())),
        FieldKind::Long => {
            column.as_primitive_opt::<Int64Type>().map(|numbers| Value::Long(numbers.value(row)))
        }
        FieldKind::Address => column
            .as_fixed_size_binary_opt()
            .and_then(|bytes| address_of(bytes.value(row)))
            .map(Value::Address),
    }
}
