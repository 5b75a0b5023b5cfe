//! Carries out `UploadBatch`.

use std::time::Duration;

use api::{BATCH_BYTES_MAX, Batch, BatchError, Destination, UploadBatch, UploadBatchResponse};
use axum::body::Body;
use flow::{FlowLogId, TopicId};
use store::{BatchFate, NewBatch, Owner, Refusal, StoreError};

use super::prelude::*;
use crate::default_topic;
use crate::http::{blocking, read_body};

/// The most batches that arrive and are decoded at once. With 72 MB each, packed and unpacked, it bounds them to 1.2 GB;
/// real ones have a tenth of that.
pub(crate) const UPLOADS_MAX: usize = 16;

/// When an agent shall try again after too many came at once.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl HandleWaiting for UploadBatch {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<UploadBatchResponse>, Failure> {
        let server = std::sync::Arc::clone(&asked.server);
        let batch = {
            let _turn = server.uploads.try_acquire().ok().ok_or_else(|| {
                let message = "too many batches arrive at once: try again, the agent keeps them until then";
                Failure::new("RequestLimitExceeded", message).retry_after(RETRY_AFTER)
            })?;
            let bytes = read_body(body, BATCH_BYTES_MAX).await?;
            blocking(move || new_batch(&asked, &bytes)).await?
        };
        let records = batch.records.len() as u64;
        let already_stored = match server.ingest.store(batch).await? {
            BatchFate::Stored => false,
            BatchFate::AlreadyStored => true,
            BatchFate::Refused(refusal) => return Err(refused(refusal)),
        };
        Ok(UploadBatchResponse { records, already_stored }.into())
    }
}

fn new_batch(asked: &Asked, bytes: &[u8]) -> Result<NewBatch, Failure> {
    let batch = Batch::decode(bytes).map_err(|error| unreadable(&error))?;
    let gateway = asked.caller.gateway()?;
    let own = batch.account == asked.owner.account
        && batch.region == asked.owner.region
        && batch.gateway == *gateway;
    if !own {
        let message = format!("the batch is of another gateway than `{gateway}`, whose agent sends it");
        return Err(Failure::new("UnauthorizedOperation", message));
    }
    check_records(&batch)?;
    let (owner, topic) = match &batch.destination {
        Destination::FlowLog { flow_log, topic } => (owner_of(topic, flow_log, asked)?, topic.clone()),
        Destination::Ledger => {
            let now = (asked.server.clock)();
            (asked.owner.clone(), default_topic::ensure_ledger(&asked.server.store, &asked.owner, now)?)
        }
    };
    Ok(NewBatch { id: batch.id, owner, topic, gateway: batch.gateway, records: batch.records })
}

/// Where the topic of a flow log stands, which may be another region.
fn owner_of(topic: &TopicId, flow_log: &FlowLogId, asked: &Asked) -> Result<Owner, Failure> {
    let store = &asked.server.store;
    match store.flow_log(&asked.owner, flow_log) {
        Ok(flow_log) if flow_log.topic == *topic => {
            Ok(Owner { region: flow_log.topic_region, ..asked.owner.clone() })
        }
        Ok(_) => {
            let message = format!("flow log `{flow_log}` does not store in topic `{topic}`");
            Err(Failure::new("UnauthorizedOperation", message))
        }
        // One that was deleted since then leaves batches behind that go where most topics are.
        Err(StoreError::NotFound { .. }) => {
            match store.topic(&asked.owner, topic) {
                Ok(topic) => default_topic::refuse_ledger(&topic)?,
                // The store will say so.
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(asked.owner.clone())
        }
        Err(error) => Err(error.into()),
    }
}

/// A record may leave out whose it is, but it may not be another gateway's. The ledger leaves out nothing: whoever reads
/// it asks for one gateway.
fn check_records(batch: &Batch) -> Result<(), Failure> {
    let (gateway, account) = (batch.gateway.to_string(), batch.account.to_string());
    let may_leave_out = batch.destination != Destination::Ledger;
    let foreign = batch.records.iter().any(|record| {
        record.nat_gateway_id.as_deref().map_or(!may_leave_out, |id| id != gateway)
            || record.account_id.as_deref().is_some_and(|id| id != account)
    });
    if foreign {
        let message = format!("the batch holds records of another gateway than `{}`", batch.gateway);
        return Err(Failure::new("UnauthorizedOperation", message));
    }
    Ok(())
}

fn unreadable(error: &BatchError) -> Failure {
    let code = match error {
        BatchError::TooLarge { .. } => "LimitExceeded.LogSize",
        BatchError::UnknownVersion { .. } => "UnsupportedOperation",
        BatchError::NotABatch
        | BatchError::Compression(_)
        | BatchError::Encoding(_)
        | BatchError::InvalidId { .. }
        | BatchError::Inconsistent { .. } => "InvalidParameter.Content",
    };
    Failure::new(code, error.to_string())
}

fn refused(refusal: Refusal) -> Failure {
    let code = match refusal {
        Refusal::UnknownTopic => "ResourceNotFound.TopicNotExist",
        Refusal::NotCollecting => "FailedOperation.TopicClosed",
    };
    Failure::new(code, format!("the batch is not stored: {refusal}"))
}
