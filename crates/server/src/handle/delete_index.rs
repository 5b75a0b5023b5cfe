//! Carries out `DeleteIndex`.

use api::{DeleteIndex, DeleteIndexRequest, DeleteIndexResponse};

use super::prelude::*;

impl Handle for DeleteIndex {
    fn handle(asked: &Asked, request: DeleteIndexRequest) -> Result<DeleteIndexResponse, Failure> {
        let topic = check::parsed("TopicId", &request.topic_id)?;
        asked.server.store.topic(&asked.owner, &topic)?;
        asked.server.store.delete_index(&asked.owner, &topic)?;
        Ok(DeleteIndexResponse {})
    }
}
