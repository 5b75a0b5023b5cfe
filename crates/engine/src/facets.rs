//! Facets: the values of some fields among the records that a search finds, the most frequent first, in one scan.
//!
//! Hides: how one scan groups by several fields at once.
//! Knows nothing of: SQL text, who wants to know.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Aggregate, LogicalPlanBuilder, grouping_set, ident, lit};
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;
use query::{IndexedField, Search};

use crate::analyse::value;
use crate::answer::{Cell, Table};
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::predicate::{all_of, conditions};
use crate::run::{Run, watched_stream};
use crate::table::{SegmentTable, overlapping};
use crate::{FACET_FIELDS_MAX, FACET_VALUES_MAX};

/// What stands for the number of records in the plan.
const RECORDS: &str = "__records__";

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The name of the field.
    pub field: String,
    /// The most frequent values; among equals, the smaller first, and an absent one last.
    pub values: Vec<FacetValue>,
    /// How many different values there are, absent included.
    pub distinct: u64,
}

/// One value of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetValue {
    /// A number or a text; `Null` where a record has none.
    pub value: Cell,
    /// How many records have it.
    pub records: u64,
}

impl Engine {
    /// Counts the values of `fields` among the records of `scope` that `search` finds; keeps `most` of each.
    ///
    /// Fails with `TooLarge` beyond [`FACET_FIELDS_MAX`] and [`FACET_VALUES_MAX`], and when a limit of the engine is
    /// reached.
    #[tracing::instrument(name = "engine.facets", skip_all, fields(segments = scope.snapshot.segments.len()))]
    pub async fn facets(
        &self,
        scope: &Scope,
        search: &Search,
        fields: &[&IndexedField],
        most: usize,
    ) -> Result<Vec<Facet>, EngineError> {
        within("the facets", fields.len(), FACET_FIELDS_MAX, "ask for fewer fields")?;
        within("a facet", most, FACET_VALUES_MAX, "ask for fewer values, or use SQL")?;
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let (session, fault, run) = (self.session(), self.fault(), Arc::clone(&scope.run));
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        let found = all_of(conditions(scope, search, &segments));
        let fields: Vec<IndexedField> = fields.iter().map(|field| (*field).clone()).collect();
        self.run(&scope.run, async move {
            run.expect(&segments);
            let table = SegmentTable::new(&segments).map_err(fault)?;
            let log = table.rows_in(&session).and_then(|rows| rows.filter(found)).map_err(fault)?;
            let groups = grouped(&session, log, &fields).map_err(fault)?;
            counted(&run, groups, &fields, most).await.map_err(fault)
        })
        .await
    }
}

fn within(what: &'static str, asked: usize, most: usize, advice: &'static str) -> Result<(), EngineError> {
    let wide = |number| u64::try_from(number).unwrap_or(u64::MAX);
    if asked <= most {
        return Ok(());
    }
    Err(EngineError::TooLarge { what, asked: asked.to_string(), most: wide(most), advice })
}

/// For every field and value, how many rows have it. In each row, all other fields are absent.
fn grouped(
    session: &SessionContext,
    log: DataFrame,
    fields: &[IndexedField],
) -> Result<DataFrame, DataFusionError> {
    let name = |place: usize| format!("f{place}");
    let values = fields.iter().enumerate().map(|(place, field)| value(field).alias(name(place)));
    let log = log.select(values.collect::<Vec<_>>())?;
    let sets = (0..fields.len()).map(|place| vec![ident(name(place))]).collect();
    let plan = LogicalPlanBuilder::from(log.into_unoptimized_plan())
        .aggregate(vec![grouping_set(sets)], vec![count(lit(1)).alias(RECORDS)])?
        .build()?;
    let mut columns: Vec<_> = (0..fields.len()).map(|place| ident(name(place))).collect();
    columns.extend([ident(Aggregate::INTERNAL_GROUPING_ID), ident(RECORDS)]);
    DataFrame::new(session.state(), plan).select(columns)
}

/// Keeps the most frequent values of each field, while the groups come.
async fn counted(
    run: &Arc<Run>,
    groups: DataFrame,
    fields: &[IndexedField],
    most: usize,
) -> Result<Vec<Facet>, DataFusionError> {
    let empty = |field: &IndexedField| Facet { field: field.name.clone(), values: Vec::new(), distinct: 0 };
    let mut facets: Vec<Facet> = fields.iter().map(empty).collect();
    let mut batches = watched_stream(run, groups).await?;
    while let Some(batch) = batches.next().await {
        add(&mut facets, &batch?)?;
        // What is kept between two batches is as little as what is kept in the end.
        facets.iter_mut().for_each(|facet| facet.keep(most));
    }
    Ok(facets)
}

fn add(facets: &mut [Facet], batch: &RecordBatch) -> Result<(), DataFusionError> {
    let count = facets.len();
    let counts = batch.column(count + 1).as_primitive::<Int64Type>();
    let sets = datafusion::arrow::compute::cast(
        batch.column(count),
        &datafusion::arrow::datatypes::DataType::Int64,
    )?;
    let mut table = Table::with_columns(&batch.schema());
    table.append(batch)?;
    let groups = table.rows.into_iter().zip(sets.as_primitive::<Int64Type>().values()).zip(counts.values());
    for ((row, set), records) in groups {
        let place = place(*set, count);
        let value = row.into_iter().nth(place).unwrap_or(Cell::Null);
        if let Some(facet) = facets.get_mut(place) {
            facet.distinct += 1;
            facet.values.push(FacetValue { value, records: u64::try_from(*records).unwrap_or(0) });
        }
    }
    Ok(())
}

/// Which field a set groups by: its bit alone is 0, and the last field has the lowest bit.
fn place(set: i64, count: usize) -> usize {
    count.saturating_sub(1).saturating_sub(usize::try_from(set.trailing_ones()).unwrap_or(0))
}

impl Facet {
    fn keep(&mut self, most: usize) {
        self.values.sort_by(|one, other| {
            other.records.cmp(&one.records).then_with(|| ordered(&one.value, &other.value))
        });
        self.values.truncate(most);
    }
}

fn ordered(one: &Cell, other: &Cell) -> Ordering {
    match (one, other) {
        (Cell::Bigint(one), Cell::Bigint(other)) => one.cmp(other),
        (Cell::Varchar(one), Cell::Varchar(other)) => one.cmp(other),
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Greater,
        (_, Cell::Null) => Ordering::Less,
        // The values of one field have one kind.
        _ => Ordering::Equal,
    }
}
