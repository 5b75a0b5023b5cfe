//! The functions of the log service that the engine below lacks or names differently.
//!
//! Hides: how they are said in functions that exist.
//! Knows nothing of: statements; `sql` applies this to every call.

use std::net::IpAddr;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, BooleanBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DataFusionError, exec_err};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use flow::{InvalidPrefix, Prefix};

use crate::growing;

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

/// Functions that make much from little: one call could fill all memory, which no limit of the engine would notice.
const REFUSED: &[&str] = &[
    "array_repeat",
    "array_resize",
    "generate_series",
    "list_repeat",
    "list_resize",
    "overlay",
    "range",
    "repeat",
];

/// The longest text that `lpad` and `rpad` make. Unit: characters. They are refused above it for the same reason.
pub(crate) const PADDED_CHARS_MAX: u64 = 1_000;

/// Adds what is missing to the functions of `state`, and takes away what is refused.
pub(crate) fn install(state: &mut SessionState) -> Result<(), DataFusionError> {
    for name in REFUSED {
        state.deregister_udf(name)?;
    }
    growing::install(state)?;
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(TimestampOf::new())))?;
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(IsSubnetOf::new())))?;
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

/// `is_subnet_of(prefix, address)`: whether the address has the prefix. Source: Presto's IP functions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IsSubnetOf {
    signature: Signature,
}

impl IsSubnetOf {
    fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for IsSubnetOf {
    fn name(&self) -> &str {
        "is_subnet_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [prefixes, addresses] = arrays.as_slice() else {
            return exec_err!("`is_subnet_of` takes a prefix and an address");
        };
        let mut before: Option<(&str, Prefix)> = None;
        let mut tested = BooleanBuilder::new();
        for (prefix, address) in prefixes.as_string::<i32>().iter().zip(addresses.as_string::<i32>()) {
            let (Some(text), Some(address)) = (prefix, address) else {
                tested.append_null();
                continue;
            };
            // The prefix is nearly always the same in all rows.
            let prefix = match before {
                Some((same, prefix)) if same == text => prefix,
                _ => text
                    .parse()
                    .map_err(|invalid: InvalidPrefix| DataFusionError::Execution(invalid.to_string()))?,
            };
            before = Some((text, prefix));
            tested.append_option(address.parse::<IpAddr>().ok().map(|address| prefix.contains(address)));
        }
        Ok(ColumnarValue::Array(Arc::new(tested.finish())))
    }
}
