//! Carries out `ModifyLogset`.

use api::{ModifyLogset, ModifyLogsetRequest, ModifyLogsetResponse};
use store::LogsetChange;

use super::prelude::*;
use crate::object::tag::{CLS_TAGS_MAX, tags_from};
use crate::object::topic::NAME_CHARS_MAX;

impl Handle for ModifyLogset {
    fn handle(asked: &Asked, request: ModifyLogsetRequest) -> Result<ModifyLogsetResponse, Failure> {
        let id = check::parsed("LogsetId", &request.logset_id)?;
        let name = request.logset_name.map(|name| check::cls_name("LogsetName", name, NAME_CHARS_MAX));
        let tags = request.tags.map(|tags| tags_from(Some(tags), CLS_TAGS_MAX));
        let change = LogsetChange { name: name.transpose()?, tags: tags.transpose()? };
        asked.server.store.modify_logset(&asked.owner, &id, &change)?;
        Ok(ModifyLogsetResponse {})
    }
}
