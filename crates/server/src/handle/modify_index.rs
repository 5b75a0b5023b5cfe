//! Carries out `ModifyIndex`.

use api::{ModifyIndex, ModifyIndexRequest, ModifyIndexResponse};
use store::{IndexRow, IndexSettings, StoreError};

use super::prelude::*;
use crate::object::index_rule::{metadata_flag, settings_from};

impl Handle for ModifyIndex {
    fn handle(asked: &Asked, request: ModifyIndexRequest) -> Result<ModifyIndexResponse, Failure> {
        let store = &asked.server.store;
        let topic = check::parsed("TopicId", &request.topic_id)?;
        store.topic(&asked.owner, &topic)?;
        let missing = || StoreError::NotFound { what: "index of topic", id: topic.to_string() };
        let before = store.index(&asked.owner, &topic)?.ok_or_else(missing)?;

        let changed = request.rule.map(settings_from).transpose()?;
        let settings = match changed {
            Some(settings) => IndexSettings {
                include_internal_fields: before.settings.include_internal_fields,
                metadata_flag: before.settings.metadata_flag,
                ..settings
            },
            None => before.settings,
        };
        let flag = request.metadata_flag.map(metadata_flag).transpose()?;
        let settings = IndexSettings {
            include_internal_fields: request
                .include_internal_fields
                .unwrap_or(settings.include_internal_fields),
            metadata_flag: flag.unwrap_or(settings.metadata_flag),
            ..settings
        };
        let enabled = request.status.unwrap_or(before.enabled);
        let index = IndexRow { settings, enabled, modified: (asked.server.clock)() };
        store.modify_index(&asked.owner, &topic, &index)?;
        Ok(ModifyIndexResponse {})
    }
}
