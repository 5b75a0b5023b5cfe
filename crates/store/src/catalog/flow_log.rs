//! Flow logs: standing orders to collect records.
//!
//! Hides: their rows in the catalog, and which of them a gateway carries out.
//! Knows nothing of: how an order reaches an agent.
//!
//! A name is given once in account and region. Two flow logs may watch the same resource, as long as they differ
//! in collection type or topic: the same order twice would store each record twice.

use flow::{CollectionScope, CollectionType, FlowLogId, GatewayId, RegionId, Timestamp, TopicId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::catalog::former::remember;
use crate::catalog::gateway::one_gateway;
use crate::catalog::owner::{Listing, Owner, Page, Tag, TagFilter, wanted};
use crate::catalog::{Sequence, sequence, step, stored, tags_from, tags_text};
use crate::error::StoreError;
use crate::store::Store;

/// One flow log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLogRow {
    /// Its id, unique in account and region.
    pub id: FlowLogId,
    /// Its name, unique in account and region.
    pub name: String,
    /// What it watches.
    pub scope: CollectionScope,
    /// The resource watched: a gateway id, an interface name, …, by scope.
    pub resource: String,
    /// Which verdicts it collects.
    pub kind: CollectionType,
    /// Where its records go.
    pub topic: TopicId,
    /// The region of that topic.
    pub topic_region: RegionId,
    /// Whether the topic exists; ignored when creating.
    pub topic_exists: bool,
    /// Whether it collects; `false` when paused.
    pub enabled: bool,
    /// A description.
    pub description: String,
    /// The VPC of its resource; `None` when nobody said.
    pub vpc: Option<String>,
    /// Window length for CCN. Unit: seconds.
    pub period_seconds: Option<u32>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When it was created.
    pub created: Timestamp,
}

/// What to change; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowLogChange {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new window length for CCN. Unit: seconds.
    pub period_seconds: Option<u32>,
    /// New tags, in place of all old ones.
    pub tags: Option<Vec<Tag>>,
}

/// Which flow logs are wanted; what is empty or `None` wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowLogFilter {
    /// One of these ids.
    pub ids: Vec<FlowLogId>,
    /// The name contains this.
    pub name: Option<String>,
    /// Watching this kind of resource.
    pub scope: Option<CollectionScope>,
    /// Watching this resource.
    pub resource: Option<String>,
    /// Collecting these verdicts.
    pub kind: Option<CollectionType>,
    /// Storing into this topic.
    pub topic: Option<TopicId>,
    /// Storing into a topic of this region.
    pub topic_region: Option<RegionId>,
    /// Whether the topic exists.
    pub topic_exists: Option<bool>,
    /// Of a resource in this VPC.
    pub vpc: Option<String>,
    /// With these tags.
    pub tags: TagFilter,
}

/// The order of a list of flow logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FlowLogOrder {
    /// By time of creation, newest first.
    #[default]
    Newest,
    /// By time of creation, oldest first.
    Oldest,
    /// By name, from A to Z.
    NameAscending,
    /// By name, from Z to A.
    NameDescending,
}

/// The flow logs that one gateway carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLogsInForce {
    /// Grows with every change of any flow log, and of what decides which of them are in force.
    pub generation: u64,
    /// In the order of their ids.
    pub flow_logs: Vec<FlowLogRow>,
}

impl FlowLogFilter {
    fn admits(&self, row: &FlowLogRow) -> bool {
        fn meets<T: PartialEq>(wanted: Option<&T>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        let named = self.name.as_ref().is_none_or(|part| row.name.contains(part.as_str()));
        named
            && wanted(&self.ids, &row.id)
            && meets(self.scope.as_ref(), &row.scope)
            && meets(self.resource.as_ref(), &row.resource)
            && meets(self.kind.as_ref(), &row.kind)
            && meets(self.topic.as_ref(), &row.topic)
            && meets(self.topic_region.as_ref(), &row.topic_region)
            && meets(self.topic_exists.as_ref(), &row.topic_exists)
            && self.vpc.as_ref().is_none_or(|vpc| row.vpc.as_ref() == Some(vpc))
            && self.tags.admits(&row.tags)
    }
}

impl Store {
    /// Creates a flow log. Fails with `AlreadyExists` of a `flow log` when id or name is taken, of a
    /// `flow log of resource` when the same resource, type and topic are ordered already.
    ///
    /// The topic need not exist: it may stand in another region's store, or come later.
    pub fn create_flow_log(&self, owner: &Owner, flow_log: &FlowLogRow) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            if is_ordered(transaction, owner, flow_log)? {
                let (what, id) = ("flow log of resource", flow_log.resource.clone());
                return Err(StoreError::AlreadyExists { what, id });
            }
            insert(transaction, owner, flow_log).map_err(StoreError::taken("flow log", &flow_log.name))?;
            Ok(step(transaction, Sequence::FlowLogs)?)
        })
    }

    /// The flow log of that id. Fails with `NotFound`.
    pub fn flow_log(&self, owner: &Owner, id: &FlowLogId) -> Result<FlowLogRow, StoreError> {
        let mut found = self.catalog().read(|connection| flow_logs(connection, owner, Some(id)))?;
        found.pop().ok_or_else(|| StoreError::not_found("flow log", id))
    }

    /// Lists flow logs.
    pub fn describe_flow_logs(
        &self,
        owner: &Owner,
        filter: &FlowLogFilter,
        order: FlowLogOrder,
        page: Page,
    ) -> Result<Listing<FlowLogRow>, StoreError> {
        let mut rows = self.catalog().read(|connection| flow_logs(connection, owner, None))?;
        rows.retain(|row| filter.admits(row));
        // Rows come by id, and sorting is stable: equal ones always stand in the same order.
        match order {
            FlowLogOrder::Newest => rows.sort_by_key(|row| std::cmp::Reverse(row.created)),
            FlowLogOrder::Oldest => rows.sort_by_key(|row| row.created),
            FlowLogOrder::NameAscending => rows.sort_by(|a, b| a.name.cmp(&b.name)),
            FlowLogOrder::NameDescending => rows.sort_by(|a, b| b.name.cmp(&a.name)),
        }
        Ok(page.of(rows))
    }

    /// Changes a flow log. Fails with `NotFound`, or `AlreadyExists` when the new name is taken.
    pub fn modify_flow_log(
        &self,
        owner: &Owner,
        id: &FlowLogId,
        change: &FlowLogChange,
    ) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let changed = transaction
                .execute(
                    "UPDATE flow_logs SET name = coalesce(?4, name), description = coalesce(?5, description),
                            period_s = coalesce(?6, period_s), tags = coalesce(?7, tags)
                     WHERE account = ?1 AND region = ?2 AND id = ?3",
                    params![
                        owner.account.as_str(),
                        owner.region.as_str(),
                        id.as_str(),
                        change.name,
                        change.description,
                        change.period_seconds,
                        change.tags.as_deref().map(tags_text)
                    ],
                )
                .map_err(StoreError::taken("flow log", change.name.as_deref().unwrap_or_default()))?;
            if changed == 0 {
                return Err(StoreError::not_found("flow log", id));
            }
            Ok(step(transaction, Sequence::FlowLogs)?)
        })
    }

    /// Resumes flow logs: all of them, or none and `NotFound` of the first that does not exist.
    pub fn enable_flow_logs(&self, owner: &Owner, ids: &[FlowLogId]) -> Result<(), StoreError> {
        self.switch_flow_logs(owner, ids, true)
    }

    /// Pauses flow logs: all of them, or none and `NotFound` of the first that does not exist.
    pub fn disable_flow_logs(&self, owner: &Owner, ids: &[FlowLogId]) -> Result<(), StoreError> {
        self.switch_flow_logs(owner, ids, false)
    }

    /// Deletes a flow log; what it collected stays, and what comes late of it is still admitted. Fails with `NotFound`.
    pub fn delete_flow_log(&self, owner: &Owner, id: &FlowLogId, now: Timestamp) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            remember(transaction, owner, id, now)?;
            let key = [owner.account.as_str(), owner.region.as_str(), id.as_str()];
            let gone = transaction
                .execute("DELETE FROM flow_logs WHERE account = ?1 AND region = ?2 AND id = ?3", key)?;
            if gone == 0 {
                return Err(StoreError::not_found("flow log", id));
            }
            Ok(step(transaction, Sequence::FlowLogs)?)
        })
    }

    /// The flow logs that a gateway carries out now: enabled, into a topic that exists, and watching the gateway
    /// itself, an interface that its agent reported, or any VPC, subnet or CCN. Of the last three only the gateway's
    /// own inventory knows which it can see. Fails with `NotFound` for an unknown gateway.
    pub fn flow_logs_in_force(
        &self,
        owner: &Owner,
        gateway: &GatewayId,
    ) -> Result<FlowLogsInForce, StoreError> {
        let (generation, gateway, mut flow_logs) = self.catalog().read(|connection| {
            // Read before the rows: a change in between is then reported once more rather than missed.
            let generation = sequence(connection, Sequence::FlowLogs)?;
            let gateway = one_gateway(connection, owner, gateway)?;
            Ok((generation, gateway, flow_logs(connection, owner, None)?))
        })?;
        flow_logs.retain(|row| {
            let watched = match row.scope {
                CollectionScope::Nat => row.resource == gateway.id.as_str(),
                CollectionScope::NetworkInterface => gateway.has_interface(&row.resource),
                CollectionScope::Vpc | CollectionScope::Subnet | CollectionScope::Ccn => true,
            };
            row.enabled && row.topic_exists && watched
        });
        Ok(FlowLogsInForce { generation: u64::try_from(generation).unwrap_or(0), flow_logs })
    }

    fn switch_flow_logs(&self, owner: &Owner, ids: &[FlowLogId], enabled: bool) -> Result<(), StoreError> {
        self.catalog().transact(|transaction| {
            let mut update = transaction.prepare_cached(
                "UPDATE flow_logs SET enabled = ?4 WHERE account = ?1 AND region = ?2 AND id = ?3",
            )?;
            for id in ids {
                let key = params![owner.account.as_str(), owner.region.as_str(), id.as_str(), enabled];
                if update.execute(key)? == 0 {
                    return Err(StoreError::not_found("flow log", id));
                }
            }
            Ok(step(transaction, Sequence::FlowLogs)?)
        })
    }
}

fn is_ordered(connection: &Connection, owner: &Owner, flow_log: &FlowLogRow) -> rusqlite::Result<bool> {
    let found = connection.query_row(
        "SELECT 1 FROM flow_logs WHERE account = ?1 AND region = ?2 AND scope = ?3 AND resource = ?4
         AND kind = ?5 AND topic_region = ?6 AND topic = ?7",
        [
            owner.account.as_str(),
            owner.region.as_str(),
            flow_log.scope.as_str(),
            &flow_log.resource,
            flow_log.kind.as_str(),
            flow_log.topic_region.as_str(),
            flow_log.topic.as_str(),
        ],
        |_| Ok(()),
    );
    Ok(found.optional()?.is_some())
}

fn insert(transaction: &Transaction<'_>, owner: &Owner, flow_log: &FlowLogRow) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO flow_logs (account, region, id, name, scope, resource, kind, topic_region, topic, enabled,
                                description, vpc, period_s, tags, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            owner.account.as_str(),
            owner.region.as_str(),
            flow_log.id.as_str(),
            flow_log.name,
            flow_log.scope.as_str(),
            flow_log.resource,
            flow_log.kind.as_str(),
            flow_log.topic_region.as_str(),
            flow_log.topic.as_str(),
            flow_log.enabled,
            flow_log.description,
            flow_log.vpc,
            flow_log.period_seconds,
            tags_text(&flow_log.tags),
            flow_log.created.millis()
        ],
    )?;
    Ok(())
}

/// The flow logs of an owner in the order of their ids, or the one of that id.
fn flow_logs(
    connection: &Connection,
    owner: &Owner,
    id: Option<&FlowLogId>,
) -> Result<Vec<FlowLogRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, name, scope, resource, kind, topic_region, topic, enabled, description, vpc, period_s, tags,
                created_ms, EXISTS (SELECT 1 FROM topics t WHERE t.account = f.account
                                    AND t.region = f.topic_region AND t.id = f.topic)
         FROM flow_logs f WHERE account = ?1 AND region = ?2 AND (?3 IS NULL OR id = ?3) ORDER BY id",
    )?;
    let key = params![owner.account.as_str(), owner.region.as_str(), id.map(FlowLogId::as_str)];
    let rows = select.query_and_then(key, flow_log)?;
    rows.collect()
}

fn flow_log(row: &Row<'_>) -> Result<FlowLogRow, StoreError> {
    Ok(FlowLogRow {
        id: stored("flow log id", row.get(0)?)?,
        name: row.get(1)?,
        scope: stored("collection scope", row.get(2)?)?,
        resource: row.get(3)?,
        kind: stored("collection type", row.get(4)?)?,
        topic_region: stored("region", row.get(5)?)?,
        topic: stored("topic id", row.get(6)?)?,
        enabled: row.get(7)?,
        description: row.get(8)?,
        vpc: row.get(9)?,
        period_seconds: row.get(10)?,
        tags: tags_from(row.get(11)?)?,
        created: Timestamp::from_millis(row.get(12)?),
        topic_exists: row.get(13)?,
    })
}
