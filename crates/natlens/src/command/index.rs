//! `natlens index`: which fields of a topic can be searched and counted.
//!
//! Hides: the rule that suits flow records.
//! Knows nothing of: how an index is kept.

use std::path::{Path, PathBuf};

use api::{Client, FullTextRule, IndexRule, KeyRule, KeyValueRule, ValueRule};
use api::{CreateIndex, CreateIndexRequest, ModifyIndex, ModifyIndexRequest};
use api::{DeleteIndex, DeleteIndexRequest, DescribeIndex, DescribeIndexRequest};
use flow::{FIELDS, FieldKind};

use super::find;
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::reach::Reach;

/// The published delimiters of full text.
const DELIMITERS: &str = "@&?|#()='\",;:<>[]{}/ \n\t\r\\";

/// Create, show, replace and delete the index of a topic
#[derive(Debug, clap::Args)]
pub(crate) struct Index {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Create an index of every field, or the one that a file describes
    Create(Ruled),
    /// Print the rule as JSON
    Show(Chosen),
    /// Replace the rule; it holds for all records of the topic
    Modify(Ruled),
    /// Delete; nothing can be searched in the topic then
    Delete(Chosen),
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Id or name of the topic; may be left out when there is one
    topic: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Ruled {
    #[command(flatten)]
    chosen: Chosen,
    /// File with the rule as JSON, as `natlens index show` prints it
    #[arg(long, value_name = "FILE")]
    rule: Option<PathBuf>,
}

impl Index {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::Create(Ruled { chosen, rule }) => {
                let (topic_id, rule) = (chosen.id(&client)?, read(rule.as_deref())?);
                let request = CreateIndexRequest { topic_id, rule, ..CreateIndexRequest::default() };
                Ok(client.call::<CreateIndex>(&request).map(drop)?)
            }
            Deed::Modify(Ruled { chosen, rule }) => {
                let (topic_id, rule) = (chosen.id(&client)?, Some(read(rule.as_deref())?));
                let request = ModifyIndexRequest { topic_id, rule, ..ModifyIndexRequest::default() };
                Ok(client.call::<ModifyIndex>(&request).map(drop)?)
            }
            Deed::Show(chosen) => {
                let request = DescribeIndexRequest { topic_id: chosen.id(&client)? };
                let index = client.call::<DescribeIndex>(&request)?;
                Ok(outside.say(serde_json::to_string_pretty(&index.rule)?)?)
            }
            Deed::Delete(chosen) => {
                let request = DeleteIndexRequest { topic_id: chosen.id(&client)? };
                Ok(client.call::<DeleteIndex>(&request).map(drop)?)
            }
        }
    }
}

impl Chosen {
    fn id(&self, client: &Client) -> Result<String, Failure> {
        let topic = find::topic(client, self.topic.as_deref(), "its id or name")?;
        Ok(topic.topic_id)
    }
}

fn read(file: Option<&Path>) -> Result<IndexRule, Failure> {
    let Some(path) = file else { return Ok(every_field()) };
    let text =
        std::fs::read_to_string(path).map_err(|source| Failure::File { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| Failure::Rule { path: path.to_owned(), source })
}

/// Every field searchable and countable, and full text.
fn every_field() -> IndexRule {
    let key = |field: &flow::Field| KeyRule {
        key: field.name.to_owned(),
        value: ValueRule {
            r#type: match field.kind {
                FieldKind::Text | FieldKind::Address => "text".to_owned(),
                FieldKind::Long => "long".to_owned(),
            },
            sql_flag: true,
            ..ValueRule::default()
        },
    };
    IndexRule {
        full_text: Some(FullTextRule { tokenizer: DELIMITERS.to_owned(), ..FullTextRule::default() }),
        key_value: Some(KeyValueRule {
            key_values: FIELDS.iter().map(key).collect(),
            ..KeyValueRule::default()
        }),
        tag: None,
    }
}
