//! `natlens agent`: watches a gateway and sends its records.
//!
//! Hides: that capture begins anew after the clock was set.
//! Knows nothing of: spools and windows.

#[cfg(target_os = "linux")]
mod privileges;
mod status;

use std::path::PathBuf;

use agent::{AgentError, Stop};
use capture::SourceError;

use super::source::Watched;
use crate::config::{AgentConfig, Config};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::{logging, signals};

/// Watch the gateway on this host
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Agent {
    #[command(subcommand)]
    deed: Option<Deed>,
    /// Address of the server
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File with the authority of the server's certificate, if it is none that browsers know
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// From `natlens enrolment-token create`; needed once
    #[arg(long, value_name = "TOKEN")]
    enrolment_token: Option<String>,
    /// User that the agent runs as when root starts it [default: `natlens`, if there is such a user]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Ends what counts in the kernel while no agent runs, and does nothing else
    #[arg(long)]
    unpin: bool,
    #[command(flatten)]
    watched: Watched,
}

/// What can be done beside watching.
#[derive(Debug, clap::Subcommand)]
enum Deed {
    Status(status::Status),
}

impl Agent {
    pub(crate) fn adjust(&self, config: &mut AgentConfig) {
        if let Some(Deed::Status(status)) = &self.deed {
            return status.adjust(config);
        }
        if let Some(server) = &self.server {
            config.server.clone_from(server);
        }
        if self.ca_file.is_some() {
            config.ca_file.clone_from(&self.ca_file);
        }
        if self.user.is_some() {
            config.user.clone_from(&self.user);
        }
        if self.enrolment_token.is_some() {
            config.enrolment_token.clone_from(&self.enrolment_token);
        }
        self.watched.adjust(config);
    }

    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        if let Some(Deed::Status(status)) = &self.deed {
            return status.run(&config.agent, outside);
        }
        logging::start(&config.log)?;
        if self.unpin {
            return unpin(&config.agent, outside);
        }
        self.run_reduced(&config.agent, outside)
    }

    #[cfg(target_os = "linux")]
    fn run_reduced(&self, config: &AgentConfig, outside: &mut Outside) -> Result<(), Failure> {
        let watching = if self.watched.is_recording() {
            privileges::Watching::Recording
        } else {
            privileges::Watching::Kernel
        };
        let reduced = privileges::reduce(config, watching)?;
        watch(&self.watched, &reduced.config, outside, &signals::stop()?)
    }

    #[cfg(not(target_os = "linux"))]
    fn run_reduced(&self, config: &AgentConfig, outside: &mut Outside) -> Result<(), Failure> {
        watch(&self.watched, config, outside, &signals::stop()?)
    }
}

#[cfg(target_os = "linux")]
fn unpin(config: &AgentConfig, outside: &mut Outside) -> Result<(), Failure> {
    let ended = capture::unpin(config.network_namespace.as_deref(), &config.pin_folder)?;
    Ok(outside.say(if ended { "nothing is counted any more" } else { "nothing was pinned" })?)
}

#[cfg(not(target_os = "linux"))]
fn unpin(_: &AgentConfig, outside: &mut Outside) -> Result<(), Failure> {
    Ok(outside.say("nothing was pinned")?)
}

/// Watches until `stop`.
pub(super) fn watch(
    watched: &Watched,
    config: &AgentConfig,
    outside: &mut Outside,
    stop: &Stop,
) -> Result<(), Failure> {
    // They outlive a run that begins anew, and are told from before the first.
    let metrics = agent::AgentMetrics::default();
    let listen = config.listen();
    let _listening =
        listen.map(|listen| agent::listen(listen, metrics.clone(), outside.clock())).transpose()?;
    loop {
        let opened = watched.open(config, outside.now())?;
        let settings = agent::AgentSettings {
            source: opened.kind,
            variant: opened.source.variant().map_or("", capture::Variant::as_str),
            flows_max: opened.source.variant().map(|_kernel_counts| config.flows_max),
            degraded: opened.degraded,
            metrics: metrics.clone(),
            health: opened.health,
            audit: opened.audit,
            ..config.settings(&opened.facts.hostname)?
        };
        outside.say(format_args!("watching {} ({})", settings.gateway_name, opened.kind))?;
        let ended = agent::run(settings, opened.source, opened.facts, outside.clock(), stop.clone());
        let numbers = metrics.read();
        tracing::info!(
            sent_batches = numbers.sent_batches_total,
            spooled_batches = numbers.spooled_batches,
            lost_packets = numbers.lost_packets_total,
            "the agent ended"
        );
        match ended {
            // What the kernel counted under the old time cannot be placed; the windows in between become SKIPDATA.
            Err(AgentError::Source(source @ SourceError::ClockSet { .. })) => {
                tracing::warn!(%source, "capture begins anew");
            }
            ended => return Ok(ended?),
        }
    }
}
