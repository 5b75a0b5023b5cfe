//! The functions of the log service that the engine below lacks or names differently.
//!
//! Hides: which are said in functions that exist, and which are computed here.
//! Knows nothing of: statements; `sql` applies this to every call. Which functions there are says `query::FUNCTIONS`.

mod date;
mod json;
mod pattern;
mod row;
pub(crate) mod said;
mod subnet;
mod text;

use std::sync::Arc;

use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DataFusionError, exec_err};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::growing;

/// The longest text that `lpad` and `rpad` make. Unit: characters. One call could fill all memory, which no limit of the
/// engine would notice.
pub(crate) const PADDED_CHARS_MAX: u64 = 1_000;

/// Functions of the engine with an alias that is the name of a published function which does something else.
const HIDING: &[&str] = &["array_to_string", "to_char"];

/// Adds what is missing to the functions of `state`.
pub(crate) fn install(state: &mut SessionState) -> Result<(), DataFusionError> {
    for name in HIDING {
        state.deregister_udf(name)?;
    }
    growing::install(state)?;
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(TimestampOf::new())))?;
    for function in
        [subnet::FUNCTIONS, date::FUNCTIONS, pattern::FUNCTIONS, text::FUNCTIONS, json::FUNCTIONS].concat()
    {
        state.register_udf(function.udf())?;
    }
    Ok(())
}

/// What reads a value as a moment: a number counts milliseconds, as `__TIMESTAMP__` does.
pub(crate) const TIMESTAMP_OF: &str = "timestamp_of";

const MOMENT: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimestampOf {
    signature: Signature,
}

impl TimestampOf {
    fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
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
