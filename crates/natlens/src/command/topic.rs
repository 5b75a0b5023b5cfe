//! `natlens topic`: named tables of records.
//!
//! Hides: how "for ever" is published, and that records are deleted only with --yes.
//! Knows nothing of: what records say.

mod usage;

use api::{Client, Topic as Row};
use api::{CreateTopic, CreateTopicRequest};
use api::{DeleteTopic, DeleteTopicRequest};
use api::{ModifyTopic, ModifyTopicRequest};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::reach::Reach;

/// The published retention that means for ever. Unit: days.
const FOR_EVER: u32 = 3640;

/// Create, list, change and delete topics, and show what one takes
#[derive(Debug, clap::Args)]
pub(crate) struct Topic {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Create; prints the id of the new topic
    Create {
        /// Name, unique in its logset
        name: String,
        /// Logset that it belongs to, by id or name; may be left out when there is one
        #[arg(long)]
        logset: Option<String>,
        /// How long records are kept: 1 to 3600 days, or 3640 for ever
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        retention_days: u32,
        /// The most that its segments may take, from 1000000 on; beyond it the oldest go; 0 for no bound
        #[arg(long, value_name = "BYTES", default_value_t = 0)]
        max_bytes: u64,
    },
    /// List all topics
    List,
    /// Change name, retention, bound or description
    Modify(Modify),
    /// Show bytes written, indexed, stored and queried, and requests, hour by hour
    Usage(usage::Usage),
    /// Delete the topic and all its records
    Delete {
        /// Id or name of the topic
        topic: String,
        /// Really deletes the records
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Modify {
    /// Id or name of the topic
    topic: String,
    /// New name
    #[arg(long)]
    name: Option<String>,
    /// How long records are kept: 1 to 3600 days, or 3640 for ever
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<u32>,
    /// The most that its segments may take, from 1000000 on; beyond it the oldest go; 0 for no bound
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,
    /// New description
    #[arg(long)]
    description: Option<String>,
}

const COLUMNS: &[Column<Row>] = &[
    ("id", |row| row.topic_id.clone()),
    ("name", |row| row.topic_name.clone()),
    ("logset", |row| row.logset_id.clone()),
    (
        "retention",
        |row| if row.period == FOR_EVER { "for ever".to_owned() } else { format!("{} d", row.period) },
    ),
    ("most", |row| if row.max_bytes == 0 { "any".to_owned() } else { format!("{} B", row.max_bytes) }),
    ("index", |row| if row.index { "yes".to_owned() } else { "no".to_owned() }),
];

impl Topic {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::Create { name, logset, retention_days, max_bytes } => {
                let logset = find::named_or_only(find::logsets(&client)?, logset.as_deref(), "--logset")?;
                let request = CreateTopicRequest {
                    logset_id: logset.logset_id,
                    topic_name: name,
                    period: Some(retention_days),
                    max_bytes: Some(max_bytes),
                    ..CreateTopicRequest::default()
                };
                outside.say(client.call::<CreateTopic>(&request)?.topic_id)?;
                outside.hint("it can be searched once it has an index: `natlens index create`");
                Ok(())
            }
            Deed::List => {
                let rows = find::topics(&client)?;
                Answer::list(&rows, COLUMNS)?.write(self.reach.output, outside.results())
            }
            Deed::Modify(modify) => modify.run(&client),
            Deed::Usage(usage) => usage.run(&client, &self.reach, outside),
            Deed::Delete { topic, yes } => {
                let topic = find::named(find::topics(&client)?, &topic)?;
                if !yes {
                    let name = topic.topic_name;
                    let message =
                        format!("deleting topic `{name}` deletes all its records: say --yes to do it");
                    return Err(Failure::Arguments(message));
                }
                Ok(client.call::<DeleteTopic>(&DeleteTopicRequest { topic_id: topic.topic_id }).map(drop)?)
            }
        }
    }
}

impl Modify {
    fn run(self, client: &Client) -> Result<(), Failure> {
        let request = ModifyTopicRequest {
            topic_id: find::named(find::topics(client)?, &self.topic)?.topic_id,
            topic_name: self.name,
            tags: None,
            period: self.retention_days,
            max_bytes: self.max_bytes,
            describes: self.description,
        };
        Ok(client.call::<ModifyTopic>(&request).map(drop)?)
    }
}
