//! Carries out `CreateIndex`.

use api::{CreateIndex, CreateIndexRequest, CreateIndexResponse};
use store::IndexRow;

use super::prelude::*;
use crate::object::index_rule::{metadata_flag, settings_from};

impl Handle for CreateIndex {
    fn handle(asked: &Asked, request: CreateIndexRequest) -> Result<CreateIndexResponse, Failure> {
        let topic = check::parsed("TopicId", &request.topic_id)?;
        let mut settings = settings_from(request.rule)?;
        settings.include_internal_fields = request.include_internal_fields.unwrap_or(false);
        settings.metadata_flag = metadata_flag(request.metadata_flag.unwrap_or(0))?;
        let index =
            IndexRow { settings, enabled: request.status.unwrap_or(true), modified: (asked.server.clock)() };
        asked.server.store.create_index(&asked.owner, &topic, &index)?;
        Ok(CreateIndexResponse {})
    }
}
