//! Carries out `CreateTopic`.

use api::{CreateTopic, CreateTopicRequest, CreateTopicResponse};
use store::{BYTES_UNBOUNDED, StorageType, TopicRow};

use super::prelude::*;
use crate::check::DESCRIPTION_CHARS_MAX;
use crate::object::tag::{CLS_TAGS_MAX, tags_from};
use crate::object::topic::{PERIOD_DEFAULT_DAYS, bytes_max, period, storage_id, topic_name};

impl Handle for CreateTopic {
    fn handle(asked: &Asked, request: CreateTopicRequest) -> Result<CreateTopicResponse, Failure> {
        let topic = TopicRow {
            id: storage_id("TopicId", request.topic_id, &asked.owner.account)?,
            logset: check::parsed("LogsetId", &request.logset_id)?,
            name: topic_name(request.topic_name)?,
            period_days: period(request.period.unwrap_or(PERIOD_DEFAULT_DAYS))?,
            bytes_max: bytes_max(request.max_bytes.unwrap_or(BYTES_UNBOUNDED))?,
            storage_type: storage_type(request.storage_type.as_deref())?,
            describes: check::short(
                "Describes",
                request.describes.unwrap_or_default(),
                DESCRIPTION_CHARS_MAX,
            )?,
            tags: tags_from(request.tags, CLS_TAGS_MAX)?,
            collecting: true,
            indexed: false,
            created: (asked.server.clock)(),
        };
        asked.server.store.create_topic(&asked.owner, &topic)?;
        // A flow log may have waited for the topic of this id.
        asked.server.orders.changed();
        Ok(CreateTopicResponse { topic_id: topic.id.to_string() })
    }
}

fn storage_type(word: Option<&str>) -> Result<StorageType, Failure> {
    match check::parsed_if_any("StorageType", word)?.unwrap_or_default() {
        StorageType::Hot => Ok(StorageType::Hot),
        StorageType::Cold => Err(Failure::new(
            "UnsupportedOperation",
            "cold storage is not offered: use `hot`, or leave StorageType out",
        )),
    }
}
