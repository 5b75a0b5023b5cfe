//! What flow logs order, also those that were deleted: batches of them still come.
//!
//! Hides: how long a deleted flow log is remembered.
//! Knows nothing of: who sends batches.
//!
//! A deleted flow log is remembered as long as its topic can hold what it collected: until the topic is deleted, or
//! keeps no record any more that was collected before.

use flow::{CollectionScope, FlowLogId, RegionId, Timestamp, TopicId};
use rusqlite::{Row, Transaction, params};

use crate::catalog::owner::Owner;
use crate::catalog::segment::DAY_MS;
use crate::catalog::stored;
use crate::catalog::topic::PERIOD_FOREVER_DAYS;
use crate::error::StoreError;
use crate::store::Store;

/// What a flow log watches and where its records go; neither ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What it watches.
    pub scope: CollectionScope,
    /// The resource watched.
    pub resource: String,
    /// Where its records go.
    pub topic: TopicId,
    /// The region of that topic.
    pub topic_region: RegionId,
}

impl Store {
    /// What the flow log of that id orders, or ordered before it was deleted; `None` when there was none, or its topic
    /// went too.
    pub fn order(&self, owner: &Owner, id: &FlowLogId) -> Result<Option<Order>, StoreError> {
        self.catalog().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT scope, resource, topic, topic_region FROM flow_logs
                 WHERE account = ?1 AND region = ?2 AND id = ?3
                 UNION ALL
                 SELECT scope, resource, topic, topic_region FROM former_flow_logs
                 WHERE account = ?1 AND region = ?2 AND id = ?3",
            )?;
            let key = [owner.account.as_str(), owner.region.as_str(), id.as_str()];
            let mut found = select.query_and_then(key, order)?;
            found.next().transpose()
        })
    }
}

/// Remembers a flow log that is about to be deleted, unless its topic is gone already.
pub(crate) fn remember(
    transaction: &Transaction<'_>,
    owner: &Owner,
    id: &FlowLogId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO former_flow_logs
         SELECT account, region, id, scope, resource, topic_region, topic, ?4 FROM flow_logs f
         WHERE account = ?1 AND region = ?2 AND id = ?3
         AND EXISTS (SELECT 1 FROM topics t WHERE t.account = f.account AND t.region = f.topic_region
                     AND t.id = f.topic)",
    )?;
    insert.execute(params![owner.account.as_str(), owner.region.as_str(), id.as_str(), now.millis()])?;
    Ok(())
}

/// Forgets the deleted flow logs of a topic that is deleted.
pub(crate) fn forget_of_topic(
    transaction: &Transaction<'_>,
    owner: &Owner,
    topic: &TopicId,
) -> rusqlite::Result<()> {
    let delete = "DELETE FROM former_flow_logs WHERE account = ?1 AND topic_region = ?2 AND topic = ?3";
    transaction.execute(delete, [owner.account.as_str(), owner.region.as_str(), topic.as_str()])?;
    Ok(())
}

/// Forgets deleted flow logs whose records are past the retention of their topic; returns how many.
pub(crate) fn forget_old(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<u64> {
    let forgotten = transaction.execute(
        &format!(
            "DELETE FROM former_flow_logs
             WHERE deleted_ms < ?1 - {DAY_MS} * (SELECT period_days FROM topics t
                                                 WHERE t.account = former_flow_logs.account
                                                 AND t.region = topic_region AND t.id = topic
                                                 AND period_days <> ?2)"
        ),
        params![now.millis(), PERIOD_FOREVER_DAYS],
    )?;
    Ok(forgotten as u64)
}

fn order(row: &Row<'_>) -> Result<Order, StoreError> {
    Ok(Order {
        scope: stored("collection scope", row.get(0)?)?,
        resource: row.get(1)?,
        topic: stored("topic id", row.get(2)?)?,
        topic_region: stored("region", row.get(3)?)?,
    })
}
