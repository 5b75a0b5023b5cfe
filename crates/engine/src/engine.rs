//! The engine: threads, memory and time for queries.
//!
//! Hides: DataFusion's session and runtime, and how the limits are kept.
//! Knows nothing of: what the queries compute.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use datafusion::catalog::{
    CatalogProvider as _, CatalogProviderList as _, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider,
};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use flow::TimeRange;
use query::IndexedFields;
use store::Snapshot;
use tokio::runtime::{self, Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Timeout, timeout};

use crate::ROWS_MAX;
use crate::error::{EngineError, innermost};
use crate::function;
use crate::run::Run;
use crate::slots::Slots;

/// What queries may use. Every field has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineSettings {
    /// Memory that all running queries share for groups, sorts and joins. Unit: bytes. Default: 1 GiB.
    pub memory_bytes_max: usize,
    /// Memory for the footers of segments that were read lately. Unit: bytes. Default: 128 MiB.
    pub metadata_bytes_max: usize,
    /// How long a query may wait and run. Default: 30 s.
    pub query_duration_max: Duration,
    /// How many queries run at once; more of them wait. Default: 15, the published limit of a topic.
    pub queries_max: usize,
    /// How many queries may wait; more of them are refused. Default: 100.
    pub queries_waiting_max: usize,
    /// How many downloads run at once, beside the queries; as many may wait. Default: 4.
    pub downloads_max: usize,
    /// The most rows that SQL returns. Default: 10 000, as published.
    pub rows_max: u64,
    /// The time zone in which the days, weeks and months of `histogram` begin. Unit: seconds east of UTC.
    /// Default: 28 800, which is UTC+8, as published. Every other function works in UTC.
    pub histogram_seconds_east: i64,
    /// How many threads work on queries. Default: as many as the machine has cores.
    pub threads: usize,
}

/// The stack of a thread that works on queries. Unit: bytes.
///
/// Planning recurses into expressions as deep as [`crate::SQL_DEPTH_MAX`]; without optimisation it needs a quarter of
/// this. It is address space, not memory.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Which records a query can see.
#[derive(Debug)]
pub struct Scope {
    /// The segments.
    pub snapshot: Snapshot,
    /// Only records that start in it.
    pub range: TimeRange,
    /// What can be searched and counted, and how text is cut into words.
    pub index: IndexedFields,
    /// Who asks; tells how far the query is, and ends it.
    pub run: Arc<Run>,
}

/// Runs queries. One for the whole program; share it by reference.
pub struct Engine {
    settings: EngineSettings,
    state: SessionState,
    slots: Arc<Slots>,
    downloads: Arc<Slots>,
    // Always there until `drop`, which must not wait for it.
    threads: Option<Runtime>,
    // Tells the time when all threads are busy. Always there until `drop`, too.
    timers: Option<Runtime>,
}

impl Engine {
    /// Starts the threads. Fails when the operating system refuses them.
    pub fn new(settings: EngineSettings) -> Result<Self, EngineError> {
        let threads = runtime::Builder::new_multi_thread()
            .worker_threads(settings.threads.max(1))
            .thread_name("engine")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()
            .map_err(EngineError::Start)?;
        let timers = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("engine-timers")
            .enable_time()
            .build()
            .map_err(EngineError::Start)?;
        let slots = Arc::new(Slots::new(settings.queries_max, settings.queries_waiting_max));
        let downloads = Arc::new(Slots::new(settings.downloads_max, settings.downloads_max));
        Ok(Self {
            state: session_state(&settings)?,
            settings,
            slots,
            downloads,
            threads: Some(threads),
            timers: Some(timers),
        })
    }

    /// What queries may use.
    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// The places of downloads.
    pub(crate) fn downloads(&self) -> &Arc<Slots> {
        &self.downloads
    }

    /// A session that reads one thing after the other.
    pub(crate) fn sequential_session(&self) -> SessionContext {
        self.session_of(self.state.config().clone().with_target_partitions(1))
    }

    /// A session with no table in it, sharing memory and caches with all others.
    pub(crate) fn session(&self) -> SessionContext {
        self.session_of(self.state.config().clone())
    }

    fn session_of(&self, config: SessionConfig) -> SessionContext {
        let catalogs = MemoryCatalogProviderList::new();
        let catalog = MemoryCatalogProvider::new();
        let names = &self.state.config_options().catalog;
        // Both are new, so there is nothing that they could replace or that could refuse them.
        drop(catalog.register_schema(&names.default_schema, Arc::new(MemorySchemaProvider::new())));
        catalogs.register_catalog(names.default_catalog.clone(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_config(config)
            .with_catalog_list(Arc::new(catalogs))
            .build();
        SessionContext::new_with_state(state)
    }

    /// How many tasks queries have on the engine's threads; 0 when nothing runs.
    pub fn tasks(&self) -> usize {
        self.threads().metrics().num_alive_tasks()
    }

    /// Carries out `deed` on the engine's own threads, within the limits. Stops it when the caller stops waiting, and
    /// when `run` is cancelled.
    ///
    /// Limits and cancellation are watched where the caller waits, so that no deed can keep them from their turn. The
    /// caller needs no runtime of its own.
    pub(crate) async fn run<T, F>(&self, run: &Arc<Run>, deed: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, EngineError>> + Send + 'static,
    {
        let EngineSettings { query_duration_max: most, queries_max, .. } = self.settings;
        let busy = |ahead| EngineError::Busy { most: queries_max, ahead };
        let mut waiting = self.slots.join(run.asker()).map_err(busy)?;
        let ending = run.wait_at(waiting.turn().clone());
        let slot = tokio::select! {
            biased;
            () = run.cancelled() => return Err(EngineError::Cancelled),
            slot = self.limited(waiting.slot()) => slot.ok().flatten(),
        };
        let slot = slot.ok_or_else(|| busy(waiting.turn().ahead()))?;
        run.begin();
        let awaited = run.awaited();
        let mut task = JoinSet::new();
        let carried_out = async move {
            // Free when the task is gone, which may be a moment after nobody waits for it any more.
            let _held = (slot, ending);
            deed.await
        };
        task.spawn_on(carried_out, &self.threads());
        let answer = tokio::select! {
            biased;
            () = run.cancelled() => return Err(EngineError::Cancelled),
            answer = self.limited(task.join_next()) => answer,
        };
        match answer {
            Ok(Some(ended)) => {
                awaited.enough();
                ended.unwrap_or_else(|crash| Err(EngineError::failed(crash)))
            }
            Ok(None) => unreachable!("one task was spawned"),
            Err(_) => Err(EngineError::Timeout { most }),
        }
    }

    /// The deed, for as long as a query may wait or run.
    fn limited<F: Future>(&self, deed: F) -> Timeout<F> {
        let timers = self.timers.as_ref().expect("the timers live as long as the engine");
        let _within = timers.enter();
        timeout(self.settings.query_duration_max, deed)
    }

    pub(crate) fn threads(&self) -> Handle {
        self.threads.as_ref().expect("the threads live as long as the engine").handle().clone()
    }

    /// What becomes of an error of DataFusion that is not the fault of SQL.
    pub(crate) fn fault(&self) -> impl Fn(DataFusionError) -> EngineError + Send + Sync + Copy + 'static {
        let most = self.settings.memory_bytes_max;
        move |error| {
            if matches!(innermost(&error).0, DataFusionError::ResourcesExhausted(_)) {
                EngineError::Memory { most, source: Box::new(error) }
            } else {
                EngineError::failed(error)
            }
        }
    }
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            memory_bytes_max: 1024 * 1024 * 1024,
            metadata_bytes_max: 128 * 1024 * 1024,
            query_duration_max: Duration::from_secs(30),
            queries_max: 15,
            queries_waiting_max: 100,
            downloads_max: 4,
            rows_max: ROWS_MAX,
            histogram_seconds_east: 8 * 3600,
            threads: thread::available_parallelism().map_or(1, NonZeroUsize::get),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for runtime in [self.threads.take(), self.timers.take()].into_iter().flatten() {
            // Waiting is forbidden on a thread that itself runs tasks.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn session_state(settings: &EngineSettings) -> Result<SessionState, EngineError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(settings.memory_bytes_max)))
        // What does not fit into memory is refused: only the store writes to the server's disk.
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .with_metadata_cache_limit(settings.metadata_bytes_max)
        .build_arc()
        .map_err(EngineError::failed)?;
    let mut config = SessionConfig::new().with_target_partitions(settings.threads.max(1));
    let options = config.options_mut();
    // Off by default in DataFusion; a needle costs a tenth with it.
    options.execution.parquet.pushdown_filters = true;
    options.execution.time_zone = Some("+00:00".to_owned());
    // Fields are lower case, except the internal ones; aliases stay as they were written.
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.collect_spans = true;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .build();
    function::install(&mut state).map_err(EngineError::failed)?;
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Asker, Stage};

    #[tokio::test]
    async fn a_query_that_finds_no_room_is_told_so() {
        let settings = EngineSettings {
            queries_max: 2,
            query_duration_max: Duration::from_millis(1),
            ..EngineSettings::default()
        };
        let engine = Engine::new(settings).unwrap();
        let run = Arc::new(Run::new(Asker::default()));
        let room: Vec<_> = (0..2).map(|_| engine.slots.join(run.asker()).unwrap()).collect();
        let error = engine.run(&run, async { Ok(()) }).await.unwrap_err();
        assert!(matches!(error, EngineError::Busy { most: 2, ahead: 0 }), "{error}");
        drop(room);
        engine.run(&run, async { Ok(()) }).await.unwrap();
    }

    #[tokio::test]
    async fn a_query_that_panics_takes_nothing_along() {
        let engine = Engine::new(EngineSettings { queries_max: 1, ..EngineSettings::default() }).unwrap();
        let run = Arc::new(Run::new(Asker::default()));
        let crash = engine.run(&run, async { if true { panic!("on purpose") } else { Ok(()) } }).await;
        assert!(matches!(crash, Err(EngineError::Failed(_))), "{crash:?}");
        engine.run(&run, async { Ok(()) }).await.unwrap();
    }

    #[tokio::test]
    async fn a_query_that_is_cancelled_is_told_so_whether_it_waits_or_runs() {
        let engine = Engine::new(EngineSettings { queries_max: 1, ..EngineSettings::default() }).unwrap();
        let new = || Arc::new(Run::new(Asker::default()));
        let (running, waiting) = (new(), new());
        let never = || std::future::pending::<Result<(), EngineError>>();
        let cancels = async {
            waiting.cancel();
            // It is the first to have a place.
            while running.progress().stage != Stage::Running {
                tokio::task::yield_now().await;
            }
            running.cancel();
        };
        let (first, second, ()) =
            tokio::join!(engine.run(&running, never()), engine.run(&waiting, never()), cancels);
        assert!(matches!(first, Err(EngineError::Cancelled)), "{first:?}");
        assert!(matches!(second, Err(EngineError::Cancelled)), "{second:?}");
        assert_eq!(waiting.progress().stage, Stage::Ended);
        // Its task ends on another thread.
        while running.progress().stage != Stage::Ended {
            tokio::task::yield_now().await;
        }
        engine.run(&new(), async { Ok(()) }).await.unwrap();
    }
}
