//! `natlens enrolment-token`: tokens with which agents enrol.
//!
//! Hides: nothing.
//! Knows nothing of: enrolment itself.

use api::{CreateEnrolmentToken, CreateEnrolmentTokenRequest};

use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// Create tokens with which agents enrol
#[derive(Debug, clap::Args)]
pub(crate) struct EnrolmentToken {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Create; prints the token, which is shown this once
    Create {
        /// How long agents may enrol with it: 1 to 720 hours
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        valid_hours: u32,
    },
}

impl EnrolmentToken {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let Deed::Create { valid_hours } = self.deed;
        let request = CreateEnrolmentTokenRequest { valid_hours: Some(valid_hours) };
        let token = client.call::<CreateEnrolmentToken>(&request)?;
        outside.say(&token.token)?;
        outside.hint(format_args!("agents may enrol with it until {}", moment::shown(token.expires)));
        outside.hint(format_args!(
            "on a gateway: natlens agent --server {} --enrolment-token TOKEN",
            client.server()
        ));
        Ok(())
    }
}
