//! The commands: each group has its file.
//!
//! Hides: nothing; it is their list.
//! Knows nothing of: configuration files, exit codes.

mod access_key;
mod agent;
mod backup;
mod complete;
mod configuration;
mod doctor;
mod enrolment_token;
mod erasure;
mod find;
mod flow_log;
mod gateway;
mod import;
mod index;
mod ledger;
mod logset;
mod queries;
mod restore;
mod search;
mod server;
mod sign_in_link;
mod source;
mod tail;
mod topic;
mod up;
mod user;
mod verify;
mod whois;

use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;

pub(crate) use source::{FLOWS_MAX_DEFAULT, PIN_FOLDER_DEFAULT};

/// Everything that the program can be told to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Up(up::Up),
    Server(server::Server),
    Agent(agent::Agent),
    Doctor(doctor::Doctor),
    Search(search::Search),
    Complete(complete::Complete),
    Ledger(ledger::Ledger),
    Tail(tail::Tail),
    Whois(whois::Whois),
    Queries(queries::Queries),
    Import(import::Import),
    Verify(verify::Verify),
    Backup(backup::Backup),
    Restore(restore::Restore),
    FlowLog(flow_log::FlowLog),
    Gateway(gateway::Gateway),
    Logset(logset::Logset),
    Topic(topic::Topic),
    Index(index::Index),
    Erasure(erasure::Erasure),
    User(user::User),
    AccessKey(access_key::AccessKey),
    EnrolmentToken(enrolment_token::EnrolmentToken),
    SignInLink(sign_in_link::SignInLink),
    Config(configuration::Configuration),
}

impl Command {
    /// Writes into `config` what the arguments say otherwise.
    pub(crate) fn adjust(&self, config: &mut Config) {
        match self {
            Self::Up(up) => up.adjust(config),
            Self::Server(server) => server.adjust(&mut config.server),
            Self::Agent(agent) => agent.adjust(&mut config.agent),
            Self::Doctor(doctor) => doctor.adjust(&mut config.agent),
            Self::Import(import) => import.adjust(&mut config.agent),
            Self::Search(_)
            | Self::Complete(_)
            | Self::Ledger(_)
            | Self::Tail(_)
            | Self::Whois(_)
            | Self::Queries(_)
            | Self::Verify(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::FlowLog(_)
            | Self::Gateway(_)
            | Self::Logset(_)
            | Self::Topic(_)
            | Self::Index(_)
            | Self::Erasure(_)
            | Self::User(_)
            | Self::AccessKey(_)
            | Self::EnrolmentToken(_)
            | Self::SignInLink(_)
            | Self::Config(_) => {}
        }
    }

    /// Does it.
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        match self {
            Self::Up(up) => up.run(config, outside),
            Self::Server(server) => server.run(config, outside),
            Self::Agent(agent) => agent.run(config, outside),
            Self::Doctor(doctor) => doctor.run(config, outside),
            Self::Search(search) => search.run(config, outside),
            Self::Complete(complete) => complete.run(config, outside),
            Self::Ledger(ledger) => ledger.run(config, outside),
            Self::Tail(tail) => tail.run(config, outside),
            Self::Whois(whois) => whois.run(config, outside),
            Self::Queries(queries) => queries.run(config, outside),
            Self::Import(import) => import.run(config, outside),
            Self::Verify(verify) => verify.run(config, outside),
            Self::Backup(backup) => backup.run(config, outside),
            Self::Restore(restore) => restore.run(config, outside),
            Self::FlowLog(flow_log) => flow_log.run(config, outside),
            Self::Gateway(gateway) => gateway.run(config, outside),
            Self::Logset(logset) => logset.run(config, outside),
            Self::Topic(topic) => topic.run(config, outside),
            Self::Index(index) => index.run(config, outside),
            Self::Erasure(erasure) => erasure.run(config, outside),
            Self::User(user) => user.run(config, outside),
            Self::AccessKey(access_key) => access_key.run(config, outside),
            Self::EnrolmentToken(token) => token.run(config, outside),
            Self::SignInLink(link) => link.run(config, outside),
            Self::Config(configuration) => configuration.run(config, outside),
        }
    }
}
