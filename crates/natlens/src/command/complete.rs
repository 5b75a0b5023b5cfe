//! `natlens complete`: what can be written next in a query.
//!
//! Hides: nothing.
//! Knows nothing of: the language of queries; the server reads it.

use api::{Candidate, CompleteQuery, CompleteQueryRequest};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// Tell what can be written next in a query: fields, values, words, functions
///
/// Values are those that the language knows, and those that records of the time range have. Example:
///   natlens complete 'action:REJECT AND srcaddr:10.'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Complete {
    /// The query as far as it is written
    #[arg(default_value = "")]
    query: String,
    /// Topic to search, by id or name; may be left out when there is one
    #[arg(long)]
    topic: Option<String>,
    /// Start of the time range, whose values are offered: `15m` ago, or a date and time
    #[arg(long, value_name = "TIME", default_value = "15m")]
    since: Moment,
    /// End of the time range, excluded
    #[arg(long, value_name = "TIME", default_value = "now")]
    until: Moment,
    /// Reads the search part by the older rules of Lucene
    #[arg(long)]
    lucene: bool,
    #[command(flatten)]
    reach: Reach,
}

const COLUMNS: &[Column<Candidate>] =
    &[("text", |row| row.text.clone()), ("kind", |row| row.kind.clone()), ("help", |row| row.help.clone())];

impl Complete {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let topic = find::topic(&client, self.topic.as_deref(), "--topic")?;
        let now = outside.now();
        let request = CompleteQueryRequest {
            topic_id: topic.topic_id,
            query_string: self.query,
            query_syntax: Some(u32::from(!self.lucene)),
            offset: None,
            from: Some(self.since.seen_from(now).millis()),
            to: Some(self.until.seen_from(now).millis()),
        };
        let candidates = client.call::<CompleteQuery>(&request)?.candidates;
        Answer::list(&candidates, COLUMNS)?.write(self.reach.output, outside.results())
    }
}
