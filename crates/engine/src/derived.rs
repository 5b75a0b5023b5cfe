//! The fields that a segment does not hold, because they follow from what it holds.
//!
//! Hides: that an older segment tells the same otherwise.
//! Knows nothing of: files, searches, SQL; these see every field as a column.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, cast, lit};
use flow::FIELDS;
use store::{AGE_COLUMN, DURATION_COLUMN, ROW_COLUMN, TIMESTAMP_COLUMN};

use crate::predicate::column;
use crate::table::SEGMENT_COLUMN;

/// The columns of a topic: the internal ones, and every field.
pub(crate) fn columns() -> Vec<Expr> {
    let internal = [TIMESTAMP_COLUMN, ROW_COLUMN, SEGMENT_COLUMN].map(column);
    internal.into_iter().chain(FIELDS.iter().map(|field| value(field.name))).collect()
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
        _ => column(field),
    }
}

/// Milliseconds as whole seconds, rounded down also before 1970.
fn seconds(milliseconds: &Expr) -> Expr {
    let second = || lit(1000i64);
    let rest = (milliseconds.clone() % second() + second()) % second();
    (milliseconds.clone() - rest) / second()
}
