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
use tokio::runtime::{self, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::ROWS_MAX;
use crate::error::{EngineError, innermost};
use crate::function;

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
}

/// Runs queries. One for the whole program; share it by reference.
pub struct Engine {
    settings: EngineSettings,
    state: SessionState,
    running: Arc<Semaphore>,
    // Always there until `drop`, which must not wait for it.
    threads: Option<Runtime>,
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
        let running = Arc::new(Semaphore::new(settings.queries_max.max(1)));
        Ok(Self { state: session_state(&settings)?, settings, running, threads: Some(threads) })
    }

    /// What queries may use.
    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// A session with no table in it, sharing memory and caches with all others.
    pub(crate) fn session(&self) -> SessionContext {
        let catalogs = MemoryCatalogProviderList::new();
        let catalog = MemoryCatalogProvider::new();
        let names = &self.state.config_options().catalog;
        // Both are new, so there is nothing that they could replace or that could refuse them.
        drop(catalog.register_schema(&names.default_schema, Arc::new(MemorySchemaProvider::new())));
        catalogs.register_catalog(names.default_catalog.clone(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_catalog_list(Arc::new(catalogs))
            .build();
        SessionContext::new_with_state(state)
    }

    /// Carries out `deed` on the engine's own threads, within the limits. Stops it when the caller stops waiting.
    pub(crate) async fn run<T, F>(&self, deed: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, EngineError>> + Send + 'static,
    {
        let threads = self.threads.as_ref().expect("the threads live as long as the engine");
        let EngineSettings { query_duration_max: most, queries_max, .. } = self.settings;
        let running = Arc::clone(&self.running);
        let mut task = JoinSet::new();
        task.spawn_on(
            async move {
                let permit = timeout(most, running.acquire_owned()).await;
                let _permit =
                    permit.ok().and_then(Result::ok).ok_or(EngineError::Busy { most: queries_max })?;
                timeout(most, deed).await.unwrap_or(Err(EngineError::Timeout { most }))
            },
            threads.handle(),
        );
        match task.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(crash)) => Err(EngineError::failed(crash)),
            None => unreachable!("one task was spawned"),
        }
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
            rows_max: ROWS_MAX,
            histogram_seconds_east: 8 * 3600,
            threads: thread::available_parallelism().map_or(1, NonZeroUsize::get),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            // Waiting is forbidden on a thread that itself runs tasks.
            threads.shutdown_background();
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

    #[tokio::test]
    async fn a_query_that_finds_no_room_is_told_so() {
        let settings = EngineSettings {
            queries_max: 2,
            query_duration_max: Duration::from_millis(1),
            ..EngineSettings::default()
        };
        let engine = Engine::new(settings).unwrap();
        let room = Arc::clone(&engine.running).try_acquire_many_owned(2).unwrap();
        let error = engine.run(async { Ok(()) }).await.unwrap_err();
        assert!(matches!(error, EngineError::Busy { most: 2 }), "{error}");
        drop(room);
        engine.run(async { Ok(()) }).await.unwrap();
    }

    #[tokio::test]
    async fn a_query_that_panics_takes_nothing_along() {
        let engine = Engine::new(EngineSettings { queries_max: 1, ..EngineSettings::default() }).unwrap();
        let crash = engine.run(async { if true { panic!("on purpose") } else { Ok(()) } }).await;
        assert!(matches!(crash, Err(EngineError::Failed(_))), "{crash:?}");
        engine.run(async { Ok(()) }).await.unwrap();
    }
}
