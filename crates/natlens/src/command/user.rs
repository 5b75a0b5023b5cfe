//! `natlens user`: who may sign in, and what they may do.
//!
//! Hides: nothing.
//! Knows nothing of: sessions and passwords.

use api::{CreateUser, CreateUserRequest, User as Row};
use api::{
    DeleteUser, DeleteUserRequest, DescribeUsers, DescribeUsersRequest, ModifyUser, ModifyUserRequest,
};

use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// Create, list, modify and delete users
#[derive(Debug, clap::Args)]
pub(crate) struct User {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

/// What a user may do
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Role {
    /// Everything
    Admin,
    /// Search and read; nothing of others is changed
    Reader,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Create; prints a link that signs the user in once, to set a password
    Create {
        /// Name: letters, digits, `.`, `-`, `_` and `@`
        name: String,
        /// What the user may do
        #[arg(long, default_value = "reader")]
        role: Role,
    },
    /// List all users
    List,
    /// Give a user another role, at once
    Modify {
        /// Name of the user
        name: String,
        /// What the user may do from now on
        #[arg(long)]
        role: Role,
    },
    /// Delete, with all sessions and access keys
    Delete {
        /// Name of the user
        name: String,
    },
}

const COLUMNS: &[Column<Row>] = &[
    ("name", |row| row.user_name.clone()),
    ("role", |row| row.role.clone()),
    ("password", |row| if row.has_password { "set" } else { "not set" }.to_owned()),
    ("created", |row| moment::shown_published(&row.create_time)),
];

impl Role {
    fn word(self) -> String {
        match self {
            Self::Admin => "admin".to_owned(),
            Self::Reader => "reader".to_owned(),
        }
    }
}

impl User {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::Create { name, role } => {
                let request = CreateUserRequest { user_name: name, role: role.word() };
                let made = client.call::<CreateUser>(&request)?;
                outside.say(&made.link)?;
                outside.hint(format_args!("it works once, until {}", moment::shown(made.expires)));
                Ok(())
            }
            Deed::List => {
                let users = client.call::<DescribeUsers>(&DescribeUsersRequest {})?.users;
                Answer::list(&users, COLUMNS)?.write(self.reach.output, outside.results())
            }
            Deed::Modify { name, role } => {
                let request = ModifyUserRequest { user_name: name, role: role.word() };
                Ok(client.call::<ModifyUser>(&request).map(drop)?)
            }
            Deed::Delete { name } => {
                Ok(client.call::<DeleteUser>(&DeleteUserRequest { user_name: name }).map(drop)?)
            }
        }
    }
}
