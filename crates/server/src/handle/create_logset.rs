//! Carries out `CreateLogset`.

use api::{CreateLogset, CreateLogsetRequest, CreateLogsetResponse};
use store::LogsetRow;

use super::prelude::*;
use crate::object::tag::{CLS_TAGS_MAX, tags_from};
use crate::object::topic::{NAME_CHARS_MAX, storage_id};

impl Handle for CreateLogset {
    fn handle(asked: &Asked, request: CreateLogsetRequest) -> Result<CreateLogsetResponse, Failure> {
        let logset = LogsetRow {
            id: storage_id("LogsetId", request.logset_id, &asked.owner.account)?,
            name: check::cls_name("LogsetName", request.logset_name, NAME_CHARS_MAX)?,
            tags: tags_from(request.tags, CLS_TAGS_MAX)?,
            topics: 0,
            created: (asked.server.clock)(),
        };
        asked.server.store.create_logset(&asked.owner, &logset)?;
        Ok(CreateLogsetResponse { logset_id: logset.id.to_string() })
    }
}
