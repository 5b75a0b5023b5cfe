//! The answer to SQL: typed columns and rows.
//!
//! Hides: the many types of Arrow behind the few that clients of the log service know.
//! Knows nothing of: JSON, how the rows were computed.

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{
    DataType, FieldRef, Float64Type, Int64Type, Schema, TimeUnit, TimestampMillisecondType,
};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use flow::Timestamp;

/// Named columns, and rows with a cell for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What each cell of a row is.
    pub columns: Vec<Column>,
    /// In the order of the answer.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there are more rows, because the statement does not say how many it wants.
    pub cut: bool,
}

/// One column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The alias, the name of the field, or the expression as it was written.
    pub name: String,
    /// What its cells hold.
    pub kind: ColumnKind,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Whole numbers.
    Bigint,
    /// Numbers.
    Double,
    /// Yes or no.
    Boolean,
    /// Moments.
    Timestamp,
    /// Text, and everything else as text.
    Varchar,
}

/// One value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// There is no value.
    Null,
    /// A whole number.
    Bigint(i64),
    /// A number; may be infinite or not a number.
    Double(f64),
    /// Yes or no.
    Boolean(bool),
    /// A moment.
    Timestamp(Timestamp),
    /// Text.
    Varchar(String),
}

impl ColumnKind {
    /// The type as Presto, and so the published API, names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bigint => "bigint",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::Varchar => "varchar",
        }
    }

    pub(crate) fn of(arrow: &DataType) -> Self {
        if arrow.is_integer() {
            Self::Bigint
        } else if arrow.is_floating() || arrow.is_decimal() {
            Self::Double
        } else if *arrow == DataType::Boolean {
            Self::Boolean
        } else if matches!(arrow, DataType::Timestamp(..)) {
            Self::Timestamp
        } else {
            Self::Varchar
        }
    }
}

impl Table {
    /// A table without rows.
    pub(crate) fn with_columns(schema: &Schema) -> Self {
        let column =
            |field: &FieldRef| Column { name: field.name().clone(), kind: ColumnKind::of(field.data_type()) };
        Self { columns: schema.fields().iter().map(column).collect(), rows: Vec::new(), cut: false }
    }

    /// Keeps the first rows, and says whether others are left out.
    pub(crate) fn keep(&mut self, rows: usize) {
        self.cut = self.rows.len() > rows;
        self.rows.truncate(rows);
    }

    /// Appends the rows of a batch; returns how many bytes of values they have.
    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<usize, ArrowError> {
        let columns: Vec<Vec<Cell>> = batch.columns().iter().map(cells).collect::<Result<_, _>>()?;
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        let mut bytes = 0;
        for _ in 0..batch.num_rows() {
            let row: Vec<Cell> = columns.iter_mut().filter_map(Iterator::next).collect();
            bytes += row.iter().map(Cell::bytes).sum::<usize>();
            self.rows.push(row);
        }
        Ok(bytes)
    }
}

impl Cell {
    /// About how long it is as text.
    fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bigint(_) | Self::Double(_) | Self::Boolean(_) | Self::Timestamp(_) => 8,
            Self::Varchar(text) => text.len(),
        }
    }
}

fn cells(column: &ArrayRef) -> Result<Vec<Cell>, ArrowError> {
    // A number that does not fit is an error, not an absent value.
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |to| cast_with_options(column, &to, &exact);
    Ok(match ColumnKind::of(column.data_type()) {
        ColumnKind::Bigint => {
            let numbers = cast(DataType::Int64)?;
            numbers.as_primitive::<Int64Type>().iter().map(|number| cell(number, Cell::Bigint)).collect()
        }
        ColumnKind::Double => {
            let numbers = cast(DataType::Float64)?;
            numbers.as_primitive::<Float64Type>().iter().map(|number| cell(number, Cell::Double)).collect()
        }
        ColumnKind::Boolean => column.as_boolean().iter().map(|truth| cell(truth, Cell::Boolean)).collect(),
        ColumnKind::Timestamp => {
            let moments = cast(DataType::Timestamp(TimeUnit::Millisecond, None))?;
            let moment = |millis| Cell::Timestamp(Timestamp::from_millis(millis));
            moments
                .as_primitive::<TimestampMillisecondType>()
                .iter()
                .map(|millis| cell(millis, moment))
                .collect()
        }
        ColumnKind::Varchar => {
            let options = FormatOptions::default().with_null("null");
            let printed = ArrayFormatter::try_new(column, &options)?;
            let text = |row| {
                if column.is_null(row) {
                    Ok(Cell::Null)
                } else {
                    printed.value(row).try_to_string().map(Cell::Varchar)
                }
            };
            (0..column.len()).map(text).collect::<Result<_, _>>()?
        }
    })
}

fn cell<T>(value: Option<T>, kind: impl Fn(T) -> Cell) -> Cell {
    value.map_or(Cell::Null, kind)
}
