//! `natlens up`: server and agent in one process.
//!
//! Hides: how the agent gets to know its server.
//! Knows nothing of: what either does.

use api::{CreateEnrolmentToken, CreateEnrolmentTokenRequest};

use super::agent::watch;
use super::server::{Place, Served};
use super::source::Watched;
use crate::config::{AgentConfig, Config};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::reach::{KeyFile, admin_key};
use crate::{logging, signals};

/// Run server and agent on this machine
///
/// The console is at the printed address. Nothing is collected until there is a flow log: make one in the console, or
/// with `natlens flow-log create all`.
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    watched: Watched,
}

impl Up {
    pub(crate) fn adjust(&self, config: &mut Config) {
        self.place.adjust(&mut config.server);
        self.watched.adjust(&mut config.agent);
    }

    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        logging::start(&config.log)?;
        let stop = signals::stop()?;
        let served = Served::start(&config.server, outside.clock())?;
        served.announce(outside)?;
        let watching =
            enrolled(config, &served).and_then(|agent| watch(&self.watched, &agent, outside, &stop));
        // The last records were sent when the agent ended, so the server ends after it.
        served.stop().and(watching)
    }
}

/// The agent's configuration, with the server's address and a token that works once.
fn enrolled(config: &Config, served: &Served) -> Result<AgentConfig, Failure> {
    let server = served.local_url().to_owned();
    let client = KeyFile::read(admin_key(config))?.client(&server).trusting(&config.agent.trust()?);
    let request = CreateEnrolmentTokenRequest { valid_hours: Some(1) };
    let token = client.call::<CreateEnrolmentToken>(&request)?.token;
    Ok(AgentConfig { server, enrolment_token: Some(token), ..config.agent.clone() })
}
