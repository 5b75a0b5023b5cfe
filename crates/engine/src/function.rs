//! The functions of the log service that the engine below lacks or names differently.
//!
//! Hides: how they are said in functions that exist.
//! Knows nothing of: statements; `sql` applies this to every call.

use std::sync::Arc;

use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DataFusionError, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Names of Presto, and what the same function is called here.
const RENAMED: &[(&str, &str)] = &[
    ("approx_percentile", "approx_percentile_cont"),
    ("arbitrary", "first_value"),
    ("bitwise_and_agg", "bit_and"),
    ("bitwise_or_agg", "bit_or"),
    ("ceiling", "ceil"),
    ("codepoint", "ascii"),
    ("every", "bool_and"),
    ("is_nan", "isnan"),
    ("rand", "random"),
    ("regexp_extract", "regexp_substr"),
    ("truncate", "trunc"),
];

/// What a function of Presto is called here; the same name when it is no other.
pub(crate) fn renamed(presto: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(presto)).map(|(_, here)| *here)
}

/// What reads a value as a moment: a number counts milliseconds, as `__TIMESTAMP__` does.
pub(crate) const TIMESTAMP_OF: &str = "timestamp_of";

/// The function [`TIMESTAMP_OF`].
pub(crate) fn timestamp_of() -> Arc<ScalarUDF> {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(TimestampOf { signature }))
}

const MOMENT: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimestampOf {
    signature: Signature,
}

impl ScalarUDFImpl for TimestampOf {
    fn name(&self) -> &str {
        TIMESTAMP_OF
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(MOMENT)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(values) = arrays.first() else { return exec_err!("`{TIMESTAMP_OF}` takes one value") };
        let millis = if values.data_type().is_integer() {
            cast(values, &DataType::Int64)?
        } else {
            Arc::clone(values)
        };
        Ok(ColumnarValue::Array(cast(&millis, &MOMENT)?))
    }
}
