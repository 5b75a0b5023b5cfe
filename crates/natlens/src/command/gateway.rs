//! `natlens gateway`: the gateways that agents watch.
//!
//! Hides: nothing.
//! Knows nothing of: agents.

use api::{AuditTotals, Degradation, GatewayHealth, NatGateway, PortSet};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// List gateways, and show how one fares
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
    /// Show how a gateway fares: what its agent goes without, its table, its ports, what audits found
    Describe {
        /// Id or name of the gateway [default: the only one there is]
        #[arg(long, value_name = "GATEWAY")]
        gateway: Option<String>,
    },
}

const COLUMNS: &[Column<NatGateway>] = &[
    ("id", |row| row.nat_gateway_id.clone()),
    ("name", |row| row.nat_gateway_name.clone()),
    ("region", |row| row.zone.clone()),
    ("state", |row| row.state.clone()),
    ("window", |row| format!("{} s", row.window_seconds)),
    ("public addresses", addresses),
    ("source", |row| row.source.clone()),
    ("degraded", |row| row.degraded.iter().map(|one| one.what.as_str()).collect::<Vec<_>>().join(", ")),
    ("table", |row| row.health.as_ref().map(table).unwrap_or_default()),
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
            Deed::Describe { gateway } => {
                let rows = find::gateways(&client)?;
                let row = find::named_or_only(rows, gateway.as_deref(), "--gateway")?;
                Answer::list(&[row], DESCRIBED)?.write(self.reach.output, outside.results())
            }
        }
    }
}

const DESCRIBED: &[Column<NatGateway>] = &[
    ("id", |row| row.nat_gateway_id.clone()),
    ("name", |row| row.nat_gateway_name.clone()),
    ("state", |row| row.state.clone()),
    ("source", |row| row.source.clone()),
    ("degraded", |row| degraded(&row.degraded)),
    ("table", |row| of(row, table)),
    ("fullest ports", |row| {
        of(row, |health| health.fullest_port_set.as_ref().map(ports).unwrap_or_default())
    }),
    ("insert failed", |row| of(row, |health| health.insert_failed_total.to_string())),
    ("dropped", |row| of(row, |health| health.drop_total.to_string())),
    ("ended early", |row| of(row, |health| health.early_drop_total.to_string())),
    ("audit", |row| of(row, |health| health.audit.as_ref().map(audit).unwrap_or_default())),
];

/// What an agent goes without, each with what mends it.
pub(super) fn degraded(degraded: &[Degradation]) -> String {
    let line = |Degradation { what, says, mend }: &Degradation| {
        if mend.is_empty() { format!("{what}: {says}") } else { format!("{what}: {says} ({mend})") }
    };
    degraded.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn of(row: &NatGateway, shown: fn(&GatewayHealth) -> String) -> String {
    row.health.as_ref().map(shown).unwrap_or_default()
}

fn table(health: &GatewayHealth) -> String {
    share(health.table_entries, health.table_entries_max)
}

fn ports(set: &PortSet) -> String {
    let PortSet { public_ip_address, destination_ip_address, destination_port, protocol, .. } = set;
    let share = share(set.ports_used.into(), set.ports_available.into());
    format!(
        "{share}: {public_ip_address} to {destination_ip_address} port {destination_port}, protocol {protocol}"
    )
}

fn audit(totals: &AuditTotals) -> String {
    let AuditTotals { audits_total, ended_total, missing_total } = totals;
    format!("{missing_total} of {ended_total} conversations missing, {audits_total} audits")
}

fn share(part: u64, whole: u64) -> String {
    let percent = part.saturating_mul(100).checked_div(whole).unwrap_or(0);
    format!("{part} of {whole} ({percent} %)")
}

fn addresses(row: &NatGateway) -> String {
    let addresses = row.public_ip_address_set.iter().map(|address| address.public_ip_address.as_str());
    addresses.collect::<Vec<_>>().join(" ")
}
