//! Carries out `ModifyTopic`.

use api::{ModifyTopic, ModifyTopicRequest, ModifyTopicResponse};
use store::TopicChange;

use super::prelude::*;
use crate::check::DESCRIPTION_CHARS_MAX;
use crate::object::tag::{CLS_TAGS_MAX, tags_from};
use crate::object::topic::{bytes_max, period, topic_name};

impl Handle for ModifyTopic {
    fn handle(asked: &Asked, request: ModifyTopicRequest) -> Result<ModifyTopicResponse, Failure> {
        let id = check::parsed("TopicId", &request.topic_id)?;
        let describes = request.describes.map(|text| check::short("Describes", text, DESCRIPTION_CHARS_MAX));
        let tags = request.tags.map(|tags| tags_from(Some(tags), CLS_TAGS_MAX));
        let change = TopicChange {
            name: request.topic_name.map(topic_name).transpose()?,
            period_days: request.period.map(period).transpose()?,
            bytes_max: request.max_bytes.map(bytes_max).transpose()?,
            describes: describes.transpose()?,
            tags: tags.transpose()?,
            ..TopicChange::default()
        };
        asked.server.store.modify_topic(&asked.owner, &id, &change)?;
        Ok(ModifyTopicResponse {})
    }
}
