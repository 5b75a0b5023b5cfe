//! Carries out `DeleteTopic`.

use api::{DeleteTopic, DeleteTopicRequest, DeleteTopicResponse};

use super::prelude::*;

impl Handle for DeleteTopic {
    fn handle(asked: &Asked, request: DeleteTopicRequest) -> Result<DeleteTopicResponse, Failure> {
        let id = check::parsed("TopicId", &request.topic_id)?;
        asked.server.store.delete_topic(&asked.owner, &id, (asked.server.clock)())?;
        // Flow logs that store into it are not in force any more.
        asked.server.orders.changed();
        Ok(DeleteTopicResponse {})
    }
}
