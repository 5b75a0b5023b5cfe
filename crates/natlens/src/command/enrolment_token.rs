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
        let server = for_gateways(client.server(), config.server.public_url.as_deref());
        outside.hint(format_args!("on a gateway: natlens agent --server {server} --enrolment-token TOKEN"));
        if is_loopback(server) {
            outside.hint(format_args!(
                "other machines cannot reach {server}: let the server listen where they can (setting `server.listen`)"
            ));
        }
        Ok(())
    }
}

/// The address for agents: the public one, when this command reaches the server inside its machine.
fn for_gateways<'a>(reached: &'a str, public_url: Option<&'a str>) -> &'a str {
    public_url.filter(|_| is_loopback(reached)).unwrap_or(reached)
}

fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|loopback| host.starts_with(loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_told_the_address_that_they_can_use() {
        let (local, public) = ("http://127.0.0.1:8860", "http://nat.example:8860");
        assert_eq!(for_gateways(local, Some(public)), public);
        assert_eq!(for_gateways(local, Some("https://nat.example")), "https://nat.example");
        assert_eq!(for_gateways(local, None), local);
        assert_eq!(for_gateways("http://10.0.0.5:8860", Some(public)), "http://10.0.0.5:8860");
        assert!(is_loopback(local) && is_loopback("http://[::1]:8860") && !is_loopback(public));
    }
}
