//! `natlens tail`: prints records as they are stored.
//!
//! Hides: how records become rows under one header.
//! Knows nothing of: the language of queries; the server reads it.

use api::{TailLog, TailLogRequest};

use super::find;
use super::search::{self, FieldName, REFUSAL_FIELDS, TABLE_FIELDS};
use crate::answer::{Form, Rows};
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::reach::Reach;

/// Print records as they are stored, until Ctrl-C
///
/// Records come when their window has ended, for example:
///   natlens tail 'action:REJECT AND srcaddr:10.0.0.0/8'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Tail {
    /// What to find, without SQL; everything when left out
    #[arg(default_value = "*")]
    query: String,
    /// Topic to watch, by id or name; may be left out when there is one
    #[arg(long)]
    topic: Option<String>,
    /// Fields to print, separated by commas [default: the important ones in a table, all in CSV]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = FieldName)]
    fields: Vec<String>,
    /// Reads the query by the older rules of Lucene
    #[arg(long)]
    lucene: bool,
    #[command(flatten)]
    reach: Reach,
}

impl Tail {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let topic = find::topic(&client, self.topic.as_deref(), "--topic")?;
        let request = TailLogRequest {
            topic_id: topic.topic_id.clone(),
            query_string: Some(self.query.clone()),
            query_syntax: Some(u32::from(!self.lucene)),
        };
        let events = client
            .stream::<TailLog>(&request)
            .map_err(Failure::from)
            .inspect_err(|failure| search::point(failure, &self.query, outside))?;
        outside.hint(format!("watching topic `{}`: Ctrl-C ends it", topic.topic_name));
        let fields = self.fields();
        let mut rows = None;
        for event in events {
            let event = event?;
            if event.skipped > 0 {
                outside.hint(format!(
                    "{} records came faster than they were read and are left out",
                    event.skipped
                ));
            }
            let answer = search::list(&event.results, &fields, self.reach.output)?;
            let rows = rows.get_or_insert_with(|| Rows::new(self.reach.output, &answer.columns));
            rows.write(answer.rows, outside.results())?;
        }
        outside.hint("the server ended the tail: it stops or starts again");
        Ok(())
    }

    /// The fields of a table are the same from the first record to the last.
    fn fields(&self) -> Vec<String> {
        if self.fields.is_empty() && self.reach.output == Form::Table {
            return TABLE_FIELDS.iter().chain(REFUSAL_FIELDS).map(|name| (*name).to_owned()).collect();
        }
        self.fields.clone()
    }
}
