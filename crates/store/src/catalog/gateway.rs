//! Gateways, as their agents enrolled them.
//!
//! Hides: their rows in the catalog, and the JSON that a report is kept as.
//! Knows nothing of: how agents talk to the server, when a gateway counts as gone.

use std::net::IpAddr;
use std::time::Duration;

use flow::{AccountId, GatewayId, RegionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::catalog::health::GatewayHealth;
use crate::catalog::owner::{Listing, Owner, Page, Tag, wanted};
use crate::catalog::{Sequence, step, stored, tags_from, tags_text};
use crate::error::StoreError;
use crate::store::Store;

/// How long after its agent was heard last the name of a gateway is not given to another agent. Agents are heard
/// more often than once a minute. `StoreError::StillHeard` says it in words.
const NAME_KEPT: Duration = Duration::from_secs(120);

/// One gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRow {
    /// Its id, unique in account and region.
    pub id: GatewayId,
    /// Its name, unique in account and region.
    pub name: String,
    /// The VPC that it serves; `None` when nobody said.
    pub vpc: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What its agent said last; `None` before the first time.
    pub report: Option<GatewayReport>,
    /// When its agent was heard last; `None` before the first time. Ignored when enrolling, like the report.
    pub last_seen: Option<Timestamp>,
    /// When it was enrolled first.
    pub created: Timestamp,
}

impl GatewayRow {
    pub(crate) fn has_interface(&self, name: &str) -> bool {
        let interfaces = self.report.as_ref().map(|report| report.interfaces.as_slice());
        interfaces.unwrap_or_default().iter().any(|interface| interface.name == name)
    }
}

/// What an agent says of itself and its gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewayReport {
    /// Version of the agent.
    pub version: String,
    /// Name of its host.
    pub hostname: String,
    /// Which source captures.
    pub source: String,
    /// By which way the kernel counts what leaves; empty where it does not count.
    pub variant: String,
    /// Window length. Unit: seconds.
    pub window_seconds: u32,
    /// The interfaces of the gateway.
    pub interfaces: Vec<GatewayInterface>,
    /// Its public addresses.
    pub public_addresses: Vec<IpAddr>,
    /// Batches that wait in the spool.
    pub spooled_batches: u64,
    /// Packets known to be lost since the agent started.
    pub lost_packets: u64,
    /// What the agent goes without.
    pub degraded: Vec<Degradation>,
    /// How the gateway itself fares; `None` when the agent cannot look.
    pub health: Option<GatewayHealth>,
}

/// Something that an agent goes without, although it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Degradation {
    /// A word for it.
    pub what: String,
    /// What is missing, and why.
    pub says: String,
    /// What mends it; empty when nobody knows.
    pub mend: String,
}

/// An interface of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewayInterface {
    /// Its name, for example `eth0`.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Which gateways are wanted; what is empty or `None` wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayFilter {
    /// One of these ids.
    pub ids: Vec<GatewayId>,
    /// The name contains one of these.
    pub names: Vec<String>,
    /// Serving one of these VPCs.
    pub vpcs: Vec<String>,
    /// Heard at this moment or later.
    pub heard_since: Option<Timestamp>,
    /// Not heard at this moment or later.
    pub silent_since: Option<Timestamp>,
}

impl GatewayFilter {
    fn admits(&self, row: &GatewayRow) -> bool {
        let named = self.names.is_empty() || self.names.iter().any(|part| row.name.contains(part.as_str()));
        let serving = self.vpcs.is_empty() || row.vpc.as_ref().is_some_and(|vpc| self.vpcs.contains(vpc));
        let heard = |since: &Timestamp| row.last_seen.is_some_and(|at| at >= *since);
        let heard_enough = self.heard_since.as_ref().is_none_or(heard);
        let silent_enough = self.silent_since.as_ref().is_none_or(|since| !heard(since));
        named && serving && heard_enough && silent_enough && wanted(&self.ids, &row.id)
    }
}

impl Store {
    /// Enrols a gateway with the hash of its agent's token; returns it as it stands now.
    ///
    /// A gateway of the same name keeps its id and what hangs on it; its old token ends. So an agent may enrol
    /// again when the answer got lost or its host was built anew. Fails with `StillHeard` when that agent was heard
    /// within two minutes before `created`: it is another host of the same name, whose identity this one would
    /// take. Fails with `AlreadyExists` when the id is taken by a gateway of another name.
    pub fn enrol_gateway(
        &self,
        owner: &Owner,
        gateway: &GatewayRow,
        token_hash: &[u8; 32],
    ) -> Result<GatewayRow, StoreError> {
        self.catalog().transact(|transaction| {
            refuse_if_heard(transaction, owner, gateway)?;
            transaction
                .execute(
                    "INSERT INTO gateways (account, region, id, name, vpc, tags, token_hash, created_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     ON CONFLICT (account, region, name) DO UPDATE
                     SET vpc = coalesce(excluded.vpc, vpc), token_hash = excluded.token_hash",
                    params![
                        owner.account.as_str(),
                        owner.region.as_str(),
                        gateway.id.as_str(),
                        gateway.name,
                        gateway.vpc,
                        tags_text(&gateway.tags),
                        token_hash,
                        gateway.created.millis()
                    ],
                )
                .map_err(StoreError::taken("NAT gateway", &gateway.id))?;
            // The VPC that a gateway serves decides which flow logs are in force.
            step(transaction, Sequence::FlowLogs)?;
            let enrolled = gateway_named(transaction, owner, &gateway.name)?;
            Ok(enrolled.expect("the gateway was written by this transaction"))
        })
    }

    /// The gateway of that id. Fails with `NotFound`.
    pub fn gateway(&self, owner: &Owner, id: &GatewayId) -> Result<GatewayRow, StoreError> {
        self.catalog().read(|connection| one_gateway(connection, owner, id))
    }

    /// Whose agent a token belongs to, by the token's hash; `None` for an unknown one.
    pub fn gateway_of_token(&self, token_hash: &[u8; 32]) -> Result<Option<(Owner, GatewayId)>, StoreError> {
        let found: Option<(String, String, String)> = self.catalog().read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT account, region, id FROM gateways WHERE token_hash = ?1")?;
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            Ok(select.query_row([token_hash], row).optional()?)
        })?;
        let Some((account, region, id)) = found else { return Ok(None) };
        let owner = Owner { account: stored("account id", account)?, region: stored("region", region)? };
        Ok(Some((owner, stored("NAT gateway id", id)?)))
    }

    /// Lists gateways, newest first.
    pub fn describe_gateways(
        &self,
        owner: &Owner,
        filter: &GatewayFilter,
        page: Page,
    ) -> Result<Listing<GatewayRow>, StoreError> {
        let mut rows = self.catalog().read(|connection| gateways(connection, owner, None))?;
        rows.retain(|row| filter.admits(row));
        rows.sort_by_key(|row| std::cmp::Reverse(row.created));
        Ok(page.of(rows))
    }

    /// Every gateway there is, whoever owns it.
    pub fn all_gateways(&self) -> Result<Vec<(Owner, GatewayRow)>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, name, vpc, tags, report, last_seen_ms, created_ms, account, region
                 FROM gateways ORDER BY account, region, id",
            )?;
            let rows = select.query_and_then([], |row| {
                let (account, region) = (row.get(7)?, row.get(8)?);
                let owner =
                    Owner { account: stored("account id", account)?, region: stored("region", region)? };
                Ok((owner, gateway(row)?))
            })?;
            rows.collect()
        })
    }

    /// The regions that an account has gateways in, with how many, in the order of their names.
    pub fn gateway_regions(&self, account: &AccountId) -> Result<Vec<(RegionId, u64)>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT region, count(*) FROM gateways WHERE account = ?1 GROUP BY region ORDER BY region",
            )?;
            let rows = select.query_and_then([account.as_str()], |row| {
                Ok((stored("region", row.get(0)?)?, row.get(1)?))
            })?;
            rows.collect()
        })
    }

    /// Notes what an agent says of its gateway. Fails with `NotFound` for an unknown gateway.
    pub fn report_gateway(
        &self,
        owner: &Owner,
        id: &GatewayId,
        report: &GatewayReport,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(report).expect("a report is plain texts, numbers and lists");
        self.catalog().transact(|transaction| {
            let before = one_gateway(transaction, owner, id)?;
            transaction.execute(
                "UPDATE gateways SET report = ?4, last_seen_ms = ?5
                 WHERE account = ?1 AND region = ?2 AND id = ?3",
                params![owner.account.as_str(), owner.region.as_str(), id.as_str(), text, now.millis()],
            )?;
            let names = |report: &GatewayReport| -> Vec<String> {
                report.interfaces.iter().map(|interface| interface.name.clone()).collect()
            };
            // Interfaces decide which flow logs are in force; reports that change nothing else come all the time.
            if before.report.as_ref().map(names).unwrap_or_default() != names(report) {
                step(transaction, Sequence::FlowLogs)?;
            }
            Ok(())
        })
    }
}

/// Fails with `StillHeard` when the agent of another host goes by this gateway's name.
fn refuse_if_heard(connection: &Connection, owner: &Owner, gateway: &GatewayRow) -> Result<(), StoreError> {
    let last_seen = gateway_named(connection, owner, &gateway.name)?.and_then(|row| row.last_seen);
    // Heard in the future means that the clock was set back since: nobody knows when it was.
    let lately =
        |at: Timestamp| gateway.created.minus(NAME_KEPT) < at && at < gateway.created.plus(NAME_KEPT);
    if last_seen.is_some_and(lately) {
        return Err(StoreError::StillHeard { name: gateway.name.clone() });
    }
    Ok(())
}

/// The gateways of an owner in the order of their ids, or the one of that id.
fn gateways(
    connection: &Connection,
    owner: &Owner,
    id: Option<&GatewayId>,
) -> Result<Vec<GatewayRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, name, vpc, tags, report, last_seen_ms, created_ms
         FROM gateways WHERE account = ?1 AND region = ?2 AND (?3 IS NULL OR id = ?3) ORDER BY id",
    )?;
    let key = params![owner.account.as_str(), owner.region.as_str(), id.map(GatewayId::as_str)];
    let rows = select.query_and_then(key, gateway)?;
    rows.collect()
}

/// The gateway of that id. Fails with `NotFound`.
pub(crate) fn one_gateway(
    connection: &Connection,
    owner: &Owner,
    id: &GatewayId,
) -> Result<GatewayRow, StoreError> {
    gateways(connection, owner, Some(id))?.pop().ok_or_else(|| StoreError::not_found("NAT gateway", id))
}

/// The gateway of that name, if any.
fn gateway_named(
    connection: &Connection,
    owner: &Owner,
    name: &str,
) -> Result<Option<GatewayRow>, StoreError> {
    Ok(gateways(connection, owner, None)?.into_iter().find(|row| row.name == name))
}

fn gateway(row: &Row<'_>) -> Result<GatewayRow, StoreError> {
    let report: Option<String> = row.get(4)?;
    let last_seen: Option<i64> = row.get(5)?;
    Ok(GatewayRow {
        id: stored("NAT gateway id", row.get(0)?)?,
        name: row.get(1)?,
        vpc: row.get(2)?,
        tags: tags_from(row.get(3)?)?,
        report: report.map(report_from).transpose()?,
        last_seen: last_seen.map(Timestamp::from_millis),
        created: Timestamp::from_millis(row.get(6)?),
    })
}

fn report_from(text: String) -> Result<GatewayReport, StoreError> {
    serde_json::from_str(&text).ok().ok_or(StoreError::Corrupt { what: "report of an agent", text })
}
