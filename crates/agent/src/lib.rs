//! The agent on a gateway host: capture → window → spool → server.
//!
//! Hides: spooling, sending again, back-off, a full disk, how flow logs reach the gateway.
//! Knows nothing of: Parquet, SQL, the configuration file, which source captures.
//!
//! [`run`] is the whole of it. Three threads: the caller's polls the source and spools what windows close with; one
//! sends what is spooled; one asks which flow logs to carry out. None waits for another, so a server that is slow or
//! gone stops neither capture nor spooling.

mod backoff;
mod batching;
mod files;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod identity;
mod inventory;
mod listen;
mod metrics;
mod names;
mod operator_file;
mod orders;
mod origin;
mod run;
mod settings;
mod ship;
mod spool;
mod status;
mod stop;
mod tally;
mod withheld;

pub use health::HealthPlace;
pub use identity::{IdentityError, check_server, identity_file};
pub use inventory::{INVENTORY_BYTES_MAX, InventoryFileError, check_inventory};
pub use listen::{ListenError, ListenSettings, Listening, listen};
pub use metrics::{AgentMetrics, AgentNumbers, metrics_reference};
pub use names::NamesError;
pub use origin::{ASN_BYTES_MAX, AsnFileError, check_asn_file};
pub use run::{AgentError, POLL_FAILURES_MAX, STOP_PATIENCE, run, spool_folder};
pub use settings::AgentSettings;
pub use spool::{SET_ASIDE_BYTES_MAX, SPOOL_BYTES_MAX_DEFAULT, SpoolError};
pub use status::{OwnStatus, StatusError, read_status};
pub use stop::Stop;
