//! The configuration: one struct for each part of the program, their defaults, and their documentation.
//!
//! Hides: the file format, where the file is looked for, how the parts become the settings of server and agent.
//! Knows nothing of: arguments; a command writes what it was told into the struct.

mod parsed;
mod part;
mod reference;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use api::Trust;
use capture::{SourceChoice, Variant};
use flow::{AccountId, InvalidWindowLength, Prefix, RegionId, WindowLength};
use serde::{Deserialize, Serialize};

use crate::command::{FLOWS_MAX_DEFAULT, PIN_FOLDER_DEFAULT};
use crate::logging;
pub(crate) use parsed::Parsed;
use part::part;

pub(crate) use reference::config_reference;

/// Where a configuration is looked for when no argument names one; the first that exists is read.
const PLACES: &[&str] = &["natlens.toml", "/etc/natlens/natlens.toml"];

/// The whole configuration. Every key has a default; an unknown key is an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) agent: AgentConfig,
    pub(crate) client: ClientConfig,
    pub(crate) log: LogConfig,
}

part! {
    /// What `natlens server` and `natlens up` do.
    ServerConfig["server"] {
        /// Where the server listens. Port 0 lets the system choose one.
        listen: SocketAddr = server::ServerSettings::default().listen,
        /// The folder that holds everything the server keeps: catalog, segments, the key of the local administrator.
        data_folder: PathBuf = server::ServerSettings::default().data_folder,
        /// The account that owns what is created. 1 to 20 digits.
        account: Parsed<AccountId> = Parsed(server::ServerSettings::default().account),
        /// The region of a request that names none.
        region: Parsed<RegionId> = Parsed(server::ServerSettings::default().region),
        /// How browsers and agents reach the server when a proxy stands in front of it, for example
        /// `https://natlens.example`. Without it, links name the address that the server listens on.
        public_url: Option<String> = server::ServerSettings::default().public_url,
        /// What a space between two conditions of a search means: `and` or `or`. Sources of the published language
        /// disagree; written operators are understood everywhere.
        cql_space: Parsed<server::CqlSpace> = Parsed(server::ServerSettings::default().cql_space),
        /// The most rows that SQL returns. Rows are kept in memory until all of them are sent.
        sql_rows_max: u64 = server::ServerSettings::default().sql_rows_max,
        /// The time zone in which the days, weeks and months of SQL's `histogram` and `time_series` begin, in seconds
        /// east of UTC. The default is UTC+8, as published; every other function works in UTC.
        histogram_utc_offset_seconds: i64 = server::ServerSettings::default().histogram_utc_offset_seconds,
        /// How long a query may wait for its turn, and how long it may run then. Unit: seconds.
        query_seconds_max: u64 = server::ServerSettings::default().query_seconds_max,
        /// A query that takes as long or longer stands in the log, with its statement, who asked, and how much was read.
        /// Unit: milliseconds.
        slow_query_ms: u64 = server::ServerSettings::default().slow_query_ms,
        /// Prefixes of proxies that are believed when they say where a request comes from (`X-Forwarded-For`). Who has to
        /// wait after wrong passwords is decided by that.
        trusted_proxies: Vec<Parsed<Prefix>> = Vec::new(),
        /// What `/metrics` asks for, as `Authorization: Bearer TOKEN`. Without it, a server that listens beyond loopback
        /// tells its numbers to this machine alone.
        metrics_token: Option<String> = None,
        /// The server's certificate in PEM, followed by those that lead to its authority. With it the server speaks
        /// HTTPS. It is read again when it has changed.
        tls_certificate: Option<PathBuf> = None,
        /// The private key of `tls_certificate`, in PEM.
        tls_key: Option<PathBuf> = None,
    }
}

part! {
    /// What `natlens agent` and `natlens up` do on a gateway host.
    AgentConfig["agent"] {
        /// The address of the server. `natlens up` uses its own.
        server: String = agent::AgentSettings::default().server,
        /// A file with the authority of the server's certificate, in PEM; no other is trusted then. Without it, those
        /// that browsers know are.
        ca_file: Option<PathBuf> = None,
        /// The folder that keeps identity, flow logs and records that the server has not acknowledged.
        state_folder: PathBuf = PathBuf::from("natlens-agent"),
        /// The user that `natlens agent` runs as when root starts it; `root` stays root. Without it, `natlens` if there is
        /// such a user. Whoever it is keeps only the capabilities that capture needs.
        user: Option<String> = None,
        /// From `natlens enrolment-token create`; needed only until the agent is enrolled. `natlens up` makes its own.
        enrolment_token: Option<String> = None,
        /// The gateway's name for people, 1 to 60 characters. Without it, the host's name.
        gateway_name: Option<String> = None,
        /// The region that the gateway stands in. Without it, the server's default region.
        region: Option<Parsed<RegionId>> = None,
        /// The VPC that the gateway serves.
        vpc: Option<String> = None,
        /// The network namespace to watch, as `ip netns list` names it. Without it, that of the agent.
        network_namespace: Option<String> = None,
        /// The interfaces to watch. Without any, every one that has an address.
        interfaces: Vec<String> = Vec::new(),
        /// Prefixes of the inside; they decide the direction of a conversation.
        inside: Vec<Parsed<Prefix>> = agent::AgentSettings::default().inside.into_iter().map(Parsed).collect(),
        /// A file that says which region, VPC, subnet and instance an address belongs to, and what a CCN joins; see the
        /// [guide](../guide/inventory.md). It is read again when it has changed.
        inventory_file: Option<PathBuf> = None,
        /// A MaxMind DB of autonomous systems, such as `GeoLite2-ASN.mmdb`, for `dst-asn`. It is read again when it has
        /// changed.
        asn_file: Option<PathBuf> = None,
        /// Where events come from: `ebpf`, `conntrack`, or `auto` for the best that works; see `natlens doctor`.
        source: Parsed<SourceChoice> = Parsed(SourceChoice::default()),
        /// The log group of refusing rules, as in `log group 5`: without eBPF, refusals are known only from there.
        nflog_group: Option<u16> = None,
        /// How long a window is: 10, 60, 300 or 600. Unit: seconds.
        window_seconds: u32 = WindowLength::MINUTE.seconds(),
        /// The most flows of one address family that are counted in one window.
        flows_max: u32 = FLOWS_MAX_DEFAULT,
        /// Whether the kernel goes on counting while the agent is down. `natlens agent --unpin` ends that.
        pin: bool = true,
        /// The folder of the bpf file system that keeps what counts. Without such a file system, nothing is counted while
        /// the agent is down.
        pin_folder: PathBuf = PathBuf::from(PIN_FOLDER_DEFAULT),
        /// How the kernel counts what leaves: `tcx`, or `tracing`, which older kernels have, too. Without it, the first
        /// that works.
        ebpf_variant: Option<Parsed<Variant>> = None,
        /// How many windows lie between two audits, which look whether what connection tracking saw end is in records; 0 is
        /// none. Only eBPF on all interfaces is audited.
        audit_every_windows: u32 = 10,
        /// The most that records waiting for the server may take on the disk. Unit: bytes.
        spool_bytes_max: u64 = agent::AgentSettings::default().spool_bytes_max,
        /// Where the agent tells its numbers over HTTP: `/metrics`, `/healthz` and `/readyz`, see
        /// [its numbers](agent-metrics.md). Without it, nowhere.
        metrics_listen: Option<SocketAddr> = None,
        /// What `/metrics` of the agent asks for, as `Authorization: Bearer TOKEN`. Without it, an agent that listens
        /// beyond loopback tells its numbers to its own machine alone.
        metrics_token: Option<String> = None,
    }
}

part! {
    /// How the other commands reach a server.
    ClientConfig["client"] {
        /// The address of the server. Without it, the one in the key file.
        server: Option<String> = None,
        /// A file with an access key: TOML with `server`, `secret_id` and `secret_key`. Without it, the key of the local
        /// administrator, `admin-key.toml` in the data folder of `[server]`.
        key_file: Option<PathBuf> = None,
        /// A file with the authority of the server's certificate, in PEM; no other is trusted then. Without it, those
        /// that browsers know are.
        ca_file: Option<PathBuf> = None,
        /// The region to ask for. Without it, the server's default region.
        region: Option<String> = None,
    }
}

part! {
    /// What the program says about itself, on its standard error.
    LogConfig["log"] {
        /// `text` for people, `json` for machines.
        format: LogFormat = LogFormat::Text,
        /// The least important that is said: `error`, `warn`, `info`, `debug` or `trace`; or rules for each room, such
        /// as `info,agent=debug`.
        level: String = "info".to_owned(),
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read the configuration `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the configuration `{}` is wrong", path.display())]
    Wrong { path: PathBuf, source: Box<toml::de::Error> },
    #[error("the configuration cannot be printed")]
    Print(#[from] toml::ser::Error),
    #[error("setting `log.level`")]
    Level(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("setting `agent.window_seconds`")]
    Window(#[source] InvalidWindowLength),
    #[error("`server.tls_certificate` and `server.tls_key` belong together: set both or none")]
    HalfTls,
    #[error(transparent)]
    Tls(server::TlsError),
    #[error("cannot read `{}` (setting `{setting}`)", path.display())]
    Authority { setting: &'static str, path: PathBuf, source: std::io::Error },
    #[error("`{}` cannot be used (setting `{setting}`)", path.display())]
    NoAuthority { setting: &'static str, path: PathBuf, source: api::NoCertificate },
    #[error("setting `agent.inventory_file`")]
    Inventory(#[source] agent::InventoryFileError),
    #[error("setting `agent.asn_file`")]
    Asn(#[source] agent::AsnFileError),
}

impl Config {
    /// The configuration in `file`, or in the first place that has one, or the default.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let found = file.or_else(|| PLACES.iter().map(Path::new).find(|place| place.exists()));
        let Some(path) = found else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Wrong { path: path.to_owned(), source: Box::new(source) })
    }

    /// All of it as a file that could be read again. Tokens are secrets and left out.
    pub(crate) fn printed(&self) -> Result<String, ConfigError> {
        let mut shown = self.clone();
        shown.agent.enrolment_token = None;
        shown.agent.metrics_token = None;
        shown.server.metrics_token = None;
        Ok(toml::to_string(&shown)?)
    }

    /// What only the parts together can tell.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.agent.window()?;
        self.server.tls()?;
        logging::check(&self.log.level)
    }

    /// What the files that the configuration names say; only `--check` reads them for nothing else.
    pub(crate) fn check_files(&self) -> Result<(), ConfigError> {
        if let Some(files) = self.server.tls()? {
            server::check_tls(&files).map_err(ConfigError::Tls)?;
        }
        self.agent.trust()?;
        trust("client.ca_file", self.client.ca_file.as_deref())?;
        if let Some(path) = &self.agent.inventory_file {
            agent::check_inventory(path).map_err(ConfigError::Inventory)?;
        }
        if let Some(path) = &self.agent.asn_file {
            agent::check_asn_file(path).map_err(ConfigError::Asn)?;
        }
        Ok(())
    }
}

impl ServerConfig {
    /// The settings of a server.
    pub(crate) fn settings(&self) -> Result<server::ServerSettings, ConfigError> {
        Ok(server::ServerSettings {
            listen: self.listen,
            data_folder: self.data_folder.clone(),
            account: self.account.0.clone(),
            region: self.region.0.clone(),
            public_url: self.public_url.clone(),
            cql_space: self.cql_space.0,
            sql_rows_max: self.sql_rows_max,
            histogram_utc_offset_seconds: self.histogram_utc_offset_seconds,
            query_seconds_max: self.query_seconds_max,
            slow_query_ms: self.slow_query_ms,
            trusted_proxies: self.trusted_proxies.iter().map(|prefix| prefix.0).collect(),
            metrics_token: self.metrics_token.clone(),
            tls: self.tls()?,
        })
    }

    fn tls(&self) -> Result<Option<server::TlsFiles>, ConfigError> {
        match (self.tls_certificate.clone(), self.tls_key.clone()) {
            (Some(certificate), Some(key)) => Ok(Some(server::TlsFiles { certificate, key })),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(ConfigError::HalfTls),
        }
    }
}

impl AgentConfig {
    /// How long a window is.
    pub(crate) fn window(&self) -> Result<WindowLength, ConfigError> {
        WindowLength::try_from(self.window_seconds).map_err(ConfigError::Window)
    }

    /// Whose certificates prove that it is the server.
    pub(crate) fn trust(&self) -> Result<Trust, ConfigError> {
        trust("agent.ca_file", self.ca_file.as_deref())
    }

    /// Where numbers are told, if anywhere.
    pub(crate) fn listen(&self) -> Option<agent::ListenSettings> {
        let token = self.metrics_token.clone();
        self.metrics_listen.map(|listen| agent::ListenSettings { listen, token })
    }

    /// The settings of an agent on a host of that name.
    pub(crate) fn settings(&self, hostname: &str) -> Result<agent::AgentSettings, ConfigError> {
        Ok(agent::AgentSettings {
            server: self.server.clone(),
            trust: self.trust()?,
            state_folder: self.state_folder.clone(),
            enrolment_token: self.enrolment_token.clone(),
            gateway_name: self.gateway_name.clone().unwrap_or_else(|| hostname.to_owned()),
            region: self.region.as_ref().map(|region| region.0.to_string()),
            vpc: self.vpc.clone(),
            window: self.window()?,
            inside: self.inside.iter().map(|prefix| prefix.0).collect(),
            inventory_file: self.inventory_file.clone(),
            asn_file: self.asn_file.clone(),
            spool_bytes_max: self.spool_bytes_max,
            ..agent::AgentSettings::default()
        })
    }
}

/// The authorities in the file that `setting` names, or else those that browsers know.
pub(crate) fn trust(setting: &'static str, file: Option<&Path>) -> Result<Trust, ConfigError> {
    let Some(path) = file else { return Ok(Trust::default()) };
    let named = || path.to_owned();
    let pem =
        std::fs::read(path).map_err(|source| ConfigError::Authority { setting, path: named(), source })?;
    Trust::only(&pem).map_err(|source| ConfigError::NoAuthority { setting, path: named(), source })
}

#[cfg(test)]
mod tests;
