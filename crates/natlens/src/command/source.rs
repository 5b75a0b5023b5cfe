//! What an agent watches: the kernel's traffic, or a recording of it.
//!
//! Hides: which source is opened, and that only Linux has the kernel's.
//! Knows nothing of: records and servers.

#[cfg(target_os = "linux")]
mod degraded;

use std::path::PathBuf;

use agent::HealthPlace;
use api::Degradation;
use capture::{
    AuditNumbers, GatewayFacts, Progress, Recorder, Replay, Rest, Source, SourceChoice, SourceError, Variant,
};
use flow::{Event, Timestamp};

use crate::config::{AgentConfig, Parsed};
use crate::failure::Failure;

#[cfg(target_os = "linux")]
pub(crate) use capture::{FLOWS_MAX_DEFAULT, PIN_FOLDER_DEFAULT};
/// Nothing is counted here.
#[cfg(not(target_os = "linux"))]
pub(crate) const FLOWS_MAX_DEFAULT: u32 = 0;
/// Nothing is pinned here.
#[cfg(not(target_os = "linux"))]
pub(crate) const PIN_FOLDER_DEFAULT: &str = "";

/// What is watched, and under which name.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Gateway")]
pub(super) struct Watched {
    /// Name of the gateway [default: the host's name]
    #[arg(long, value_name = "NAME")]
    gateway_name: Option<String>,
    /// VPC that the gateway serves
    #[arg(long)]
    vpc: Option<String>,
    /// Network namespace to watch, as `ip netns list` names it [default: that of the agent]
    #[arg(long, value_name = "NAME")]
    network_namespace: Option<String>,
    /// Interface to watch; may be repeated [default: every one that has an address]
    #[arg(long = "interface", value_name = "NAME")]
    interfaces: Vec<String>,
    /// Source of events: auto, ebpf or conntrack [default: auto]
    #[arg(long, value_name = "SOURCE")]
    source: Option<SourceChoice>,
    /// Length of a window: 10, 60, 300 or 600 seconds
    #[arg(long, value_name = "SECONDS")]
    window_seconds: Option<u32>,
    /// Folder for identity and spool
    #[arg(long, value_name = "FOLDER")]
    state_folder: Option<PathBuf>,
    /// Watches a recording, again and again, instead of the kernel
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Records what is watched into a file, for --replay
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
}

/// An open source, and the gateway that it shows.
pub(super) struct Opened {
    pub(super) source: Box<dyn Source + Send>,
    pub(super) facts: GatewayFacts,
    /// `ebpf`, `conntrack`, `conntrack+nflog` or `replay`.
    pub(super) kind: &'static str,
    /// Where the gateway's health is looked at, when there is one.
    pub(super) health: Option<HealthPlace>,
    /// What audits find, when there are any.
    pub(super) audit: Option<AuditNumbers>,
    /// What the source goes without.
    pub(super) degraded: Vec<Degradation>,
}

/// A source of the kernel.
struct Kernel {
    source: Box<dyn Source + Send>,
    kind: &'static str,
    audit: Option<AuditNumbers>,
    degraded: Vec<Degradation>,
}

impl Watched {
    pub(super) fn adjust(&self, config: &mut AgentConfig) {
        let set = |told: &Option<String>, key: &mut Option<String>| {
            if told.is_some() {
                key.clone_from(told);
            }
        };
        set(&self.gateway_name, &mut config.gateway_name);
        set(&self.vpc, &mut config.vpc);
        set(&self.network_namespace, &mut config.network_namespace);
        if !self.interfaces.is_empty() {
            config.interfaces.clone_from(&self.interfaces);
        }
        if let Some(choice) = self.source {
            config.source = Parsed(choice);
        }
        config.window_seconds = self.window_seconds.unwrap_or(config.window_seconds);
        if let Some(folder) = &self.state_folder {
            config.state_folder.clone_from(folder);
        }
    }

    /// Whether a recording is watched instead of the kernel.
    #[cfg(target_os = "linux")]
    pub(super) fn is_recording(&self) -> bool {
        self.replay.is_some()
    }

    /// Opens the source; it counts from `now` on.
    pub(super) fn open(&self, config: &AgentConfig, now: Timestamp) -> Result<Opened, Failure> {
        if let Some(path) = &self.replay {
            let replay = Replay::open(path, now).map_err(SourceError::from)?;
            let facts = replay.gateway().clone();
            let source = Box::new(replay);
            let kind = "replay";
            return Ok(Opened { source, facts, kind, health: None, audit: None, degraded: Vec::new() });
        }
        let facts = facts(config)?;
        let Kernel { source: kernel, kind, audit, degraded } = kernel(config, now)?;
        let source: Box<dyn Source + Send> = match &self.record {
            None => kernel,
            Some(path) => {
                let recorder = Recorder::create(path, &facts, config.window()?).map_err(SourceError::from)?;
                Box::new(Recorded { source: kernel, recorder })
            }
        };
        let health = Some(HealthPlace { network_namespace: config.network_namespace.clone() });
        Ok(Opened { source, facts, kind, health, audit, degraded })
    }
}

#[cfg(target_os = "linux")]
fn kernel(config: &AgentConfig, now: Timestamp) -> Result<Kernel, Failure> {
    let settings = settings(config)?;
    let opened = capture::open(&settings, now).map_err(|error| explained(&settings, error))?;
    let degraded = degraded::degraded(config, &settings, &opened);
    for Degradation { what, says, mend } in &degraded {
        tracing::warn!(what, says, mend, "capture is degraded: `natlens doctor` says more");
    }
    let kind = opened.kind;
    let worth_an_audit =
        kind == capture::SourceKind::Ebpf && config.interfaces.is_empty() && config.audit_every_windows > 0;
    if !worth_an_audit {
        return Ok(Kernel { source: opened.source, kind: kind.as_str(), audit: None, degraded });
    }
    let numbers = AuditNumbers::default();
    let settings = capture::AuditSettings {
        network_namespace: config.network_namespace.clone(),
        window: config.window()?,
        every_windows: config.audit_every_windows,
        numbers: numbers.clone(),
    };
    let source = Box::new(capture::Audited::new(opened.source, settings));
    Ok(Kernel { source, kind: kind.as_str(), audit: Some(numbers), degraded })
}

#[cfg(not(target_os = "linux"))]
fn kernel(_: &AgentConfig, _: Timestamp) -> Result<Kernel, Failure> {
    Err(Failure::Arguments(
        "only Linux counts traffic in its kernel: watch a recording with --replay".to_owned(),
    ))
}

#[cfg(target_os = "linux")]
fn facts(config: &AgentConfig) -> Result<GatewayFacts, Failure> {
    let settings = settings(config)?;
    capture::describe(config.network_namespace.as_deref()).map_err(|error| explained(&settings, error))
}

#[cfg(not(target_os = "linux"))]
fn facts(config: &AgentConfig) -> Result<GatewayFacts, Failure> {
    Ok(capture::describe(config.network_namespace.as_deref())?)
}

/// Names the command that grants what is missing.
#[cfg(target_os = "linux")]
fn explained(settings: &capture::SourceSettings, error: SourceError) -> Failure {
    if matches!(error, SourceError::NotPermitted { .. } | SourceError::MissingCapability { .. }) {
        return Failure::NotPermitted { grant: capture::grant(settings, &this_program()), source: error };
    }
    error.into()
}

/// The file that needs privileges.
#[cfg(target_os = "linux")]
pub(super) fn this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_unknown| PathBuf::from("natlens"))
}

/// What capture is to do.
#[cfg(target_os = "linux")]
pub(super) fn settings(config: &AgentConfig) -> Result<capture::SourceSettings, Failure> {
    Ok(capture::SourceSettings {
        choice: config.source.0,
        network_namespace: config.network_namespace.clone(),
        interfaces: config.interfaces.clone(),
        window: config.window()?,
        flows_max: config.flows_max,
        ebpf_variant: config.ebpf_variant.as_ref().map(|variant| variant.0),
        pin_folder: config.pin.then(|| config.pin_folder.clone()),
        nflog_group: config.nflog_group,
    })
}

/// A source whose events are also written to a file.
struct Recorded {
    source: Box<dyn Source + Send>,
    recorder: Recorder,
}

impl Source for Recorded {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        let known = events.len();
        let progress = self.source.poll(now, events)?;
        self.recorder.write(events.get(known..).unwrap_or_default(), &progress)?;
        Ok(progress)
    }

    /// What no window is complete with is delivered and not recorded.
    fn finish(&mut self, events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        self.source.finish(events)
    }

    fn kept(&mut self) -> Result<(), SourceError> {
        self.source.kept()
    }

    fn variant(&self) -> Option<Variant> {
        self.source.variant()
    }

    fn watching_since(&self) -> Option<Timestamp> {
        self.source.watching_since()
    }
}
