//! Carries out `DescribeTopics`.

use api::{ClsFilter, DescribeTopics, DescribeTopicsRequest, DescribeTopicsResponse};
use store::{LogsetFilter, NameMatch, Page, StorageType, TopicFilter};

use super::prelude::*;
use crate::object::tag::add_condition;
use crate::object::topic::{parsed_ids, topic_shown};

/// How many topics are listed when nobody says. Source: the published API.
const LIMIT_DEFAULT: u64 = 20;

impl Handle for DescribeTopics {
    fn handle(asked: &Asked, request: DescribeTopicsRequest) -> Result<DescribeTopicsResponse, Failure> {
        let page = check::page(request.offset, request.limit, LIMIT_DEFAULT)?;
        let mut filter = filter_from(&request.filters.unwrap_or_default())?;
        (filter.name_match, filter.logset_name_match) = match request.precise_search.unwrap_or(0) {
            0 => (NameMatch::Contains, NameMatch::Contains),
            1 => (NameMatch::Exact, NameMatch::Contains),
            2 => (NameMatch::Contains, NameMatch::Exact),
            3 => (NameMatch::Exact, NameMatch::Exact),
            other => {
                let message = format!("PreciseSearch is {other}: 0, 1, 2 and 3 are accepted");
                return Err(Failure::new("InvalidParameterValue", message));
            }
        };
        if request.biz_type.unwrap_or(0) != 0 {
            return Err(Failure::new(
                "UnsupportedOperation",
                "metric topics are not offered: BizType must be 0",
            ));
        }
        let store = &asked.server.store;
        let found = store.describe_topics(&asked.owner, &filter, page)?;
        let logsets = store.describe_logsets(&asked.owner, &LogsetFilter::default(), Page::ALL)?.rows;
        Ok(DescribeTopicsResponse {
            topics: found.rows.into_iter().map(|row| topic_shown(row, &logsets)).collect(),
            total_count: found.total as u64,
        })
    }
}

fn filter_from(filters: &[ClsFilter]) -> Result<TopicFilter, Failure> {
    check::filter_counts(filters.iter().map(|filter| filter.values.as_slice()))?;
    let mut wanted = TopicFilter::default();
    for ClsFilter { key, values } in filters {
        match key.as_str() {
            "topicName" => wanted.names.extend(values.iter().cloned()),
            "logsetName" => wanted.logset_names.extend(values.iter().cloned()),
            "topicId" => wanted.ids.extend(parsed_ids(key, values)?),
            "logsetId" => wanted.logsets.extend(parsed_ids(key, values)?),
            "storageType" => wanted.storage_types.extend(parsed_ids::<StorageType>(key, values)?),
            _ if add_condition(&mut wanted.tags, "tagKey", key, values) => {}
            _ => {
                let known = "topicName, logsetName, topicId, logsetId, storageType, tagKey or tag:<key>";
                return Err(check::unknown_filter(key, known));
            }
        }
    }
    Ok(wanted)
}
