//! The functions that make longer texts from texts, with a limit of what they make.
//!
//! Nested, they grow texts exponentially, and the memory pool of DataFusion does not see what an expression makes.
//!
//! Hides: how long a result can become, told before it is computed.
//! Knows nothing of: statements.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray};
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, is_null, nullif, or};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{DataFusionError, ScalarValue, exec_err};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};

/// The longest text that a function may make. Unit: bytes.
///
/// DataFusion works on 8192 rows at once: the texts of one column then stay within 64 MiB.
pub(crate) const MADE_TEXT_BYTES_MAX: u64 = 8 * 1024;

/// What stands for the operator `||`: joins texts, and NULL with anything is NULL.
pub(crate) const JOINED: &str = "joined";

/// Puts the limit around the functions of `state`.
pub(crate) fn install(state: &mut SessionState) -> Result<(), DataFusionError> {
    let concat = state.udf("concat")?;
    for (name, growth) in [
        ("concat", Growth::Join),
        ("concat_ws", Growth::JoinWith),
        ("encode", Growth::Encode),
        ("regexp_replace", Growth::ReplacePattern),
        ("replace", Growth::Replace),
    ] {
        let inner = state.udf(name)?;
        state.register_udf(Arc::new(ScalarUDF::new_from_impl(Bounded {
            inner,
            growth,
            null_spreads: false,
        })))?;
    }
    let joined = Bounded { inner: concat, growth: Growth::Join, null_spreads: true };
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(joined)))?;
    Ok(())
}

/// How long a result can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Growth {
    /// As long as all arguments together.
    Join,
    /// The same, with the first argument between the others.
    JoinWith,
    /// Two digits for every byte.
    Encode,
    /// The third argument for every place of the second in the first.
    Replace,
    /// The third argument for every match, which it may repeat in each of its characters.
    ReplacePattern,
}

impl Growth {
    /// The most bytes that come from arguments of these lengths.
    fn most(self, lengths: &[u64]) -> u64 {
        let sum = lengths.iter().copied().fold(0, u64::saturating_add);
        match (self, lengths) {
            (Self::JoinWith, [between, others @ ..]) => {
                let count = u64::try_from(others.len()).unwrap_or(u64::MAX);
                sum.saturating_add(between.saturating_mul(count))
            }
            (Self::Encode, [text, ..]) => text.saturating_mul(2),
            (Self::Replace, [text, from, to, ..]) => {
                let places = text.checked_div(*from).unwrap_or_else(|| text.saturating_add(1));
                text.saturating_add(places.saturating_mul(*to))
            }
            (Self::ReplacePattern, [text, _, to, ..]) => {
                text.saturating_add(to.saturating_mul(text.saturating_mul(2).saturating_add(1)))
            }
            _ => sum,
        }
    }
}

/// A function that fails when it could make a text over [`MADE_TEXT_BYTES_MAX`].
///
/// It does not pass on how `inner` simplifies itself: that would put `inner` in the place of this.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    /// Whether the result is NULL where any argument is.
    null_spreads: bool,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        if self.null_spreads { JOINED } else { self.inner.name() }
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        self.inner.coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType, DataFusionError> {
        self.inner.return_type(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arguments = ColumnarValue::values_to_arrays(&args.args)?;
        let most = self.most(&arguments)?;
        if most > MADE_TEXT_BYTES_MAX {
            let name = if self.null_spreads { "||" } else { self.inner.name() };
            return exec_err!(
                "`{name}` could make a text of {most} bytes, at most {MADE_TEXT_BYTES_MAX} are possible: \
                 nest it less, or use shorter texts"
            );
        }
        let made = self.inner.invoke_with_args(args)?;
        if self.null_spreads { with_nulls(made, &arguments) } else { Ok(made) }
    }
}

impl Bounded {
    /// The most bytes that the text of any row can have.
    fn most(&self, arguments: &[ArrayRef]) -> Result<u64, DataFusionError> {
        let lengths = arguments.iter().map(lengths).collect::<Result<Vec<_>, _>>()?;
        let rows = arguments.first().map_or(0, |argument| argument.len());
        let mut of_row = Vec::with_capacity(lengths.len());
        let mut most = 0;
        for row in 0..rows {
            of_row.clear();
            of_row.extend(lengths.iter().map(|column| column.get(row).copied().unwrap_or(0)));
            most = most.max(self.growth.most(&of_row));
        }
        Ok(most)
    }
}

/// How many bytes the values have; 0 for what is NULL or no text.
fn lengths(values: &ArrayRef) -> Result<Vec<u64>, DataFusionError> {
    let kind = values.data_type();
    if !kind.is_string() && !kind.is_binary() {
        return Ok(vec![0; values.len()]);
    }
    let lengths = cast(&length(values)?, &DataType::Int64)?;
    let lengths = lengths.as_primitive::<Int64Type>().iter();
    Ok(lengths.map(|length| length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0)).collect())
}

/// `made`, but NULL where any of `arguments` is.
fn with_nulls(made: ColumnarValue, arguments: &[ArrayRef]) -> Result<ColumnarValue, DataFusionError> {
    let rows = arguments.first().map_or(0, |argument| argument.len());
    let mut absent = BooleanArray::from(vec![false; rows]);
    for argument in arguments {
        absent = or(&absent, &is_null(argument)?)?;
    }
    match made {
        ColumnarValue::Array(made) => Ok(ColumnarValue::Array(nullif(&made, &absent)?)),
        ColumnarValue::Scalar(made) => {
            let absent = absent.true_count() > 0;
            Ok(ColumnarValue::Scalar(if absent { ScalarValue::try_from(made.data_type())? } else { made }))
        }
    }
}
