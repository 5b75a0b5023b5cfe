//! Reads back all records of a stretch of time.
//!
//! Hides: pages, and the limit of one search.
//! Knows nothing of: what the records should say.

use std::collections::BTreeMap;
use std::time::Duration;

use api::{Client, DescribeLogHistogram, DescribeLogHistogramRequest, SearchLog, SearchLogRequest};
use flow::Timestamp;

use super::StandError;

/// One search gives 10 000 records at most, so time is cut into slices that hold fewer.
const SLICE: Duration = Duration::from_secs(2);

const PAGE_RECORDS: u64 = 1000;

/// The fields of a record as text, by their names.
pub(crate) type Fields = BTreeMap<String, String>;

/// Every record that starts between two moments, whatever its status.
pub(crate) fn between(
    client: &Client,
    topic: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Fields>, StandError> {
    let mut found = Vec::new();
    let mut begin = from;
    while begin < to {
        let end = begin.plus(SLICE).min(to);
        let mut context = None;
        loop {
            let request = SearchLogRequest {
                from: begin.millis(),
                to: end.millis(),
                query_string: Some("*".to_owned()),
                topic_id: Some(topic.to_owned()),
                limit: Some(PAGE_RECORDS),
                context: context.take(),
                ..SearchLogRequest::default()
            };
            let page = client
                .call::<SearchLog>(&request)
                .map_err(|source| StandError::Server { deed: "search the records", source })?;
            let records = page.results.unwrap_or_default();
            found.extend(records.iter().filter_map(|record| serde_json::from_str(&record.log_json).ok()));
            if page.list_over || page.context.is_empty() {
                break;
            }
            context = Some(page.context);
        }
        begin = end;
    }
    Ok(found)
}

/// How many records that start between two moments match the search.
pub(crate) fn count(
    client: &Client,
    topic: &str,
    search: &str,
    (from, to): (Timestamp, Timestamp),
) -> Result<u64, StandError> {
    let request = DescribeLogHistogramRequest {
        from: from.millis(),
        to: to.millis(),
        query: search.to_owned(),
        topic_id: Some(topic.to_owned()),
        interval: None,
        syntax_rule: Some(1),
        allow_partial: None,
    };
    let counted = client
        .call::<DescribeLogHistogram>(&request)
        .map_err(|source| StandError::Server { deed: "count the records", source })?;
    Ok(counted.total_count)
}
