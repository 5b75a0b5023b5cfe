//! What a query would read, and how it would be carried out, without carrying it out.
//!
//! Hides: that DataFusion decides which row groups to skip when it opens a file, and is stopped there.
//! Knows nothing of: what the query finds.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::object_store::path::Path;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use query::{Query, Search, Syntax};

use crate::answer::{Cell, Column, ColumnKind, Table};
use crate::before::range_with_before;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::predicate::{column, conditions};
use crate::record;
use crate::table::{SegmentTable, overlapping};

/// What a query would read, and how.
///
/// Displayed as lines for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The search in canonical text.
    pub search: String,
    /// The SQL behind it, if there is any.
    pub sql: Option<String>,
    /// Segments of the topic: how many lie outside the time range, and how many are opened.
    pub segments: Pruned,
    /// Row groups of the segments that are opened: how many statistics rule out.
    pub by_statistics: Pruned,
    /// Of those that are left: how many the Bloom filters of addresses rule out.
    pub by_bloom: Pruned,
    /// Pages of the row groups that are left: how many their statistics rule out.
    pub pages: Pruned,
    /// Segments of which anything is read.
    pub segments_read: usize,
    /// The steps, the last first, as the engine names them.
    pub plan: String,
}

/// How many parts are skipped, and how many are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Skipped without being read.
    pub skipped: usize,
    /// Left.
    pub left: usize,
}

impl Engine {
    /// Explains `query` over `scope`, whose snapshot should have all segments of the topic, in and out of its range.
    ///
    /// Opens the segments that can matter, and reads their footers and filters, but no row. Fails as `analyse` does.
    #[tracing::instrument(name = "engine.explain", skip_all, fields(segments = scope.snapshot.segments.len()))]
    pub async fn explain(&self, scope: &Scope, query: &Query) -> Result<Explanation, EngineError> {
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        let all = scope.snapshot.segments.len();
        let can_matter = overlapping(&scope.snapshot.segments, range_with_before(query, scope.range)).len();
        let fault = self.fault();
        let analysis = query.sql.is_some().then(|| self.analysis(scope, query)).transpose()?;
        let listed = conditions(scope, &query.search, &segments);
        let session = self.session();
        let mut explanation = Explanation {
            search: canonical(&query.search),
            sql: query.sql.as_ref().map(|sql| sql.text.clone()),
            segments: Pruned { skipped: all - can_matter, left: can_matter },
            by_statistics: Pruned::default(),
            by_bloom: Pruned::default(),
            pages: Pruned::default(),
            segments_read: 0,
            plan: String::new(),
        };
        self.run(&scope.run, async move {
            let (context, plan) = match analysis {
                Some(analysis) => {
                    let planned = analysis.planned(fault).await?;
                    let explain = |error| planned.explained(error, fault);
                    physical(planned.rows()).await.map_err(explain)?
                }
                None => {
                    let rows = SegmentTable::new(&segments).and_then(|table| table.rows_in(&session));
                    let rows = listed.into_iter().try_fold(rows.map_err(fault)?, DataFrame::filter);
                    let rows = rows.and_then(|rows| rows.select(record::columns().map(column)));
                    physical(rows.map_err(fault)?).await.map_err(fault)?
                }
            };
            explanation.plan = steps(plan.as_ref(), 0);
            explanation.open(&plan, &context).await.map_err(fault)?;
            Ok(explanation)
        })
        .await
    }
}

async fn physical(rows: DataFrame) -> Result<(Arc<TaskContext>, Arc<dyn ExecutionPlan>), DataFusionError> {
    let context = Arc::new(rows.task_ctx());
    Ok((context, rows.create_physical_plan().await?))
}

/// The search as CQL writes it, or else Lucene.
fn canonical(search: &Search) -> String {
    let query = Query { search: search.clone(), sql: None };
    [Syntax::Cql, Syntax::Lucene]
        .into_iter()
        .find_map(|syntax| query.written(syntax))
        .unwrap_or_else(|| query.to_string())
}

/// A line for each step, the last first. Of a scan it tells what is read, and not the names of files.
fn steps(plan: &dyn ExecutionPlan, depth: usize) -> String {
    let step = match scan_of(plan) {
        Some((_, scan)) => {
            let schema = plan.schema();
            let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let segments: usize = scan.file_groups.iter().map(|group| group.len()).sum();
            let filter = scan.file_source().filter().map(|filter| format!(", where {filter}"));
            let filter = filter.unwrap_or_default();
            format!("read of {segments} segments: {}{filter}\n", columns.join(", "))
        }
        None => displayable(plan).one_line().to_string(),
    };
    let children = plan.children();
    let below = children.iter().map(|child| steps(child.as_ref(), depth + 1));
    format!("{}{}\n", "  ".repeat(depth), step.trim_end()) + &below.collect::<String>()
}

/// The scan of segments that a step is.
fn scan_of(plan: &dyn ExecutionPlan) -> Option<(&DataSourceExec, &FileScanConfig)> {
    let source = plan.downcast_ref::<DataSourceExec>()?;
    Some((source, source.data_source().downcast_ref()?))
}

impl Explanation {
    /// The lines of the text as an answer of one column.
    pub fn table(&self) -> Table {
        let lines = self.to_string();
        let row = |line: &str| vec![Cell::Varchar(line.to_owned())];
        let column = Column { name: "explanation".to_owned(), kind: ColumnKind::Varchar };
        Table { columns: vec![column], rows: lines.lines().map(row).collect(), cut: false }
    }

    /// Opens every file of every scan of `plan`, which decides what is skipped, and reads none.
    async fn open(
        &mut self,
        plan: &Arc<dyn ExecutionPlan>,
        context: &Arc<TaskContext>,
    ) -> Result<(), DataFusionError> {
        // A statement may read the same segment more than once.
        let mut read = HashSet::new();
        let mut plans = vec![Arc::clone(plan)];
        while let Some(plan) = plans.pop() {
            plans.extend(plan.children().into_iter().map(Arc::clone));
            let Some((source, scan)) = scan_of(plan.as_ref()) else { continue };
            self.open_scan(scan, source, context, &mut read).await?;
        }
        self.segments_read = read.len();
        Ok(())
    }

    async fn open_scan(
        &mut self,
        scan: &FileScanConfig,
        source: &DataSourceExec,
        context: &Arc<TaskContext>,
        read: &mut HashSet<Path>,
    ) -> Result<(), DataFusionError> {
        let store = context.runtime_env().object_store(&scan.object_store_url)?;
        let files = scan.file_source().with_batch_size(context.session_config().batch_size());
        let opener = files.create_morselizer(store, scan, 0)?;
        let mut before = Counted::of(source);
        for file in scan.file_groups.iter().flat_map(|group| group.files()) {
            let mut planners = vec![opener.plan_file(file.clone())?];
            while let Some(planner) = planners.pop() {
                let Some(mut plan) = planner.plan()? else { continue };
                planners.extend(plan.take_ready_planners());
                if let Some(waiting) = plan.take_pending_planner() {
                    planners.push(waiting.await?);
                }
            }
            let after = Counted::of(source);
            if after.by_bloom.left > before.by_bloom.left {
                read.insert(file.object_meta.location.clone());
            }
            before = after;
        }
        let Counted { by_statistics, by_bloom, pages } = before;
        self.by_statistics = self.by_statistics.and(by_statistics);
        self.by_bloom = self.by_bloom.and(by_bloom);
        self.pages = self.pages.and(pages);
        Ok(())
    }
}

/// What a scan has skipped so far.
#[derive(Clone, Copy, Default)]
struct Counted {
    by_statistics: Pruned,
    by_bloom: Pruned,
    pages: Pruned,
}

impl Counted {
    fn of(source: &DataSourceExec) -> Self {
        let mut counted = Self::default();
        for metric in source.metrics().iter().flat_map(|metrics| metrics.iter()) {
            let MetricValue::PruningMetrics { name, pruning_metrics } = metric.value() else { continue };
            let pruned = Pruned { skipped: pruning_metrics.pruned(), left: pruning_metrics.matched() };
            match name.as_ref() {
                "row_groups_pruned_statistics" => counted.by_statistics = counted.by_statistics.and(pruned),
                "row_groups_pruned_bloom_filter" => counted.by_bloom = counted.by_bloom.and(pruned),
                "page_index_pages_pruned" => counted.pages = counted.pages.and(pruned),
                _ => {}
            }
        }
        counted
    }
}

impl Pruned {
    fn and(self, other: Self) -> Self {
        Self { skipped: self.skipped + other.skipped, left: self.left + other.left }
    }

    fn all(self) -> usize {
        self.skipped + self.left
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, by_statistics, by_bloom, pages, .. } = self;
        writeln!(f, "search      {}", self.search)?;
        if let Some(sql) = &self.sql {
            writeln!(f, "SQL         {}", sql.split_whitespace().collect::<Vec<_>>().join(" "))?;
        }
        writeln!(
            f,
            "segments    {} of {} are read: {} lie outside the time range, {} hold nothing that is needed",
            self.segments_read,
            segments.all(),
            segments.skipped,
            segments.left.saturating_sub(self.segments_read)
        )?;
        writeln!(
            f,
            "row groups  {} of {} are read: statistics rule out {}, Bloom filters {}",
            by_bloom.left,
            by_statistics.all(),
            by_statistics.skipped,
            by_bloom.skipped
        )?;
        if pages.all() > 0 {
            writeln!(
                f,
                "pages       {} of {} are read: their statistics rule out the rest",
                pages.left,
                pages.all()
            )?;
        }
        writeln!(f, "plan")?;
        self.plan.lines().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
