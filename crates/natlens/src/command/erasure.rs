//! `natlens erasure`: takes records out of a topic for good, and lists what was ever taken.
//!
//! Hides: that the server carries on while the command waits, and that nothing goes without --yes.
//! Knows nothing of: how records are found and taken out.

use std::thread;
use std::time::Duration;

use api::{Client, ClientError};
use api::{DescribeErasures, DescribeErasuresRequest, Erasure as Row};
use api::{EraseRecords, EraseRecordsRequest};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment::{self, Moment};
use crate::outside::Outside;
use crate::reach::{PAGE_ROWS, Reach, every};

/// How often the server is asked whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Erase records for good, and list what was erased
#[derive(Debug, clap::Args)]
pub(crate) struct Erasure {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Erase the records that a search finds; prints how many
    Create(Create),
    /// List what was ever erased, by whom, and how far it is
    List,
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What to find; `*` for everything in the time range
    query: String,
    /// Topic, by id or name; may be left out when there is one
    #[arg(long)]
    topic: Option<String>,
    /// Start of the time range: `30d` ago, or a date and time
    #[arg(long, value_name = "TIME")]
    since: Moment,
    /// End of the time range, excluded
    #[arg(long, value_name = "TIME", default_value = "now")]
    until: Moment,
    /// Reads the search by the older rules of Lucene
    #[arg(long)]
    lucene: bool,
    /// Really erases the records
    #[arg(long)]
    yes: bool,
}

const COLUMNS: &[Column<Row>] = &[
    ("id", |row| row.erasure_id.clone()),
    ("topic", |row| row.topic_id.clone()),
    ("state", |row| row.state.clone()),
    ("records", |row| row.rows.to_string()),
    ("ordered", |row| moment::shown(row.ordered)),
    ("by", |row| row.ordered_by.clone()),
    ("since", |row| moment::shown(row.from)),
    ("until", |row| moment::shown(row.to)),
    ("search", |row| row.search.clone()),
    ("failure", |row| row.failure.clone()),
];

impl Erasure {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::Create(create) => create.run(&client, outside),
            Deed::List => {
                Answer::list(&erasures(&client)?, COLUMNS)?.write(self.reach.output, outside.results())
            }
        }
    }
}

impl Create {
    fn run(self, client: &Client, outside: &mut Outside) -> Result<(), Failure> {
        let topic = find::named_or_only(find::topics(client)?, self.topic.as_deref(), "--topic")?;
        let now = outside.now();
        let mut request = EraseRecordsRequest {
            topic_id: topic.topic_id,
            from: self.since.seen_from(now).millis(),
            to: self.until.seen_from(now).millis(),
            query_string: self.query,
            query_syntax: Some(u32::from(!self.lucene)),
            confirm: None,
        };
        let found = client.call::<EraseRecords>(&request)?;
        let (rows, segments, name) = (found.rows, found.segments, topic.topic_name);
        let what = format!(
            "{rows} records of topic `{name}`, in {segments} segments, that `{}` finds",
            found.search
        );
        if !self.yes {
            return Err(Failure::Arguments(format!("this erases {what}, for good: say --yes to do it")));
        }
        outside.hint(format_args!("erasing {what}"));
        request.confirm = Some(true);
        let ordered = client.call::<EraseRecords>(&request)?.erasure_id.unwrap_or_default();
        let ended = wait_for(client, &ordered)?;
        if ended.state != "done" {
            let message =
                format!("erasure `{ordered}` took {} records and failed: {}", ended.rows, ended.failure);
            return Err(Failure::Unfinished(message));
        }
        outside.say(ended.rows)?;
        outside.hint("back-ups that were made before still hold them");
        Ok(())
    }
}

/// Waits until an erasure has ended.
fn wait_for(client: &Client, id: &str) -> Result<Row, Failure> {
    loop {
        let found = erasures(client)?.into_iter().find(|row| row.erasure_id == id);
        let row = found.ok_or_else(|| Failure::NotFound(format!("the server forgot erasure `{id}`")))?;
        if row.state != "running" {
            return Ok(row);
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn erasures(client: &Client) -> Result<Vec<Row>, ClientError> {
    every(|offset| {
        let request = DescribeErasuresRequest { offset: Some(offset), limit: Some(PAGE_ROWS) };
        client.call::<DescribeErasures>(&request).map(|page| (page.erasures, page.total_count))
    })
}
