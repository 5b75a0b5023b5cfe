//! What the agent can say of addresses: from the operator's files, and from data inside the program.
//!
//! Hides: which file says what, and that a wrong change is told once and has no effect.
//! Knows nothing of: flow logs, batches.

use std::error::Error;
use std::sync::Arc;

use window::{ClosedWindow, Collected, Inventory, Windows};

use crate::inventory::{InventoryFile, InventoryFileError};
use crate::metrics::AgentMetrics;
use crate::origin::{AsnFileError, Origin};
use crate::settings::AgentSettings;

/// What the agent can say of addresses.
pub(crate) struct Names {
    file: Option<InventoryFile>,
    inventory: Arc<Inventory>,
    origin: Origin,
    metrics: AgentMetrics,
}

/// Why a run cannot start with the operator's files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NamesError {
    /// The inventory cannot be used.
    #[error(transparent)]
    Inventory(#[from] InventoryFileError),
    /// The autonomous systems cannot be used.
    #[error(transparent)]
    Asn(#[from] AsnFileError),
}

impl Names {
    /// Reads the files that the settings name.
    pub(crate) fn open(settings: &AgentSettings) -> Result<Self, NamesError> {
        let read = settings.inventory_file.as_deref().map(InventoryFile::open).transpose()?;
        let (file, inventory) = read.map_or_else(Default::default, |(file, read)| (Some(file), read));
        let origin = Origin::open(settings.asn_file.as_deref())?;
        Ok(Self { file, inventory: Arc::new(inventory), origin, metrics: settings.metrics.clone() })
    }

    /// Gives the windows the inventory that closes them from now on.
    pub(crate) fn give(&self, windows: &mut Windows) {
        windows.use_inventory(Arc::clone(&self.inventory));
    }

    /// Reads those files again that have changed.
    pub(crate) fn look_again(&mut self) {
        match self.file.as_mut().map_or(Ok(None), InventoryFile::changed) {
            Ok(None) => {}
            Ok(Some(inventory)) => {
                tracing::info!(prefixes = inventory.prefixes(), "the inventory changed");
                self.inventory = Arc::new(inventory);
            }
            Err(error) => {
                self.metrics.counters.inventory_failures_total.add(1);
                let error = &error as &dyn Error;
                tracing::error!(error, "the inventory cannot be used: the last right one stays in force");
            }
        }
        if let Err(error) = self.origin.look_again() {
            let error = &error as &dyn Error;
            tracing::error!(
                error,
                "the autonomous systems cannot be used: the last right ones stay in force"
            );
        }
    }

    /// Writes into the records where their destinations are registered.
    pub(crate) fn tell_origins(&mut self, closed: &mut [ClosedWindow]) {
        let collected = closed.iter_mut().flat_map(|window| &mut window.collected);
        collected.for_each(|collected| self.tell_origins_of(collected));
    }

    /// The same for records whose window is still closing.
    pub(crate) fn tell_origins_of(&mut self, collected: &mut Collected) {
        collected.records.iter_mut().for_each(|record| self.origin.tell(record));
    }
}
