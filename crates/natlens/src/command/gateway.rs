//! `natlens gateway`: the gateways that agents watch.
//!
//! Hides: nothing.
//! Knows nothing of: agents.

use api::NatGateway;

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// List gateways
#[derive(Debug, clap::Args)]
pub(crate) struct Gateway {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// List all gateways and how their agents are
    List,
}

const COLUMNS: &[Column<NatGateway>] = &[
    ("id", |row| row.nat_gateway_id.clone()),
    ("name", |row| row.nat_gateway_name.clone()),
    ("region", |row| row.zone.clone()),
    ("state", |row| row.state.clone()),
    ("window", |row| format!("{} s", row.window_seconds)),
    ("public addresses", addresses),
    ("last seen", |row| if row.last_seen == 0 { String::new() } else { moment::shown(row.last_seen) }),
];

impl Gateway {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        match self.deed {
            Deed::List => {
                let rows = find::gateways(&client)?;
                Answer::list(&rows, COLUMNS)?.write(self.reach.output, outside.results())
            }
        }
    }
}

fn addresses(row: &NatGateway) -> String {
    let addresses = row.public_ip_address_set.iter().map(|address| address.public_ip_address.as_str());
    addresses.collect::<Vec<_>>().join(" ")
}
