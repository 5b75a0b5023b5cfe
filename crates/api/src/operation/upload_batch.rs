//! `UploadBatch`: an agent hands over records, or an import; answered only when they are durable.

use super::prelude::*;

/// The body is a batch (see `Batch`), not JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct UploadBatchRequest {}

/// What became of the batch.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UploadBatchResponse {
    /// How many records the batch holds.
    pub records: u64,
    /// Whether it had been stored before; it is stored once all the same.
    pub already_stored: bool,
}

operation!(Natlens UploadBatch(Upload): UploadBatchRequest => UploadBatchResponse, "Stores a batch of records, once; the body is an encoded batch.");
