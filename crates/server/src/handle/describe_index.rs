//! Carries out `DescribeIndex`.

use api::{DescribeIndex, DescribeIndexRequest, DescribeIndexResponse};
use store::StoreError;

use super::prelude::*;
use crate::object::civil::civil_text;
use crate::object::index_rule::rule_shown;

impl Handle for DescribeIndex {
    fn handle(asked: &Asked, request: DescribeIndexRequest) -> Result<DescribeIndexResponse, Failure> {
        let topic = check::parsed("TopicId", &request.topic_id)?;
        asked.server.store.topic(&asked.owner, &topic)?;
        let missing = || StoreError::NotFound { what: "index of topic", id: topic.to_string() };
        let index = asked.server.store.index(&asked.owner, &topic)?.ok_or_else(missing)?;
        Ok(DescribeIndexResponse {
            topic_id: topic.to_string(),
            status: index.enabled,
            modify_time: civil_text(index.modified),
            include_internal_fields: index.settings.include_internal_fields,
            metadata_flag: u32::from(index.settings.metadata_flag),
            rule: Some(rule_shown(index.settings)),
        })
    }
}
