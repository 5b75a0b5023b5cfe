//! `natlens flow-log`: standing orders to collect records.
//!
//! Hides: what each scope needs to be told.
//! Knows nothing of: how an order is carried out.

use api::{Client, FlowLog as Row};
use api::{CreateFlowLog, CreateFlowLogRequest};
use api::{DeleteFlowLog, DeleteFlowLogRequest};
use api::{DisableFlowLogs, DisableFlowLogsRequest, EnableFlowLogs, EnableFlowLogsRequest};
use api::{ModifyFlowLogAttribute, ModifyFlowLogAttributeRequest};
use flow::{CollectionScope, CollectionType, UnknownWord};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::reach::Reach;

/// Create, list, change, pause, resume and delete flow logs
#[derive(Debug, clap::Args)]
pub(crate) struct FlowLog {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Begin to collect; prints the id of the new flow log
    Create(Create),
    /// List all flow logs
    List,
    /// Change name or description
    Modify(Modify),
    /// Stop collecting until it is resumed
    Pause(Chosen),
    /// Collect again
    Resume(Chosen),
    /// Delete; the records stay in their topic
    Delete(Chosen),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Name, at most 60 characters
    name: String,
    /// Gateway to watch, by id or name; may be left out when there is one
    #[arg(long, conflicts_with = "resource")]
    gateway: Option<String>,
    /// What to watch: NAT (all of the gateway), NETWORKINTERFACE, VPC, SUBNET or CCN
    #[arg(long, default_value = "NAT", value_parser = scope)]
    scope: CollectionScope,
    /// The interface, VPC, subnet or CCN to watch, for scopes other than NAT
    #[arg(long)]
    resource: Option<String>,
    /// What to collect: ACCEPT, REJECT or ALL
    #[arg(long = "type", default_value = "ALL", value_parser = kind)]
    kind: CollectionType,
    /// Topic that takes the records, by id or name; without it the server makes logset, topic and index
    #[arg(long)]
    topic: Option<String>,
    /// Description, at most 512 characters
    #[arg(long)]
    description: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Modify {
    /// Id or name of the flow log
    flow_log: String,
    /// New name, at most 60 characters
    #[arg(long)]
    name: Option<String>,
    /// New description, at most 512 characters
    #[arg(long)]
    description: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Ids or names
    #[arg(required = true)]
    flow_logs: Vec<String>,
}

const COLUMNS: &[Column<Row>] = &[
    ("id", |row| row.flow_log_id.clone()),
    ("name", |row| row.flow_log_name.clone()),
    ("scope", |row| row.resource_type.clone()),
    ("resource", |row| row.resource_id.clone()),
    ("type", |row| row.traffic_type.clone()),
    ("topic", |row| row.cloud_log_id.clone()),
    ("state", |row| if row.enable { "collecting".to_owned() } else { "paused".to_owned() }),
];

impl FlowLog {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::Create(create) => create.run(&client, outside),
            Deed::List => {
                let rows = find::flow_logs(&client)?;
                Answer::list(&rows, COLUMNS)?.write(self.reach.output, outside.results())
            }
            Deed::Modify(modify) => modify.run(&client),
            Deed::Pause(chosen) => {
                let request = DisableFlowLogsRequest { flow_log_ids: chosen.ids(&client)? };
                Ok(client.call::<DisableFlowLogs>(&request).map(drop)?)
            }
            Deed::Resume(chosen) => {
                let request = EnableFlowLogsRequest { flow_log_ids: chosen.ids(&client)? };
                Ok(client.call::<EnableFlowLogs>(&request).map(drop)?)
            }
            Deed::Delete(chosen) => {
                for flow_log_id in chosen.ids(&client)? {
                    client.call::<DeleteFlowLog>(&DeleteFlowLogRequest { flow_log_id, vpc_id: None })?;
                }
                Ok(())
            }
        }
    }
}

impl Create {
    fn run(self, client: &Client, outside: &mut Outside) -> Result<(), Failure> {
        let resource_id = match (self.scope, self.resource) {
            (CollectionScope::Nat, None) => {
                let gateways = find::gateways(client)?;
                find::named_or_only(gateways, self.gateway.as_deref(), "--gateway")?.nat_gateway_id
            }
            (_, Some(resource)) => resource,
            (scope, None) => {
                let message = format!(
                    "a flow log of scope {scope} needs --resource, the id or name of what it watches"
                );
                return Err(Failure::Arguments(message));
            }
        };
        let topic = self.topic.map(|text| find::named(find::topics(client)?, &text)).transpose()?;
        let request = CreateFlowLogRequest {
            flow_log_name: self.name,
            resource_type: self.scope.to_string(),
            resource_id,
            traffic_type: self.kind.to_string(),
            flow_log_description: self.description,
            cloud_log_id: topic.map(|topic| topic.topic_id),
            ..CreateFlowLogRequest::default()
        };
        for created in client.call::<CreateFlowLog>(&request)?.flow_log {
            outside.say(&created.flow_log_id)?;
            outside.hint(format_args!("its records go to topic {}", created.cloud_log_id));
        }
        Ok(())
    }
}

impl Modify {
    fn run(self, client: &Client) -> Result<(), Failure> {
        let request = ModifyFlowLogAttributeRequest {
            flow_log_id: find::named(find::flow_logs(client)?, &self.flow_log)?.flow_log_id,
            flow_log_name: self.name,
            flow_log_description: self.description,
            ..ModifyFlowLogAttributeRequest::default()
        };
        Ok(client.call::<ModifyFlowLogAttribute>(&request).map(drop)?)
    }
}

impl Chosen {
    fn ids(&self, client: &Client) -> Result<Vec<String>, Failure> {
        let all = find::flow_logs(client)?;
        let id = |text: &String| find::named(all.clone(), text).map(|found| found.flow_log_id);
        self.flow_logs.iter().map(id).collect()
    }
}

/// The word in any case.
fn scope(word: &str) -> Result<CollectionScope, UnknownWord> {
    word.to_uppercase().parse()
}

fn kind(word: &str) -> Result<CollectionType, UnknownWord> {
    word.to_uppercase().parse()
}
