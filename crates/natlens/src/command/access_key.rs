//! `natlens access-key`: keys for scripts and other programs.
//!
//! Hides: the form of a key file.
//! Knows nothing of: how keys are checked.

use api::{AccessKey as Row, CreateAccessKey, CreateAccessKeyRequest};
use api::{DeleteAccessKey, DeleteAccessKeyRequest, DescribeAccessKeys, DescribeAccessKeysRequest};

use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// Create, list and delete access keys
#[derive(Debug, clap::Args)]
pub(crate) struct AccessKey {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Create; prints a key file for --key-file, whose secret is shown this once
    Create {
        /// What the key is for, at most 512 characters
        #[arg(long)]
        description: Option<String>,
        /// User whose rights it carries [default: your own]
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// List all keys that you may see, without their secrets
    List,
    /// Delete; whoever uses it is refused from now on
    Delete {
        /// The public part of the key
        secret_id: String,
    },
}

const COLUMNS: &[Column<Row>] = &[
    ("secret id", |row| row.secret_id.clone()),
    ("user", |row| row.user_name.clone()),
    ("created", |row| moment::shown_published(&row.create_time)),
    ("description", |row| row.description.clone()),
];

impl AccessKey {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::Create { description, user } => {
                let request = CreateAccessKeyRequest { description, user_name: user };
                let key = client.call::<CreateAccessKey>(&request)?;
                outside.say(format_args!("server = {:?}", client.server()))?;
                outside.say(format_args!("secret_id = {:?}", key.secret_id))?;
                outside.say(format_args!("secret_key = {:?}", key.secret_key))?;
                outside.hint("keep it in a file that only you can read; the secret is not shown again");
                Ok(())
            }
            Deed::List => {
                let keys = client.call::<DescribeAccessKeys>(&DescribeAccessKeysRequest {})?.access_keys;
                Answer::list(&keys, COLUMNS)?.write(self.reach.output, outside.results())
            }
            Deed::Delete { secret_id } => {
                Ok(client.call::<DeleteAccessKey>(&DeleteAccessKeyRequest { secret_id }).map(drop)?)
            }
        }
    }
}
