//! SQL over the records that a search finds.
//!
//! Hides: how records become the table `log`, and how errors of planning are told to the author of the SQL.
//! Knows nothing of: which statements are allowed.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{Expr, LogicalPlan, cast, lit};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser;
use flow::{FIELDS, FieldKind, TimeRange, field};
use futures::StreamExt as _;
use query::{IndexedField, IndexedFields, Query, SqlText, TIMESTAMP_FIELD};
use store::TIMESTAMP_COLUMN;

use crate::address;
use crate::answer::Table;
use crate::before::Before;
use crate::engine::{Engine, Scope};
use crate::error::{EngineError, Place, SqlError, SqlErrorClass, innermost, is_of_segment, unknown_column};
use crate::predicate::{all_of, column, conditions};
use crate::run::{Run, watched_stream};
use crate::series;
use crate::sql::{self, Dialect, Reading};
use crate::table::{SegmentTable, overlapping};
use crate::{ANSWER_BYTES_MAX, ROWS_DEFAULT};

impl Engine {
    /// Computes the SQL of `query` over the records of `scope` that its search finds.
    ///
    /// Fails with `Sql` when the SQL is wrong or absent, with `TooLarge` beyond [`ANSWER_BYTES_MAX`], and when a limit
    /// of the engine is reached.
    #[tracing::instrument(name = "engine.analyse", skip_all, fields(segments = scope.snapshot.segments.len()))]
    pub async fn analyse(&self, scope: &Scope, query: &Query) -> Result<Table, EngineError> {
        let analysis = self.analysis(scope, query)?;
        scope.run.expect(&overlapping(&scope.snapshot.segments, scope.range));
        let fault = self.fault();
        self.run(&scope.run, async move { analysis.planned(fault).await?.answer(fault).await }).await
    }

    /// What the SQL of `query` needs for an answer of few rows.
    pub(crate) fn analysis(&self, scope: &Scope, query: &Query) -> Result<Analysis, EngineError> {
        self.analysis_of(scope, query, (Some(ROWS_DEFAULT), self.settings().rows_max))
    }

    /// What it needs for all rows, however many.
    pub(crate) fn whole_analysis(&self, scope: &Scope, query: &Query) -> Result<Analysis, EngineError> {
        self.analysis_of(scope, query, (None, u64::MAX))
    }

    fn analysis_of(
        &self,
        scope: &Scope,
        query: &Query,
        (rows_default, rows_max): (Option<u64>, u64),
    ) -> Result<Analysis, EngineError> {
        let Some(sql) = query.sql.clone() else {
            return Err(
                SqlError::new(SqlErrorClass::Syntax, "the query has no SQL: write it after `|`").into()
            );
        };
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        Ok(Analysis {
            session: self.session(),
            table: SegmentTable::new(&segments).map_err(self.fault())?,
            found: all_of(conditions(scope, &query.search, &segments)),
            dialect: Dialect {
                hidden: aliases(&scope.index),
                rows_default,
                rows_max,
                histogram_seconds_east: self.settings().histogram_seconds_east,
            },
            index: scope.index.clone(),
            before: Before {
                segments: scope.snapshot.segments.clone(),
                range: scope.range,
                search: query.search.clone(),
            },
            run: Arc::clone(&scope.run),
            sql,
        })
    }
}

/// Everything that one statement needs.
pub(crate) struct Analysis {
    session: SessionContext,
    table: SegmentTable,
    found: Expr,
    index: IndexedFields,
    dialect: Dialect,
    before: Before,
    run: Arc<Run>,
    sql: SqlText,
}

impl Analysis {
    /// Reads and checks the statement.
    pub(crate) async fn planned(
        self,
        fault: impl Fn(DataFusionError) -> EngineError + Send + Copy,
    ) -> Result<Planned, EngineError> {
        let Self { session, table, found, index, dialect, before, run, sql } = self;
        let Reading { statement, spans, rows } = sql::read(&sql, &dialect)?;
        let known = Known { sql: &sql, index: &index };
        let explain = |error| known.explained(error).map_or_else(fault, EngineError::Sql);

        let log = table.rows_in(&session).and_then(|rows| rows.filter(found));
        let log = log.and_then(|rows| rows.select(columns(&index))).map_err(fault)?;
        session.register_table(sql::TABLE, log.into_view()).map_err(fault)?;
        for seconds in spans {
            let earlier = before.records(seconds);
            run.expect(&earlier.segments);
            let rows = earlier.rows(&session, &index);
            let rows = rows.and_then(|rows| rows.select(columns(&index))).map_err(fault)?;
            let name = TableReference::bare(sql::table_before(seconds));
            session.register_table(name, rows.into_view()).map_err(fault)?;
        }

        let statement = parser::Statement::Statement(Box::new(statement));
        let plan = session.state().statement_to_plan(statement).await.map_err(explain)?;
        let nothing_changes =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        nothing_changes.verify_plan(&plan).map_err(explain)?;
        series::check(&plan).map_err(explain)?;
        // A statement that says how many rows it wants was checked for it.
        let rows = rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(usize::MAX);
        Ok(Planned { session, plan, range: before.range, rows, run, sql, index })
    }
}

/// A statement that can be carried out.
pub(crate) struct Planned {
    session: SessionContext,
    plan: LogicalPlan,
    range: TimeRange,
    /// How many rows are kept; the plan may give one more.
    rows: usize,
    run: Arc<Run>,
    sql: SqlText,
    index: IndexedFields,
}

impl Planned {
    /// What becomes of an error of DataFusion.
    pub(crate) fn explained(
        &self,
        error: DataFusionError,
        fault: impl Fn(DataFusionError) -> EngineError,
    ) -> EngineError {
        let known = Known { sql: &self.sql, index: &self.index };
        known.explained(error).map_or_else(fault, EngineError::Sql)
    }

    /// The rows of its answer, not computed yet, and without the windows that `time_series` adds.
    pub(crate) fn rows(&self) -> DataFrame {
        DataFrame::new(self.session.state(), self.plan.clone())
    }

    /// The same with those windows, which are computed first.
    pub(crate) async fn filled_rows(&self) -> Result<DataFrame, DataFusionError> {
        let plan = series::filled(&self.session, self.plan.clone(), self.range, &self.run).await?;
        Ok(DataFrame::new(self.session.state(), plan))
    }

    async fn answer(
        self,
        fault: impl Fn(DataFusionError) -> EngineError + Send + Copy,
    ) -> Result<Table, EngineError> {
        let explain = |error| self.explained(error, fault);
        let rows = self.filled_rows().await.map_err(explain)?;
        let mut answer = Table::with_columns(rows.schema().as_arrow());
        let mut batches = watched_stream(&self.run, rows).await.map_err(explain)?;
        let mut bytes = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(explain)?;
            bytes += answer.append(&batch).map_err(|error| explain(error.into()))?;
            if bytes > ANSWER_BYTES_MAX {
                return Err(too_large(bytes));
            }
        }
        answer.keep(self.rows);
        Ok(answer)
    }
}

fn too_large(bytes: usize) -> EngineError {
    EngineError::TooLarge {
        what: "the answer",
        asked: format!("at least {bytes} bytes"),
        most: u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX),
        advice: "ask for fewer rows or columns",
    }
}

/// The columns of the table `log`: every counted field, and its name with underscores where it has hyphens.
fn columns(index: &IndexedFields) -> Vec<Expr> {
    let aliases = aliases(index);
    let counted = counted(index).map(|field| value(field).alias(field.name.as_str()));
    let again = counted_with_alias(index).filter(|(alias, _)| aliases.contains(alias));
    counted.chain(again.map(|(alias, field)| value(field).alias(alias))).collect()
}

/// The second names of columns.
fn aliases(index: &IndexedFields) -> Vec<String> {
    counted_with_alias(index).map(|(alias, _)| alias).filter(|alias| index.field(alias).is_none()).collect()
}

fn counted_with_alias(index: &IndexedFields) -> impl Iterator<Item = (String, &IndexedField)> {
    counted(index).filter(|field| field.name.contains('-')).map(|field| (field.name.replace('-', "_"), field))
}

fn counted(index: &IndexedFields) -> impl Iterator<Item = &IndexedField> {
    index.fields.iter().filter(|field| field.counted)
}

/// The value of a field as SQL sees it.
pub(crate) fn value(indexed: &IndexedField) -> Expr {
    if indexed.name == TIMESTAMP_FIELD {
        return cast(column(TIMESTAMP_COLUMN), DataType::Int64);
    }
    let Some(field) = field(&indexed.name) else {
        // Other programs may index what no record of a gateway has.
        return lit(match indexed.kind {
            FieldKind::Long => ScalarValue::Int64(None),
            FieldKind::Text | FieldKind::Address => ScalarValue::Utf8(None),
        });
    };
    match field.kind {
        FieldKind::Text | FieldKind::Long => column(field.name),
        FieldKind::Address => address::as_text(column(field.name)),
    }
}

/// What the author of the SQL could have meant.
struct Known<'a> {
    sql: &'a SqlText,
    index: &'a IndexedFields,
}

impl Known<'_> {
    /// What is wrong with the SQL, if that is why planning or execution failed.
    fn explained(&self, error: DataFusionError) -> Result<SqlError, DataFusionError> {
        let (innermost, location) = innermost(&error);
        let place = location.and_then(|(line, column)| sql::place(self.sql, line, column));
        let verification = |message: &str| SqlError::new(SqlErrorClass::Verification, message);
        let execution = |message: &str| SqlError::new(SqlErrorClass::Execution, sql::lower_case(message));
        let explained = match (innermost, unknown_column(innermost)) {
            (_, Some(name)) => self.unknown_column(name, place),
            (DataFusionError::SQL(error, _), _) => {
                SqlError::new(SqlErrorClass::Syntax, sql::lower_case(&error.to_string()))
            }
            (DataFusionError::Plan(message), _) => self.planning(message),
            (DataFusionError::NotImplemented(message), _) => {
                verification(&format!("not supported: {message}"))
            }
            (DataFusionError::SchemaError(schema, _), _) => {
                verification(&sql::lower_case(&schema.to_string()))
            }
            (DataFusionError::ArrowError(arrow, _), _) if !is_of_segment(arrow) => {
                execution(&arrow.to_string())
            }
            (DataFusionError::Execution(message), _) => execution(message),
            _ => return Err(error),
        };
        Ok(explained.at(place))
    }

    /// A column that does not exist, or exists but cannot be used.
    fn unknown_column(&self, name: &str, place: Option<Place>) -> SqlError {
        let verification = |message: String| SqlError::new(SqlErrorClass::Verification, message);
        let indexed = self.index.fields.iter().map(|field| field.name.as_str());
        let known = FIELDS.iter().map(|field| field.name).chain(indexed);
        let hyphened = name.replace('_', "-");
        if known.clone().any(|known| known == name || known == hyphened) {
            return verification(format!(
                "SQL may not use the field `{name}`: switch statistics on for it in the index of the topic"
            ));
        }
        let offset = place.and_then(|place| place.offset.checked_sub(self.sql.offset));
        let rest = offset.and_then(|offset| self.sql.text.get(offset..)).unwrap_or_default();
        let unquoted =
            known.clone().filter(|known| known.contains('-')).find(|known| rest.starts_with(known));
        let suggestion = match unquoted {
            Some(field) => Some(format!("\"{field}\"")),
            None => query::nearest(name, known).map(str::to_owned),
        };
        SqlError { suggestion, ..verification(format!("there is no column `{name}`")) }
    }

    /// The message of the planner in shorter words, and with a better guess.
    fn planning(&self, message: &str) -> SqlError {
        let message = message.lines().next().unwrap_or_default();
        let verification = |message: String| SqlError::new(SqlErrorClass::Verification, message);
        let form = message.split_once("coercion failed with: Error during planning: ");
        if let Some((form, _)) = form.and_then(|(_, rest)| rest.split_once(". No function matches")) {
            return verification(form.to_owned());
        }
        let grouped = message.split_once("While expanding wildcard, column \"log.");
        if let Some((name, _)) = grouped.and_then(|(_, rest)| rest.split_once('"')) {
            return verification(format!("`{name}` must stand in GROUP BY or inside an aggregate function"));
        }
        verification(sql::lower_case(message.trim_end_matches('.')))
    }
}
