//! Functions that are computed row by row from a few kinds of values.
//!
//! Hides: columns, types and NULL: a function with a NULL among its arguments is NULL.
//! Knows nothing of: what the functions compute.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanBuilder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMillisecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, TimeUnit, TimestampMillisecondType};
use datafusion::common::{DataFusionError, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::growing::MADE_TEXT_BYTES_MAX;

/// A function, as a table entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowFunction {
    pub(crate) name: &'static str,
    /// What it takes, one list for each number of arguments.
    pub(crate) takes: &'static [&'static [Kind]],
    pub(crate) gives: Kind,
    pub(crate) of_row: fn(&[Given<'_>]) -> Result<Option<Made>, String>,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Long,
    Boolean,
    /// A moment; whole numbers are read as milliseconds since 1970.
    Moment,
    Texts,
}

/// One argument.
#[derive(Clone, Debug)]
pub(crate) enum Given<'a> {
    Text(&'a str),
    Long(i64),
    /// Unit: milliseconds since 1970.
    Moment(i64),
    Texts(Vec<String>),
}

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Made {
    Text(String),
    Long(i64),
    Boolean(bool),
    /// Unit: milliseconds since 1970.
    Moment(i64),
    Texts(Vec<String>),
}

/// What a function says when it was given what its entry does not name.
pub(crate) fn misfit() -> String {
    "the arguments do not fit".to_owned()
}

impl RowFunction {
    /// The function as the engine registers it.
    pub(crate) fn udf(self) -> Arc<ScalarUDF> {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(ByRow { function: self, signature }))
    }
}

impl Kind {
    fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Long => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Moment => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Texts => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        }
    }
}

#[derive(Debug)]
struct ByRow {
    function: RowFunction,
    signature: Signature,
}

impl ScalarUDFImpl for ByRow {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        match self.function.takes.iter().find(|takes| takes.len() == given.len()) {
            Some(takes) => Ok(takes.iter().map(|kind| kind.arrow()).collect()),
            None => {
                let form = query::function(self.function.name).map_or(self.function.name, |known| known.form);
                plan_err!("write `{form}`")
            }
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(self.function.gives.arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        // Without arguments that differ there is one row; the engine repeats it.
        let rows = columns.first().map_or(args.number_rows, |column| column.len());
        let mut made = Vec::with_capacity(rows);
        let mut given = Vec::with_capacity(columns.len());
        for row in 0..rows {
            given.clear();
            given.extend(columns.iter().map_while(|column| value(column, row)));
            let absent = given.len() < columns.len();
            let value = if absent { Ok(None) } else { (self.function.of_row)(&given) };
            match value {
                Ok(value) => made.push(within_limit(self.function.name, value)?),
                Err(reason) => return exec_err!("`{}`: {reason}", self.function.name),
            }
        }
        Ok(ColumnarValue::Array(column(self.function.gives, made)))
    }
}

// There is one function of a name.
impl PartialEq for ByRow {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name
    }
}

impl Eq for ByRow {}

impl Hash for ByRow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

fn within_limit(name: &str, made: Option<Made>) -> Result<Option<Made>, DataFusionError> {
    let bytes = match &made {
        Some(Made::Text(text)) => text.len(),
        Some(Made::Texts(texts)) => texts.iter().map(String::len).sum(),
        Some(Made::Long(_) | Made::Boolean(_) | Made::Moment(_)) | None => 0,
    };
    if u64::try_from(bytes).is_ok_and(|bytes| bytes <= MADE_TEXT_BYTES_MAX) {
        return Ok(made);
    }
    exec_err!("`{name}` made a text of {bytes} bytes, at most {MADE_TEXT_BYTES_MAX} are possible")
}

/// The value in a row; `None` for NULL.
fn value(column: &ArrayRef, row: usize) -> Option<Given<'_>> {
    if column.is_null(row) {
        return None;
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Some(Given::Text(texts.value(row)));
    }
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return Some(Given::Long(numbers.value(row)));
    }
    if let Some(moments) = column.as_primitive_opt::<TimestampMillisecondType>() {
        return Some(Given::Moment(moments.value(row)));
    }
    let elements = column.as_list_opt::<i32>()?.value(row);
    let elements = elements.as_string_opt::<i32>()?;
    Some(Given::Texts(elements.iter().flatten().map(str::to_owned).collect()))
}

fn column(kind: Kind, made: Vec<Option<Made>>) -> ArrayRef {
    macro_rules! built {
        ($builder:expr, $variant:ident) => {{
            let mut builder = $builder;
            for value in made {
                let value = value
                    .and_then(|value| if let Made::$variant(value) = value { Some(value) } else { None });
                builder.append_option(value);
            }
            Arc::new(builder.finish())
        }};
    }
    match kind {
        Kind::Text => built!(StringBuilder::new(), Text),
        Kind::Long => built!(Int64Builder::new(), Long),
        Kind::Boolean => built!(BooleanBuilder::new(), Boolean),
        Kind::Moment => built!(TimestampMillisecondBuilder::new(), Moment),
        Kind::Texts => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for value in made {
                match value {
                    Some(Made::Texts(texts)) => builder.append_value(texts.into_iter().map(Some)),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
    }
}
