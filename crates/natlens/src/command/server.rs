//! `natlens server`: stores and answers.
//!
//! Hides: the runtime that the server needs.
//! Knows nothing of: requests.

use std::net::SocketAddr;
use std::path::PathBuf;

use flow::Clock;
use server::Running;
use tokio::runtime::{Builder, Runtime};

use crate::config::{Config, ServerConfig};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::{logging, signals};

/// Run a server
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    #[command(flatten)]
    place: Place,
}

/// Where a server listens and keeps what it stores.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Place {
    /// Where to listen, for example `0.0.0.0:8860`; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder that holds everything the server keeps
    #[arg(long, value_name = "FOLDER")]
    data_folder: Option<PathBuf>,
    /// How browsers and agents reach it when a proxy stands in front
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// A server that answers.
pub(super) struct Served {
    runtime: Runtime,
    running: Running,
}

impl Server {
    pub(crate) fn adjust(&self, config: &mut ServerConfig) {
        self.place.adjust(config);
    }

    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        logging::start(&config.log)?;
        let stop = signals::stop()?;
        let served = Served::start(&config.server, outside.clock())?;
        served.announce(outside)?;
        signals::wait(&stop);
        served.stop()
    }
}

impl Place {
    pub(super) fn adjust(&self, config: &mut ServerConfig) {
        config.listen = self.listen.unwrap_or(config.listen);
        if let Some(folder) = &self.data_folder {
            config.data_folder.clone_from(folder);
        }
        if self.public_url.is_some() {
            config.public_url.clone_from(&self.public_url);
        }
    }
}

impl Served {
    pub(super) fn start(config: &ServerConfig, clock: Clock) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Failure::Start { what: "the server's threads", source })?;
        let running = runtime.block_on(server::start(config.settings()?, clock))?;
        Ok(Self { runtime, running })
    }

    /// How this machine reaches it.
    pub(super) fn local_url(&self) -> &str {
        &self.running.local_url
    }

    /// Says where it listens, and how to sign in for the first time.
    pub(super) fn announce(&self, outside: &mut Outside) -> Result<(), Failure> {
        outside.say(format_args!("listening on {}", self.running.url))?;
        if let Some(link) = &self.running.sign_in_link {
            outside.say(format_args!("sign in at {link}"))?;
        }
        Ok(())
    }

    pub(super) fn stop(self) -> Result<(), Failure> {
        Ok(self.runtime.block_on(self.running.stop())?)
    }
}
