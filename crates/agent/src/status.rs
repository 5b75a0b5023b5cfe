//! What an agent tells of itself and its gateway: to the server, and in a file to whoever is on its host.
//!
//! Hides: the published names of it, the file.
//! Knows nothing of: when it is told.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use api::{AgentInterface, AgentStatus, AuditTotals, Degradation, GatewayHealth, PortSet};
use capture::{AuditNumbers, GatewayFacts, Health};
use flow::{GatewayId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::files::{Files, replace};
use crate::settings::AgentSettings;

const STATUS_FILE: &str = "status.json";
const STATUS_VERSION: u32 = 1;

/// What the agent on this host told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnStatus {
    /// When.
    pub told: Timestamp,
    /// The gateway that the server enrolled.
    pub gateway: String,
    /// Why the server could not be asked the last time; `None` when it answered.
    pub unreached: Option<String>,
    /// How the agent is.
    pub status: AgentStatus,
}

/// Why it is not known how the agent is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// There is none.
    #[error("no agent has told how it is in `{path}`: does one run, with this state folder?")]
    Unread {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be understood.
    #[error("cannot understand `{path}`: was it written by a newer agent?")]
    Strange {
        /// Which file.
        path: PathBuf,
    },
}

/// The file. Members are only added.
#[derive(Serialize, Deserialize)]
struct StatusFile {
    version: u32,
    nat_gateway_id: String,
    unreached: Option<String>,
    status: AgentStatus,
}

/// What the agent with that state folder told last.
///
/// # Errors
/// Each says why that is not known.
pub fn read_status(state_folder: &Path) -> Result<OwnStatus, StatusError> {
    let path = state_folder.join(STATUS_FILE);
    let read = || Ok((std::fs::read(&path)?, std::fs::metadata(&path)?.modified()?));
    let (text, written) = read().map_err(|source| StatusError::Unread { path: path.clone(), source })?;
    let file = serde_json::from_slice::<StatusFile>(&text).ok().filter(|file| file.version == STATUS_VERSION);
    let Some(StatusFile { nat_gateway_id, unreached, status, .. }) = file else {
        return Err(StatusError::Strange { path });
    };
    let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
    let told = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Ok(OwnStatus { told, gateway: nat_gateway_id, unreached, status })
}

/// Writes what the agent tells where [`read_status`] finds it.
pub(crate) fn keep_status(
    files: &dyn Files,
    gateway: &GatewayId,
    unreached: Option<&str>,
    status: &AgentStatus,
) -> io::Result<()> {
    let file = StatusFile {
        version: STATUS_VERSION,
        nat_gateway_id: gateway.to_string(),
        unreached: unreached.map(str::to_owned),
        status: status.clone(),
    };
    replace(files, STATUS_FILE, &serde_json::to_vec_pretty(&file).map_err(io::Error::other)?)
}

/// Tells how the agent is, as often as somebody asks.
pub(crate) fn status_of(
    settings: &AgentSettings,
    facts: GatewayFacts,
) -> impl Fn() -> AgentStatus + Send + 'static {
    let metrics = settings.metrics.clone();
    let interfaces = facts.interfaces.into_iter().map(|interface| AgentInterface {
        name: interface.name,
        addresses: interface.addresses.iter().map(ToString::to_string).collect(),
    });
    let fixed = AgentStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        hostname: facts.hostname,
        source: settings.source.to_owned(),
        variant: settings.variant.to_owned(),
        window_seconds: settings.window.seconds(),
        interfaces: interfaces.collect(),
        public_addresses: facts.public_addresses.iter().map(ToString::to_string).collect(),
        ..AgentStatus::default()
    };
    let audit = settings.audit.clone();
    move || {
        let numbers = metrics.read();
        AgentStatus {
            spooled_batches: numbers.spooled_batches,
            lost_packets: numbers.lost_packets_total,
            degraded: metrics.degraded(),
            health: metrics
                .health()
                .map(|health| GatewayHealth { audit: audit.as_ref().map(audited), ..health }),
            ..fixed.clone()
        }
    }
}

/// The longest sentence about what the agent goes without. Unit: characters.
const SENTENCE_CHARS_MAX: usize = 500;

/// The same in sentences that everybody takes: what a kernel says of a program can be pages.
pub(crate) fn degradation_cut(Degradation { what, says, mend }: &Degradation) -> Degradation {
    let cut = |text: &str| text.chars().take(SENTENCE_CHARS_MAX).collect();
    Degradation { what: what.clone(), says: cut(says), mend: cut(mend) }
}

/// What audits found.
pub(crate) fn audited(numbers: &AuditNumbers) -> AuditTotals {
    let capture::AuditTotals { audits_total, ended_total, missing_total } = numbers.read();
    AuditTotals { audits_total, ended_total, missing_total }
}

/// A gateway's health in published words; audits are not part of a look at it.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has a health to look at"))]
pub(crate) fn health_told(health: Health) -> GatewayHealth {
    let fullest = health.fullest.map(|set| PortSet {
        public_ip_address: set.public_address.to_string(),
        destination_ip_address: set.destination.to_string(),
        destination_port: set.destination_port,
        protocol: set.protocol,
        ports_used: set.ports_used,
        ports_available: set.ports_available,
    });
    GatewayHealth {
        table_entries: health.table_entries,
        table_entries_max: health.table_entries_max,
        insert_failed_total: health.insert_failed_total,
        drop_total: health.drop_total,
        early_drop_total: health.early_drop_total,
        search_restart_total: health.search_restart_total,
        fullest_port_set: fullest,
        audit: None,
    }
}
