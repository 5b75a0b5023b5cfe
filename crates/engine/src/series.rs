//! `time_series`: also the windows of a statement that no record falls into.
//!
//! The groups are computed first; then the windows between them are added, and what stands above the groups in the
//! plan reads the result. So HAVING, ORDER BY, LIMIT and statements around see the added windows, too.
//!
//! Hides: where in a plan the groups are, how gaps are filled.
//! Knows nothing of: the text of SQL; `sql` says each call with the length and the zone of its windows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Float64Array, RecordBatch, TimestampMillisecondArray,
    UInt64Array,
};
use datafusion::arrow::compute::kernels::numeric::{add, div};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{cast, concat_batches, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit, TimestampMillisecondType};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::catalog::MemTable;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DataFusionError, ScalarValue};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, cast as as_type};
use datafusion::prelude::SessionContext;
use flow::{TimeRange, Timestamp};

use crate::run::{Run, watched_batches};

/// The function, as it stands in plans: `time_series(window, length, seconds_east, pattern, padding)`, numbers in
/// milliseconds.
pub(crate) const TIME_SERIES: &str = "time_series";

/// What a call can fill gaps with.
pub(crate) const PADDINGS: &[&str] = &["0", "null", "last", "next", "avg"];

/// The most windows that one call may make, over all groups. They stand in memory before anything else is computed.
const SERIES_ROWS_MAX: usize = 100_000;

/// What the table of filled groups, and the column of its windows, are called.
const FILLED: &str = "__filled__";
const WINDOW: &str = "__window__";

/// The plan, with the groups of `time_series` computed and their gaps filled over `range`.
///
/// An end of `range` that cannot be written is where the first or the last record is.
pub(crate) async fn filled(
    session: &SessionContext,
    mut plan: LogicalPlan,
    range: TimeRange,
    run: &Arc<Run>,
) -> Result<LogicalPlan, DataFusionError> {
    while let Some(groups) = innermost_groups(&plan)? {
        let told = told(session, &groups, range, run).await?;
        let put = |node: LogicalPlan| {
            let is_told = matches!(&node, LogicalPlan::Aggregate(found) if *found == groups);
            Ok(if is_told { Transformed::yes(told.clone()) } else { Transformed::no(node) })
        };
        plan = plan.transform_up_with_subqueries(put)?.data;
    }
    Ok(plan)
}

/// The groups by a time series below which there are no others.
fn innermost_groups(plan: &LogicalPlan) -> Result<Option<Aggregate>, DataFusionError> {
    let mut innermost = None;
    // What stands below comes after what stands above.
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(groups) = node
            && groups.group_expr.iter().any(|group| call(group).is_some())
        {
            innermost = Some(groups.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if innermost
        .as_ref()
        .is_some_and(|groups| LogicalPlan::Aggregate(groups.clone()).contains_outer_reference())
    {
        return refused("a subquery with `time_series` may not use columns of the statement around it");
    }
    Ok(innermost)
}

/// Refuses calls that nothing is grouped by.
pub(crate) fn check(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    let mut misplaced = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            let is_group = call(expr).is_some()
                && matches!(node, LogicalPlan::Aggregate(groups) if groups.group_expr.contains(expr));
            misplaced |= !is_group && expr.exists(|part| Ok(call(part).is_some()))?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    if !misplaced {
        return Ok(());
    }
    refused(
        "`time_series` needs GROUP BY: write for example \
         `SELECT time_series(__TIMESTAMP__, '5m', '%H:%i', '0') AS t, count(*) AS n GROUP BY t ORDER BY t`",
    )
}

fn refused<T>(message: &str) -> Result<T, DataFusionError> {
    Err(DataFusionError::Plan(message.to_owned()))
}

/// The call that the expression is.
fn call(expr: &Expr) -> Option<&ScalarFunction> {
    let Expr::ScalarFunction(function) = expr else { return None };
    (function.func.name() == TIME_SERIES).then_some(function)
}

/// What stands in the plan for `groups` when their gaps are filled.
async fn told(
    session: &SessionContext,
    groups: &Aggregate,
    range: TimeRange,
    run: &Arc<Run>,
) -> Result<LogicalPlan, DataFusionError> {
    let found = groups.group_expr.iter().enumerate().find_map(|(place, group)| Some((place, call(group)?)));
    let Some((place, call)) = found else { return refused("the groups have no time series") };
    let gaps = Gaps::of(call, place, groups.group_expr.len(), range)?;

    let mut group_expr = groups.group_expr.clone();
    if let (Some(group), Some(window)) = (group_expr.get_mut(place), call.args.first()) {
        *group = window.clone().alias(WINDOW);
    }
    let computed = LogicalPlan::Aggregate(Aggregate::try_new(
        Arc::clone(&groups.input),
        group_expr,
        groups.aggr_expr.clone(),
    )?);
    let rows = DataFrame::new(session.state(), computed).limit(0, Some(SERIES_ROWS_MAX + 1))?;
    let schema = Arc::new(rows.schema().as_arrow().clone());
    let batches = watched_batches(run, rows).await?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    let found = concat_batches(&schema, &batches)?;
    if found.num_rows() > SERIES_ROWS_MAX {
        return Err(DataFusionError::Execution(format!(
            "the time series has more than {SERIES_ROWS_MAX} rows: narrow the time range, choose longer windows, or \
             group by less"
        )));
    }
    let filled = gaps.fill(&found)?;

    let table = MemTable::try_new(filled.schema(), vec![vec![filled]])?;
    let scan = LogicalPlanBuilder::scan(FILLED, provider_as_source(Arc::new(table)), None)?;
    let columns = groups.schema.iter().enumerate().map(|(number, (qualifier, field))| {
        let mut value = Expr::Column(Column::new(Some(FILLED), column_name(number)));
        if number == place {
            let rest = call.args.iter().skip(1).cloned();
            let args = std::iter::once(value).chain(rest).collect();
            value = Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&call.func), args));
        }
        as_type(value, field.data_type().clone()).alias_qualified(qualifier.cloned(), field.name())
    });
    scan.project(columns.collect::<Vec<_>>())?.build()
}

fn column_name(number: usize) -> String {
    format!("c{number}")
}

/// Which windows there shall be, and what stands in those that have no records.
#[derive(Debug)]
struct Gaps {
    /// Which column has the windows.
    place: usize,
    /// How many columns are groups; the others are computed from the records.
    groups: usize,
    /// How long a window is. Unit: milliseconds.
    length: i64,
    /// Where windows begin. Unit: milliseconds east of UTC.
    east: i64,
    padding: String,
    range: TimeRange,
}

/// One row of the filled groups. A number is the row that is asked, of the groups that were found.
#[derive(Clone, Copy, Debug)]
struct Told {
    window: Option<i64>,
    /// Some row of the same series; there is none when nothing was found at all.
    series: Option<u64>,
    found: Option<u64>,
    before: Option<u64>,
    after: Option<u64>,
}

impl Gaps {
    fn of(
        call: &ScalarFunction,
        place: usize,
        groups: usize,
        range: TimeRange,
    ) -> Result<Self, DataFusionError> {
        let [_, length, east, _, padding] = call.args.as_slice() else {
            return refused("`time_series` has other arguments");
        };
        let value = |expr: &Expr| if let Expr::Literal(value, _) = expr { Some(value.clone()) } else { None };
        let number = |expr: &Expr| {
            if let Some(ScalarValue::Int64(number)) = value(expr) { number } else { None }
        };
        let padding = value(padding).and_then(|padding| padding.try_as_str().flatten().map(str::to_owned));
        let (Some(length), Some(east), Some(padding)) = (number(length), number(east), padding) else {
            return refused("`time_series` has arguments that are no literals");
        };
        Ok(Self { place, groups, length: length.max(1), east, padding, range })
    }

    fn fill(&self, found: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
        let rows = self.rows(found)?;
        let pick = |which: fn(&Told) -> Option<u64>| rows.iter().map(which).collect::<UInt64Array>();
        let (series, kept) = (pick(|row| row.series), pick(|row| row.found));
        let (before, after) = (pick(|row| row.before), pick(|row| row.after));
        let is_gap: BooleanArray = rows.iter().map(|row| Some(row.found.is_none())).collect();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(found.num_columns());
        for (number, column) in found.columns().iter().enumerate() {
            columns.push(if number == self.place {
                let windows = rows.iter().map(|row| row.window);
                Arc::new(windows.collect::<TimestampMillisecondArray>())
            } else if number < self.groups {
                take(column, &series, None)?
            } else {
                let told = take(column, &kept, None)?;
                let padded = self.padded(column, (&before, &after))?;
                match padded {
                    Some(padded) => zip(&is_gap, &padded, &told)?,
                    None => told,
                }
            });
        }
        let fields = columns.iter().enumerate();
        let fields =
            fields.map(|(number, column)| Field::new(column_name(number), column.data_type().clone(), true));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)?)
    }

    /// What stands in gaps, for every row; nothing when that is NULL.
    fn padded(
        &self,
        column: &ArrayRef,
        (before, after): (&UInt64Array, &UInt64Array),
    ) -> Result<Option<ArrayRef>, DataFusionError> {
        let kind = column.data_type();
        Ok(match self.padding.as_str() {
            "last" => Some(take(column, before, None)?),
            "next" => Some(take(column, after, None)?),
            "0" if kind.is_numeric() => Some(ScalarValue::new_zero(kind)?.to_array_of_size(before.len())?),
            "avg" if kind.is_numeric() => {
                let [before, after] = [before, after].map(|rows| {
                    let values = take(column, rows, None)?;
                    cast(&values, &DataType::Float64)
                });
                let sum = add(&before?, &after?)?;
                let two = Float64Array::new_scalar(2.0);
                Some(cast(&div(&sum, &two)?, kind)?)
            }
            _ => None,
        })
    }

    /// The rows that there shall be, series by series, oldest window first.
    fn rows(&self, found: &RecordBatch) -> Result<Vec<Told>, DataFusionError> {
        let windows = cast(found.column(self.place), &DataType::Timestamp(TimeUnit::Millisecond, None))?;
        let windows = windows.as_primitive::<TimestampMillisecondType>();
        let mut series = self.series(found)?;
        if series.is_empty() && self.groups == 1 {
            series.push(Vec::new());
        }
        let held: BTreeSet<i64> = windows.iter().flatten().collect();
        let grid = self.grid(&held, series.len())?;
        let mut rows = Vec::new();
        for of_series in &series {
            let any = of_series.first().copied();
            let at = |row: &u64| usize::try_from(*row).ok().filter(|row| windows.is_valid(*row));
            let placed = of_series.iter().filter_map(|row| Some((windows.value(at(row)?), *row)));
            let placed: HashMap<i64, u64> = placed.collect();
            let all: BTreeSet<i64> = grid.iter().copied().chain(placed.keys().copied()).collect();
            let first = rows.len();
            let mut before = None;
            for window in all {
                let found = placed.get(&window).copied();
                before = found.or(before);
                rows.push(Told { window: Some(window), series: any, found, before, after: None });
            }
            let mut after = None;
            for row in rows.iter_mut().skip(first).rev() {
                after = row.found.or(after);
                row.after = after;
            }
            // A record without a moment is in no window, and is counted all the same.
            let misplaced = of_series.iter().filter(|row| at(row).is_none());
            rows.extend(misplaced.map(|row| Told {
                window: None,
                series: any,
                found: Some(*row),
                before: None,
                after: None,
            }));
        }
        Ok(rows)
    }

    /// The rows of each series: those that differ only in their window.
    fn series(&self, found: &RecordBatch) -> Result<Vec<Vec<u64>>, DataFusionError> {
        let columns = found.columns().iter().take(self.groups).enumerate();
        let others: Vec<ArrayRef> = columns
            .filter(|(number, _)| *number != self.place)
            .map(|(_, column)| Arc::clone(column))
            .collect();
        let rows = 0..u64::try_from(found.num_rows()).unwrap_or(u64::MAX);
        if others.is_empty() {
            return Ok(if found.num_rows() == 0 { Vec::new() } else { vec![rows.collect()] });
        }
        let kinds = others.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let keys = RowConverter::new(kinds)?.convert_columns(&others)?;
        let mut numbers = HashMap::new();
        let mut series: Vec<Vec<u64>> = Vec::new();
        for (key, row) in keys.iter().zip(rows) {
            let number = *numbers.entry(key).or_insert_with(|| {
                series.push(Vec::new());
                series.len() - 1
            });
            series.get_mut(number).into_iter().for_each(|rows| rows.push(row));
        }
        Ok(series)
    }

    /// The windows of the range, or of what was found where the range has no end.
    fn grid(&self, held: &BTreeSet<i64>, series: usize) -> Result<Vec<i64>, DataFusionError> {
        let has_end = |at: Timestamp| at != TimeRange::ALWAYS.from && at != TimeRange::ALWAYS.to;
        let from =
            if has_end(self.range.from) { Some(self.range.from.millis()) } else { held.first().copied() };
        let last =
            if has_end(self.range.to) { Some(self.range.to.millis() - 1) } else { held.last().copied() };
        let (Some(from), Some(last)) = (from, last) else { return Ok(Vec::new()) };
        let window_of = |at: i64| {
            let shifted = i128::from(at) + i128::from(self.east);
            shifted.div_euclid(i128::from(self.length)) * i128::from(self.length) - i128::from(self.east)
        };
        let (first, last) = (window_of(from), window_of(last));
        let count = ((last - first) / i128::from(self.length) + 1).max(0);
        let all = count.saturating_mul(i128::try_from(series).unwrap_or(i128::MAX));
        if usize::try_from(all).map_or(true, |all| all > SERIES_ROWS_MAX) {
            return Err(DataFusionError::Execution(format!(
                "the time series has {count} windows of {series} groups, at most {SERIES_ROWS_MAX} together are \
                 possible: narrow the time range, or choose longer windows"
            )));
        }
        let windows = (0..count).map(|number| first + number * i128::from(self.length));
        Ok(windows.filter_map(|window| i64::try_from(window).ok()).collect())
    }
}
