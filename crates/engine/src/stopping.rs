//! Plans that stop when their run ends, wherever they are.
//!
//! Hides: which steps of DataFusion go on for long without giving their thread back.
//! Knows nothing of: who ends a run, and why.
//!
//! A task can be stopped only where it gives its thread back, and scans do so. A join of few rows with few rows makes
//! many out of memory alone: it is made to give back, and its condition fails once the run has ended.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};

use crate::run::Run;

/// The same plan, which stops when `run` ends.
pub(crate) fn stopping(
    plan: Arc<dyn ExecutionPlan>,
    run: &Arc<Run>,
) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    plan.transform_up(|plan| step(plan, run)).data()
}

fn step(
    plan: Arc<dyn ExecutionPlan>,
    run: &Arc<Run>,
) -> Result<Transformed<Arc<dyn ExecutionPlan>>, DataFusionError> {
    let join = if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        let (left, right) = (Arc::clone(join.left()), Arc::clone(join.right()));
        let again = NestedLoopJoinExecBuilder::new(left, right, *join.join_type())
            .with_projection_ref(join.projection().clone())
            .with_filter(join.filter().map(|filter| until_ended(filter, run)));
        Arc::new(again.build()?)
    } else if let Some(join) = plan.downcast_ref::<HashJoinExec>()
        && let Some(filter) = join.filter()
    {
        join.builder().with_filter(Some(until_ended(filter, run))).build_exec()?
    } else if plan.downcast_ref::<HashJoinExec>().is_some() || plan.downcast_ref::<CrossJoinExec>().is_some()
    {
        plan
    } else {
        return Ok(Transformed::no(plan));
    };
    Ok(Transformed::yes(Arc::new(CooperativeExec::new(join))))
}

fn until_ended(filter: &JoinFilter, run: &Arc<Run>) -> JoinFilter {
    let condition = UntilEnded { condition: Arc::clone(filter.expression()), run: Arc::clone(run) };
    JoinFilter::new(Arc::new(condition), filter.column_indices().to_vec(), Arc::clone(filter.schema()))
}

/// A condition that fails once the run has ended.
#[derive(Debug)]
struct UntilEnded {
    condition: Arc<dyn PhysicalExpr>,
    run: Arc<Run>,
}

impl PhysicalExpr for UntilEnded {
    fn return_field(&self, schema: &Schema) -> Result<FieldRef, DataFusionError> {
        self.condition.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue, DataFusionError> {
        if self.run.has_to_end() {
            return Err(DataFusionError::Execution("the query has to end".to_owned()));
        }
        self.condition.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let condition = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Self { condition, run: Arc::clone(&self.run) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}

impl fmt::Display for UntilEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl PartialEq for UntilEnded {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for UntilEnded {}

impl Hash for UntilEnded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}
