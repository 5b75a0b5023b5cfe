//! What every operation of a running server may use.
//!
//! Hides: nothing; it is the list.
//! Knows nothing of: how it is started and stopped.

use std::sync::Arc;

use engine::Engine;
use flow::Clock;
use store::Store;
use tokio::sync::Semaphore;

use crate::erasing::Erasing;
use crate::failure::Failure;
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use crate::orders::Orders;
use crate::queries::Queries;
use crate::settings::ServerSettings;
use crate::sign_in::attempts::Attempts;
use crate::sign_in::session::Transport;
use crate::tail::Tails;

/// A running server.
pub(crate) struct Server {
    /// What it was told.
    pub(crate) settings: ServerSettings,
    /// The start of its links, for example `http://127.0.0.1:8860`.
    pub(crate) url: String,
    /// Tells the moment.
    pub(crate) clock: Clock,
    /// Catalog and segments.
    pub(crate) store: Arc<Store>,
    /// Runs queries.
    pub(crate) engine: Engine,
    /// The queries that run.
    pub(crate) queries: Arc<Queries>,
    /// Carries out erasures.
    pub(crate) erasing: Erasing,
    /// Takes batches in.
    pub(crate) ingest: Ingest,
    /// Tells records as they are stored.
    pub(crate) tails: Arc<Tails>,
    /// Batches that may arrive and be decoded at once.
    pub(crate) uploads: Semaphore,
    /// Tells agents that flow logs have changed.
    pub(crate) orders: Orders,
    /// Who tried to sign in.
    pub(crate) attempts: Attempts,
    /// Passwords that may be hashed at once.
    pub(crate) hashing: Semaphore,
    /// What it counts.
    pub(crate) metrics: Arc<Metrics>,
}

impl Server {
    /// Whether browsers reach it by HTTPS.
    pub(crate) fn transport(&self) -> Transport {
        if self.url.starts_with("https://") { Transport::Https } else { Transport::Http }
    }

    /// Whether the catalog answers and batches are stored. After trouble it is tried whether that is over.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.store.users(&self.settings.account)?;
        self.ingest.check()?;
        if self.store.trouble().is_some() {
            self.store.try_writing()?;
        }
        Ok(())
    }
}
