//! What an agent is told at its start.
//!
//! Hides: nothing.
//! Knows nothing of: the configuration file and the arguments that it comes from.

use std::path::PathBuf;

use api::{Degradation, Trust};
use capture::AuditNumbers;
use flow::{Prefix, WindowLength};

use crate::health::HealthPlace;
use crate::metrics::AgentMetrics;
use crate::spool::SPOOL_BYTES_MAX_DEFAULT;

/// What an agent is told at its start.
#[derive(Clone)]
pub struct AgentSettings {
    /// The server's address, for example `http://127.0.0.1:8860`.
    pub server: String,
    /// Whose certificates prove that it is the server. Default: the authorities that browsers know.
    pub trust: Trust,
    /// Where identity, flow logs and spool are kept. Created with mode 0700 if it does not exist.
    pub state_folder: PathBuf,
    /// From `CreateEnrolmentToken`; needed only while the state folder holds no identity.
    pub enrolment_token: Option<String>,
    /// The gateway's name for people, 1 to 60 characters; told at enrolment.
    pub gateway_name: String,
    /// Where the gateway stands, told at enrolment; the server's default region when absent.
    pub region: Option<String>,
    /// The VPC that the gateway serves.
    pub vpc: Option<String>,
    /// How long a window is. Default: one minute.
    pub window: WindowLength,
    /// Prefixes of the inside, which decide `direction`. Default: [`window::private_prefixes`].
    pub inside: Vec<Prefix>,
    /// A file that says which VPC, subnet, instance and region an address belongs to; read again when it changes.
    pub inventory_file: Option<PathBuf>,
    /// A MaxMind DB of autonomous systems, for `dst-asn`; read again when it changes.
    pub asn_file: Option<PathBuf>,
    /// The most bytes that spooled batches may take on the disk. Default: [`SPOOL_BYTES_MAX_DEFAULT`].
    pub spool_bytes_max: u64,
    /// Which source captures: `ebpf`, `conntrack`, `conntrack+nflog` or `replay`; told to the server.
    pub source: &'static str,
    /// By which way the kernel counts what leaves: `tcx` or `tracing`; empty where it does not count.
    pub variant: &'static str,
    /// The most flows of one address family that the kernel counts in a window; `None` where it does not count.
    pub flows_max: Option<u32>,
    /// What the source goes without, although it was asked for; told to the server and in numbers.
    pub degraded: Vec<Degradation>,
    /// Where the gateway's own health is looked at; `None` looks nowhere, as for a recording.
    pub health: Option<HealthPlace>,
    /// What audits of the source find; `None` when it is not audited.
    pub audit: Option<AuditNumbers>,
    /// Where the run counts what it does; keep a clone to read it.
    pub metrics: AgentMetrics,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            server: "http://127.0.0.1:8860".to_owned(),
            trust: Trust::default(),
            state_folder: PathBuf::from("/var/lib/natlens/agent"),
            enrolment_token: None,
            gateway_name: "natgw".to_owned(),
            region: None,
            vpc: None,
            window: WindowLength::MINUTE,
            inside: window::private_prefixes(),
            inventory_file: None,
            asn_file: None,
            spool_bytes_max: SPOOL_BYTES_MAX_DEFAULT,
            source: "ebpf",
            variant: "",
            flows_max: None,
            degraded: Vec::new(),
            health: None,
            audit: None,
            metrics: AgentMetrics::default(),
        }
    }
}

impl AgentSettings {
    /// What the run watches with, as its numbers tell it.
    pub(crate) fn begin(&self) {
        self.metrics.begin((self.source, self.variant), self.audit.clone(), &self.degraded);
        self.metrics.counters.spool_bytes_max.set(self.spool_bytes_max);
        self.metrics.counters.window_flows_max.set(self.flows_max.unwrap_or(0).into());
    }
}

impl std::fmt::Debug for AgentSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The enrolment token is a secret.
        f.debug_struct("AgentSettings")
            .field("server", &self.server)
            .field("state_folder", &self.state_folder)
            .field("gateway_name", &self.gateway_name)
            .field("window", &self.window)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
