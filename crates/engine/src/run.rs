//! A run: one query while it waits and is carried out, for those who watch it or end it.
//!
//! Hides: that how far it is stands in the plans of DataFusion, and how a word from outside reaches it.
//! Knows nothing of: what the query computes, the clock, who is told.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use futures::TryStreamExt as _;
use store::Segment;
use tokio::sync::watch;

use crate::slots::Turn;
use crate::stopping::stopping;

/// Who runs a query. Those who wait share the places of the engine evenly: accounts first, then the users of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asker {
    /// The account.
    pub account: String,
    /// The user in it, or the name of a program.
    pub user: String,
}

/// One query while it waits and is carried out. For one query only; share it by reference.
pub struct Run {
    asker: Asker,
    ending: watch::Sender<bool>,
    state: Mutex<State>,
}

/// How much of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Rows of segments.
    pub rows: u64,
    /// Unit: bytes, as they stand in segments.
    pub bytes: u64,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It waits for a place.
    #[default]
    Waiting,
    /// It is carried out.
    Running,
    /// It has ended: answered, failed, cancelled, or given up by who asked.
    Ended,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub stage: Stage,
    /// While it waits: how many came earlier and wait still.
    pub ahead: usize,
    /// What was read. Rows and bytes that statistics skip are never read.
    pub scanned: Amount,
    /// What stands in the segments that can matter, skipped or not.
    pub total: Amount,
    /// How many segments these are; one that is looked at again counts again.
    pub segments: u64,
}

#[derive(Default)]
struct State {
    stage: Stage,
    total: Amount,
    segments: u64,
    /// Of plans that have ended.
    scanned: Amount,
    plans: Vec<Arc<dyn ExecutionPlan>>,
    /// Where it waits.
    turn: Option<Turn>,
}

impl State {
    /// What was read so far.
    fn scanned(&self) -> Amount {
        self.plans.iter().fold(self.scanned, |sum, plan| sum.and(scanned(plan.as_ref())))
    }
}

impl Run {
    /// A run that has not begun.
    pub fn new(asker: Asker) -> Self {
        Self { asker, ending: watch::Sender::new(false), state: Mutex::default() }
    }

    /// Who asks.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Ends it: whoever waits for its answer gets `Cancelled`, and its threads and memory are free at once.
    pub fn cancel(&self) {
        self.ending.send_replace(true);
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let state = self.lock();
        let ahead = state.turn.as_ref().filter(|_| state.stage == Stage::Waiting).map_or(0, Turn::ahead);
        Progress {
            stage: state.stage,
            ahead,
            scanned: state.scanned(),
            total: state.total,
            segments: state.segments,
        }
    }

    /// Returns when somebody cancels it.
    pub(crate) async fn cancelled(&self) {
        // The sender lives as long as this, so there is no error.
        self.ending.subscribe().wait_for(|ending| *ending).await.ok();
    }

    /// Says where it waits. It has ended when the value that is returned is dropped.
    pub(crate) fn wait_at(self: &Arc<Self>, turn: Turn) -> Ending {
        self.lock().turn = Some(turn);
        Ending(Arc::clone(self))
    }

    /// Says that it is carried out from now on.
    pub(crate) fn begin(&self) {
        self.lock().stage = Stage::Running;
    }

    /// Whether what is carried out should stop.
    pub(crate) fn has_to_end(&self) -> bool {
        *self.ending.borrow()
    }

    /// Ends it when the value that is returned is dropped before `enough`.
    pub(crate) fn awaited(self: &Arc<Self>) -> Awaited {
        Awaited(Some(Arc::clone(self)))
    }

    /// Adds segments to what can matter.
    pub(crate) fn expect(&self, segments: &[Arc<Segment>]) {
        let mut state = self.lock();
        state.segments += wide(segments.len());
        for segment in segments {
            state.total = state.total.and(Amount { rows: segment.rows(), bytes: segment.bytes() });
        }
    }

    /// Counts what `plan` reads.
    pub(crate) fn watch(&self, plan: &Arc<dyn ExecutionPlan>) {
        self.lock().plans.push(Arc::clone(plan));
    }

    /// Forgets the plans, which have all ended, but not what they read.
    pub(crate) fn settle(&self) {
        let mut state = self.lock();
        state.scanned = state.scanned();
        state.plans.clear();
    }

    fn end(&self) {
        let mut state = self.lock();
        state.stage = Stage::Ended;
        state.turn = None;
        drop(state);
        self.settle();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No invariant spans two changes of it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits for the answer as long as this exists.
#[derive(Debug)]
pub(crate) struct Awaited(Option<Arc<Run>>);

impl Awaited {
    /// The answer is there.
    pub(crate) fn enough(mut self) {
        self.0 = None;
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(run) = &self.0 {
            run.cancel();
        }
    }
}

/// The end of a run, however it comes.
pub(crate) struct Ending(Arc<Run>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Amount {
    pub(crate) fn and(self, other: Self) -> Self {
        Self { rows: self.rows.saturating_add(other.rows), bytes: self.bytes.saturating_add(other.bytes) }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("asker", &self.asker).field("progress", &self.progress()).finish()
    }
}

/// Computes `rows`, and lets `run` tell how far that is.
pub(crate) async fn watched_stream(
    run: &Arc<Run>,
    rows: DataFrame,
) -> Result<SendableRecordBatchStream, DataFusionError> {
    let context = Arc::new(rows.task_ctx());
    let plan = stopping(rows.create_physical_plan().await?, run)?;
    run.watch(&plan);
    execute_stream(plan, context)
}

/// The same, all at once.
pub(crate) async fn watched_batches(
    run: &Arc<Run>,
    rows: DataFrame,
) -> Result<Vec<RecordBatch>, DataFusionError> {
    watched_stream(run, rows).await?.try_collect().await
}

/// What a plan has read so far.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is of a library and grows with it")]
fn scanned(plan: &dyn ExecutionPlan) -> Amount {
    let mut sum =
        plan.children().iter().fold(Amount::default(), |sum, child| sum.and(scanned(child.as_ref())));
    if plan.downcast_ref::<DataSourceExec>().is_none() {
        return sum;
    }
    let (mut filtered, mut given) = (0, 0);
    for metric in plan.metrics().iter().flat_map(|metrics| metrics.iter()) {
        match metric.value() {
            MetricValue::OutputRows(count) => given += count.value(),
            MetricValue::Count { name, count } => match name.as_ref() {
                "bytes_scanned" => sum.bytes = sum.bytes.saturating_add(wide(count.value())),
                // With a filter, the rows that it looked at; what it let through is in the second of these.
                "pushdown_rows_pruned" | "pushdown_rows_matched" => filtered += count.value(),
                _ => {}
            },
            _ => {}
        }
    }
    sum.rows = sum.rows.saturating_add(wide(filtered.max(given)));
    sum
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
