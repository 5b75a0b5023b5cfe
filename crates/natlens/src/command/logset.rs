//! `natlens logset`: named groups of topics.
//!
//! Hides: nothing.
//! Knows nothing of: records.

use api::{CreateLogset, CreateLogsetRequest};
use api::{DeleteLogset, DeleteLogsetRequest};
use api::{Logset as Row, ModifyLogset, ModifyLogsetRequest};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// Create, list, rename and delete logsets
#[derive(Debug, clap::Args)]
pub(crate) struct Logset {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Create; prints the id of the new logset
    Create {
        /// Name, at most 255 characters
        name: String,
    },
    /// List all logsets
    List,
    /// Rename
    Modify {
        /// Id or name of the logset
        logset: String,
        /// New name
        #[arg(long)]
        name: String,
    },
    /// Delete; refused while it holds topics
    Delete {
        /// Id or name of the logset
        logset: String,
    },
}

const COLUMNS: &[Column<Row>] = &[
    ("id", |row| row.logset_id.clone()),
    ("name", |row| row.logset_name.clone()),
    ("topics", |row| row.topic_count.to_string()),
    ("created", |row| moment::shown_published(&row.create_time)),
];

impl Logset {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let id = |text: &str| find::named(find::logsets(&client)?, text).map(|found| found.logset_id);
        match self.deed {
            Deed::Create { name } => {
                let request = CreateLogsetRequest { logset_name: name, ..CreateLogsetRequest::default() };
                Ok(outside.say(client.call::<CreateLogset>(&request)?.logset_id)?)
            }
            Deed::List => {
                let rows = find::logsets(&client)?;
                Answer::list(&rows, COLUMNS)?.write(self.reach.output, outside.results())
            }
            Deed::Modify { logset, name } => {
                let logset_id = id(&logset)?;
                let request = ModifyLogsetRequest { logset_id, logset_name: Some(name), tags: None };
                Ok(client.call::<ModifyLogset>(&request).map(drop)?)
            }
            Deed::Delete { logset } => {
                let request = DeleteLogsetRequest { logset_id: id(&logset)? };
                Ok(client.call::<DeleteLogset>(&request).map(drop)?)
            }
        }
    }
}
