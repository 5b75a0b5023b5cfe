//! `natlens sign-in-link`: lets a user into the console who has no password, or lost it.
//!
//! Hides: nothing.
//! Knows nothing of: sessions and passwords.

use api::{CreateSignInLink, CreateSignInLinkRequest};

use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// Print a link that signs a user in once, to set a new password
#[derive(Debug, clap::Args)]
pub(crate) struct SignInLink {
    /// Name of the user
    #[arg(default_value = "admin")]
    user: String,
    #[command(flatten)]
    reach: Reach,
}

impl SignInLink {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let request = CreateSignInLinkRequest { user_name: Some(self.user) };
        let made = client.call::<CreateSignInLink>(&request)?;
        outside.say(&made.link)?;
        outside.hint(format_args!("it works once, until {}", moment::shown(made.expires)));
        Ok(())
    }
}
