//! The fields that a segment does not hold, because they follow from what it holds.
//!
//! Hides: that an older segment tells the same otherwise.
//! Knows nothing of: files, SQL; these see every field as a column.
//!
//! A computed column skips no part of a segment. So searches may also ask for what is stored ([`stored`], [`keeps`]).

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DataFusionError, ScalarValue, exec_err};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast, lit, when,
};
use flow::FIELDS;
use store::{
    AGE_COLUMN, DURATION_COLUMN, FLOW_ID_COLUMNS, FLOW_ID_FOLLOWS, FOLLOWS_COLUMN, ROW_COLUMN, SAME_AS,
    SameAs, TIMESTAMP_COLUMN, flow_ids,
};

use crate::predicate::column;
use crate::table::SEGMENT_COLUMN;

/// The columns of a topic: the internal ones, and every field.
pub(crate) fn columns() -> Vec<Expr> {
    let internal = [TIMESTAMP_COLUMN, ROW_COLUMN, SEGMENT_COLUMN, FOLLOWS_COLUMN].map(column);
    let fields = FIELDS.iter().map(|field| value(field.name));
    let stored = SAME_AS.iter().map(|same| same.field).chain([FLOW_ID]);
    let stored = stored.map(|field| column(field).alias(stored_name(field)));
    internal.into_iter().chain(fields).chain(stored).collect()
}

/// A column of segments, said of records that are moved to a later time.
///
/// Every field that is a moment is later then. What names the conversation stays: it is computed before its moment moves.
pub(crate) fn later(name: &str, by: Duration) -> Expr {
    let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    let moved = match name {
        TIMESTAMP_COLUMN => column(name) + lit(ScalarValue::DurationMillisecond(Some(milliseconds))),
        // What only older segments hold.
        "end-ms" | "flow-start" => column(name) + lit(milliseconds),
        FLOW_ID => return value(FLOW_ID),
        FOLLOWS_COLUMN => column(name) & lit(!FLOW_ID_FOLLOWS),
        _ => return column(name),
    };
    moved.alias(name)
}

/// A condition on [`columns`] as one on what segments hold.
pub(crate) fn on_stored(condition: Expr) -> Result<Expr, DataFusionError> {
    let resolved = condition.transform_up(|part| {
        let Expr::Column(named) = &part else { return Ok(Transformed::no(part)) };
        let name = named.name.as_str();
        let stored = name.strip_prefix(STORED).map(column);
        let value = stored.or_else(|| flow::field(name).map(|field| value(field.name).unalias()));
        Ok(value.map_or_else(|| Transformed::no(part.clone()), Transformed::yes))
    })?;
    Ok(resolved.data)
}

/// What a segment holds of a field that may follow from others: nothing where it does.
pub(crate) fn stored(field: &str) -> Expr {
    column(&stored_name(field))
}

/// Whether a row keeps a rule of [`SAME_AS`].
pub(crate) fn keeps(same: &SameAs) -> Expr {
    let rules = column(FOLLOWS_COLUMN);
    (rules & lit(same.rule)).eq(lit(same.rule))
}

/// The rule by which a field may have the value of another.
pub(crate) fn same_as(field: &str) -> Option<&'static SameAs> {
    SAME_AS.iter().find(|same| same.field == field)
}

/// The field whose value is a hash of others.
pub(crate) const FLOW_ID: &str = "flow-id";

/// How the names of columns begin that say what is stored.
const STORED: &str = "__STORED__";

fn stored_name(field: &str) -> String {
    format!("{STORED}{field}")
}

fn value(field: &str) -> Expr {
    let moment = || cast(column(TIMESTAMP_COLUMN), DataType::Int64);
    let end = || coalesce(vec![moment() + column(DURATION_COLUMN), column("end-ms")]);
    match field {
        "start-ms" => moment().alias(field),
        "start" => seconds(&moment()).alias(field),
        "end-ms" => end().alias(field),
        "end" => seconds(&end()).alias(field),
        "flow-start" => coalesce(vec![moment() - column(AGE_COLUMN), column("flow-start")]).alias(field),
        FLOW_ID => {
            let ids = ScalarUDF::new_from_impl(FlowIdText::new());
            ids.call(FLOW_ID_COLUMNS.map(column).to_vec()).alias(field)
        }
        _ => match same_as(field) {
            Some(same) => when(keeps(same), column(same.other))
                .otherwise(column(field))
                .map_or_else(|_| column(field), |value| value.alias(field)),
            None => column(field),
        },
    }
}

/// Milliseconds as whole seconds, rounded down also before 1970.
fn seconds(milliseconds: &Expr) -> Expr {
    let second = || lit(1000i64);
    let rest = (milliseconds.clone() % second() + second()) % second();
    (milliseconds.clone() - rest) / second()
}

/// The function `flow_id`, which SQL reaches only through the column.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FlowIdText {
    signature: Signature,
}

impl FlowIdText {
    fn new() -> Self {
        Self { signature: Signature::any(FLOW_ID_COLUMNS.len(), Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for FlowIdText {
    fn name(&self) -> &str {
        "flow_id"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        match flow_ids(&columns) {
            Some(ids) => Ok(ColumnarValue::Array(Arc::new(ids) as ArrayRef)),
            None => exec_err!("a segment has columns of other types than this program writes"),
        }
    }
}
