//! Starts a server and stops it.
//!
//! Hides: what has to be there before the first request, and what is finished before the last.
//! Knows nothing of: arguments, signals; the program calls it.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::{Engine, EngineError, EngineSettings};
use flow::Clock;
use store::{Owner, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::erasing::{self, Erasing};
use crate::handle::{HASHING_MAX, UPLOADS_MAX};
use crate::http::{self, Certificate, Listening, TlsError};
use crate::ingest::{Ingest, Writer};
use crate::metrics::Metrics;
use crate::orders::Orders;
use crate::queries::{Ended, Queries};
use crate::server::Server;
use crate::settings::ServerSettings;
use crate::sign_in::attempts::Attempts;
use crate::sign_in::first_run;
use crate::tail::Tails;
use crate::upkeep;

/// How long requests that run may take to finish when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs until `stop`.
#[derive(Debug)]
pub struct Running {
    /// Where it really listens; the port is chosen by the system when the settings say 0.
    pub address: SocketAddr,
    /// The address for people, for example `http://127.0.0.1:8860`.
    pub url: String,
    /// The address for programs of the same machine.
    pub local_url: String,
    /// Opens the console for the first time; absent once the first user has a password.
    pub sign_in_link: Option<String>,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    erasing: JoinHandle<()>,
    writer: Writer,
}

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: is another server running there? (setting `listen`)")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The data folder cannot be opened.
    #[error("cannot open the data folder")]
    Store(#[from] StoreError),
    /// The engine cannot start.
    #[error("cannot start the query engine")]
    Engine(#[from] EngineError),
    /// The first user or the key of the command line cannot be made.
    #[error("cannot prepare the first sign-in")]
    FirstRun(#[source] Box<dyn Error + Send + Sync>),
    /// A thread cannot be started, or one of the server's parts crashed.
    #[error("a part of the server failed")]
    Part(#[source] Box<dyn Error + Send + Sync>),
    /// The server ended by itself.
    #[error("the server ended by itself")]
    Ended(#[source] Box<dyn Error + Send + Sync>),
}

/// Starts a server; it answers when this returns.
///
/// # Errors
/// Each says what is missing and which setting to change.
pub async fn start(settings: ServerSettings, clock: Clock) -> Result<Running, ServerError> {
    let failed = |source| ServerError::Listen { address: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    warn_when_reachable(address, &settings);
    let certificate = settings.tls.clone().map(Certificate::open).transpose()?.map(Arc::new);
    let local_url = settings.local_url(address);

    let prepared = tokio::task::spawn_blocking(move || prepare(settings, address, clock)).await;
    let Prepared { server, sign_in_link, writer } =
        prepared.map_err(|panicked| ServerError::Part(panicked.into()))??;

    let (stopping, stopped) = watch::channel(false);
    let upkeep = tokio::spawn(upkeep::work(Arc::clone(&server), stopped.clone()));
    let erasing = tokio::spawn(erasing::work(Arc::clone(&server), stopped.clone()));
    let url = server.url.clone();
    let serving = tokio::spawn(serve(server, Listening::new(listener, certificate), stopped));
    tracing::info!(%address, %url, "the server answers");
    Ok(Running { address, url, local_url, sign_in_link, stopping, serving, upkeep, erasing, writer })
}

impl Running {
    /// Ends the server: no new request is taken, those that run are finished, what was acknowledged is durable,
    /// and the data folder is free. Requests that need more than ten seconds are left behind; then the folder is
    /// free when the program ends.
    ///
    /// # Errors
    /// `Ended` when it had ended by itself before; `Part` when one of its parts crashed.
    pub async fn stop(self) -> Result<(), ServerError> {
        let Self { stopping, mut serving, upkeep, erasing, writer, .. } = self;
        stopping.send_replace(true);
        let served = tokio::time::timeout(STOP_PATIENCE, &mut serving).await;
        upkeep.await.map_err(|panicked| ServerError::Part(panicked.into()))?;
        erasing.await.map_err(|panicked| ServerError::Part(panicked.into()))?;
        let served = match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(panicked)) => Err(ServerError::Part(panicked.into())),
            Err(_) => {
                // Their connections still hold the store, so waiting for its writer could last for ever. What is
                // not acknowledged yet comes again.
                tracing::warn!("some requests did not finish in time; they end with the program");
                serving.abort();
                return Ok(());
            }
        };
        // It ends when nobody can hand a batch over any more; then the last handle of the store is gone.
        let ended = tokio::task::spawn_blocking(move || writer.join()).await;
        match ended {
            Ok(Ok(())) => served,
            Ok(Err(_)) => Err(ServerError::Part("the thread that stores batches crashed".into())),
            Err(panicked) => Err(ServerError::Part(panicked.into())),
        }
    }

    /// Returns when the server has ended by itself, which it never should.
    pub async fn ended(&mut self) -> ServerError {
        match (&mut self.serving).await {
            Ok(()) => ServerError::Ended("it was told to".into()),
            Err(panicked) => ServerError::Part(panicked.into()),
        }
    }
}

struct Prepared {
    server: Arc<Server>,
    sign_in_link: Option<String>,
    writer: Writer,
}

fn prepare(settings: ServerSettings, address: SocketAddr, clock: Clock) -> Result<Prepared, ServerError> {
    let store = Arc::new(Store::open(&settings.data_folder)?);
    let url = settings.url(address);
    let sign_in_link = first_run::prepare(&store, &settings, address, clock())
        .map_err(|source| ServerError::FirstRun(source.into()))?;
    let metrics = Arc::new(Metrics::new(Arc::clone(&store)));
    let tails = Tails::start().map(Arc::new).map_err(|source| ServerError::Part(source.into()))?;
    let (ingest, writer) =
        Ingest::start(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&metrics), Arc::clone(&tails))
            .map_err(|source| ServerError::Part(source.into()))?;
    let engine = EngineSettings {
        rows_max: settings.sql_rows_max,
        query_duration_max: Duration::from_secs(settings.query_seconds_max),
        histogram_seconds_east: settings.histogram_utc_offset_seconds,
        ..EngineSettings::default()
    };
    let slow = Duration::from_millis(settings.slow_query_ms);
    let ended = metered(&store, &clock);
    let server = Server {
        queries: Arc::new(Queries::new(Arc::clone(&clock), slow, ended)),
        engine: Engine::new(engine)?,
        erasing: Erasing::default(),
        settings,
        url,
        clock,
        store,
        ingest,
        tails,
        uploads: Semaphore::new(UPLOADS_MAX),
        orders: Orders::default(),
        attempts: Attempts::default(),
        hashing: Semaphore::new(HASHING_MAX),
        metrics,
    };
    Ok(Prepared { server: Arc::new(server), sign_in_link, writer })
}

/// Counts what a query read as usage of its topic.
fn metered(store: &Arc<Store>, clock: &Clock) -> Ended {
    let (store, clock) = (Arc::clone(store), Arc::clone(clock));
    Box::new(move |told| {
        let statement = &told.statement;
        let owner = Owner { account: statement.account.clone(), region: statement.region.clone() };
        store.count_query(&owner, &statement.topic, told.progress.scanned.bytes, clock());
    })
}

async fn serve(server: Arc<Server>, listening: Listening, stopped: watch::Receiver<bool>) {
    let mut told = stopped.clone();
    let router = http::router(Arc::clone(&server));
    let store = Arc::clone(&server.store);
    let wake = async move {
        // An error means that the sender is gone, which ends the server as well.
        told.wait_for(|stop| *stop).await.ok();
        server.orders.close();
        server.tails.close();
        // One goes on as long as its reader likes.
        server.queries.cancel_all(<api::DownloadLog as api::Operation>::NAME);
        // A merge of a whole day would outlast everybody's patience; it is done again.
        server.store.stop_merging();
    };
    tokio::join!(listening.serve(router, stopped), wake);
    // The last queries have ended.
    let flushed = tokio::task::spawn_blocking(move || store.flush_usage()).await;
    if let Ok(Err(error)) = flushed {
        tracing::error!(%error, "what the last queries read cannot be noted");
    }
}

fn warn_when_reachable(address: SocketAddr, settings: &ServerSettings) {
    let behind_https = settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if !address.ip().is_loopback() && !behind_https && settings.tls.is_none() {
        tracing::warn!(
            %address,
            "the server is reachable from other machines without TLS, so passwords and tokens can be read on the way: \
             set `tls_certificate` and `tls_key`, or put a proxy with TLS in front of it and set `public_url` to its \
             https address"
        );
    }
}
