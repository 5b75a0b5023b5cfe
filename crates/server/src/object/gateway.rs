//! Gateways as the API shows them, and what their agents report.
//!
//! Hides: when a gateway counts as available.
//! Knows nothing of: how agents travel here.

use std::net::IpAddr;
use std::time::Duration;

use api::{AgentInterface, AgentStatus, Degradation, NatGateway, NatGatewayAddress};
use flow::{RegionId, Timestamp};
use store::{GatewayInterface, GatewayReport, GatewayRow};

use crate::check;
use crate::failure::Failure;
use crate::object::civil::civil_text;
use crate::object::health::{health_from, health_shown};
use crate::object::tag::tags_shown;
use crate::orders;

/// The words for the state of a gateway.
pub(crate) const AVAILABLE: &str = "AVAILABLE";
pub(crate) const UNAVAILABLE: &str = "UNAVAILABLE";

/// A gateway is available while its agent was heard so lately: two of its waits, and time to travel.
pub(crate) const HEARD_LATELY: Duration = Duration::from_secs(2 * orders::WAIT_MAX.as_secs() + 10);

/// The most interfaces of a report, and the most addresses of one list in it. They bound a row of the catalog.
const INTERFACES_MAX: usize = 1024;
const ADDRESSES_MAX: usize = 1024;

/// The longest text in a report. Unit: characters.
const REPORT_CHARS_MAX: usize = 255;

/// The most that an agent can go without, and the longest sentence about it. Unit of the latter: characters.
const DEGRADED_MAX: usize = 32;
const SENTENCE_CHARS_MAX: usize = 1000;

/// A gateway as users see it.
pub(crate) fn gateway_shown(row: GatewayRow, region: &RegionId, now: Timestamp) -> NatGateway {
    let available = row.last_seen.is_some_and(|at| at >= now.minus(HEARD_LATELY));
    let state = if available { AVAILABLE } else { UNAVAILABLE };
    let report = row.report.unwrap_or_default();
    let addresses = report.public_addresses.iter().map(|address| NatGatewayAddress {
        address_id: String::new(),
        public_ip_address: address.to_string(),
        is_blocked: false,
    });
    let interfaces = report.interfaces.iter().map(|interface| AgentInterface {
        name: interface.name.clone(),
        addresses: interface.addresses.iter().map(IpAddr::to_string).collect(),
    });
    NatGateway {
        nat_gateway_id: row.id.to_string(),
        nat_gateway_name: row.name,
        created_time: civil_text(row.created),
        state: state.to_owned(),
        network_state: state.to_owned(),
        public_ip_address_set: addresses.collect(),
        vpc_id: row.vpc.unwrap_or_default(),
        zone: region.to_string(),
        tag_set: tags_shown(row.tags),
        interface_set: interfaces.collect(),
        last_seen: row.last_seen.map_or(0, Timestamp::millis),
        agent_version: report.version,
        window_seconds: report.window_seconds,
        source: report.source,
        degraded: report.degraded.into_iter().map(degradation_shown).collect(),
        health: report.health.map(health_shown),
    }
}

fn degradation_shown(store::Degradation { what, says, mend }: store::Degradation) -> Degradation {
    Degradation { what, says, mend }
}

/// What an agent goes without, checked.
fn degradation_from(Degradation { what, says, mend }: Degradation) -> Result<store::Degradation, Failure> {
    Ok(store::Degradation {
        what: check::short("Degraded.What", what, REPORT_CHARS_MAX)?,
        says: check::short("Degraded.Says", says, SENTENCE_CHARS_MAX)?,
        mend: check::short("Degraded.Mend", mend, SENTENCE_CHARS_MAX)?,
    })
}

/// What an agent reports, checked.
pub(crate) fn report_from(status: AgentStatus) -> Result<GatewayReport, Failure> {
    if status.interfaces.len() > INTERFACES_MAX {
        let message =
            format!("the report has {} interfaces: at most {INTERFACES_MAX}", status.interfaces.len());
        return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
    }
    if status.degraded.len() > DEGRADED_MAX {
        let message =
            format!("the report names {} degradations: at most {DEGRADED_MAX}", status.degraded.len());
        return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
    }
    let interface = |AgentInterface { name, addresses }| {
        Ok(GatewayInterface {
            name: check::name("Interfaces.Name", name, REPORT_CHARS_MAX)?,
            addresses: addresses_from("Interfaces.Addresses", &addresses)?,
        })
    };
    Ok(GatewayReport {
        version: check::short("Version", status.version, REPORT_CHARS_MAX)?,
        hostname: check::short("Hostname", status.hostname, REPORT_CHARS_MAX)?,
        source: check::short("Source", status.source, REPORT_CHARS_MAX)?,
        variant: check::short("Variant", status.variant, REPORT_CHARS_MAX)?,
        window_seconds: status.window_seconds,
        interfaces: status.interfaces.into_iter().map(interface).collect::<Result<_, Failure>>()?,
        public_addresses: addresses_from("PublicAddresses", &status.public_addresses)?,
        spooled_batches: status.spooled_batches,
        lost_packets: status.lost_packets,
        degraded: status.degraded.into_iter().map(degradation_from).collect::<Result<_, Failure>>()?,
        health: status.health.map(health_from).transpose()?,
    })
}

fn addresses_from(parameter: &str, texts: &[String]) -> Result<Vec<IpAddr>, Failure> {
    if texts.len() > ADDRESSES_MAX {
        let message = format!("{parameter} has {} addresses: at most {ADDRESSES_MAX}", texts.len());
        return Err(Failure::new("InvalidParameterValue.LimitExceeded", message));
    }
    texts.iter().map(|text| check::parsed(parameter, text)).collect()
}
