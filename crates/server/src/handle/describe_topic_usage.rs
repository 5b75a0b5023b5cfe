//! Carries out `DescribeTopicUsage`.

use api::{DescribeTopicUsage, DescribeTopicUsageRequest, DescribeTopicUsageResponse, TopicUsage};
use flow::Timestamp;
use store::Usage;

use super::prelude::*;
use crate::search;

impl Handle for DescribeTopicUsage {
    fn handle(
        asked: &Asked,
        request: DescribeTopicUsageRequest,
    ) -> Result<DescribeTopicUsageResponse, Failure> {
        let topic = check::parsed("TopicId", &request.topic_id)?;
        let range = search::range(request.from, request.to)?;
        let hours = asked.server.store.usage(&asked.owner, &topic, range)?;
        Ok(DescribeTopicUsageResponse { hours: hours.into_iter().map(shown).collect() })
    }
}

fn shown((hour, usage): (Timestamp, Usage)) -> TopicUsage {
    TopicUsage {
        hour: hour.millis(),
        written_bytes: usage.written_bytes,
        indexed_bytes: usage.indexed_bytes,
        stored_bytes: usage.stored_bytes,
        queried_bytes: usage.queried_bytes,
        write_requests: usage.write_requests,
        query_requests: usage.query_requests,
    }
}
