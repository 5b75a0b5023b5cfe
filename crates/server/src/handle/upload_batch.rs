//! Carries out `UploadBatch`.

mod admission;

use std::time::Duration;

use api::{BATCH_BYTES_MAX, Batch, BatchError, UploadBatch, UploadBatchResponse};
use axum::body::Body;
use store::{BatchFate, NewBatch, Refusal};

use super::prelude::*;
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
    let (owner, topic) = admission::admitted(asked, &batch)?;
    Ok(NewBatch { id: batch.id, owner, topic, gateway: batch.gateway, records: batch.records })
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
