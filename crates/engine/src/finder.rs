//! Which rows a search finds, told of rows that somebody else reads; and how many they are in each segment.
//!
//! Hides: how a search becomes an expression that is computed outside of a plan.
//! Knows nothing of: what becomes of the rows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch, new_null_array};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, lit};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use flow::TimeRange;
use query::{IndexedFields, Search};
use store::{TIMESTAMP_COLUMN, segment_schema};

use crate::derived;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::predicate::{all_of, column, conditions, moment, predicate};
use crate::run::watched_batches;
use crate::table::{SEGMENT_COLUMN, SegmentTable, overlapping};

/// Says of rows of segments which of them a search finds.
pub struct Finder {
    found: Arc<dyn PhysicalExpr>,
}

impl Engine {
    /// What finds the records that start in `range` and that `search` finds.
    pub fn finder(
        &self,
        search: &Search,
        index: &IndexedFields,
        range: TimeRange,
    ) -> Result<Finder, EngineError> {
        let at = column(TIMESTAMP_COLUMN);
        let within = at.clone().gt_eq(moment(range.from)).and(at.lt(moment(range.to)));
        let found = all_of(vec![within, predicate(search, index)]);
        self.expression(found).map(|found| Finder { found }).map_err(self.fault())
    }

    fn expression(&self, found: Expr) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let schema = Arc::new(DFSchema::try_from(segment_schema().as_ref().clone())?);
        let context = SimplifyContext::builder().with_schema(Arc::clone(&schema)).build();
        let simplifier = ExprSimplifier::new(context);
        // Some functions are only computed in the form that the optimizer of plans gives them.
        let found = simplifier.simplify(simplifier.coerce(derived::on_stored(found)?, &schema)?)?;
        self.session().create_physical_expr(found, &schema)
    }

    /// How many records of `scope` `search` finds in each segment; segments without any are left out.
    #[tracing::instrument(name = "engine.count", skip_all, fields(segments = scope.snapshot.segments.len()))]
    pub async fn count_by_segment(
        &self,
        scope: &Scope,
        search: &Search,
    ) -> Result<BTreeMap<i64, u64>, EngineError> {
        let session = self.session();
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        let found = all_of(conditions(scope, search, &segments));
        let (fault, run) = (self.fault(), Arc::clone(&scope.run));
        self.run(&scope.run, async move {
            run.expect(&segments);
            let rows = SegmentTable::new(&segments).and_then(|table| table.rows_in(&session));
            let rows = rows.and_then(|rows| rows.filter(found));
            let counts = vec![count(lit(1)).alias("count")];
            let rows = rows.and_then(|rows| rows.aggregate(vec![column(SEGMENT_COLUMN)], counts));
            let counted = watched_batches(&run, rows.map_err(fault)?).await.map_err(fault)?;
            Ok(counts_of(&counted))
        })
        .await
    }
}

fn counts_of(counted: &[RecordBatch]) -> BTreeMap<i64, u64> {
    let mut all = BTreeMap::new();
    for batch in counted {
        let numbers = batch.columns().iter().filter_map(|column| column.as_primitive_opt::<Int64Type>());
        let [segments, counts] = numbers.collect::<Vec<_>>()[..] else { continue };
        for (segment, count) in segments.values().iter().zip(counts.values()) {
            all.insert(*segment, u64::try_from(*count).unwrap_or(0));
        }
    }
    all
}

impl Finder {
    /// Which of `rows`, which have columns of segments, are found; null counts as not found.
    pub fn finds(&self, rows: &RecordBatch) -> Result<BooleanArray, EngineError> {
        self.evaluated(rows).map_err(EngineError::failed)
    }

    fn evaluated(&self, rows: &RecordBatch) -> Result<BooleanArray, DataFusionError> {
        let schema = segment_schema();
        let column = |field: &Arc<datafusion::arrow::datatypes::Field>| {
            let there = rows.column_by_name(field.name()).map(Arc::clone);
            there.unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
        };
        let columns = schema.fields().iter().map(column).collect();
        let rows = RecordBatch::try_new(schema, columns)?;
        let found = self.found.evaluate(&rows)?.into_array(rows.num_rows())?;
        let found = found.as_boolean_opt().cloned();
        found.ok_or_else(|| DataFusionError::Internal("a search is no condition".to_owned()))
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder").field("found", &self.found.to_string()).finish()
    }
}
