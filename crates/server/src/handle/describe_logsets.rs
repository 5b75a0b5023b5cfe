//! Carries out `DescribeLogsets`.

use api::{ClsFilter, DescribeLogsets, DescribeLogsetsRequest, DescribeLogsetsResponse, Logset};
use store::{LogsetFilter, LogsetRow};

use super::prelude::*;
use crate::object::civil::civil_text;
use crate::object::tag::{add_condition, tags_shown};
use crate::object::topic::parsed_ids;

/// How many logsets are listed when nobody says. Source: the published API.
const LIMIT_DEFAULT: u64 = 20;

impl Handle for DescribeLogsets {
    fn handle(asked: &Asked, request: DescribeLogsetsRequest) -> Result<DescribeLogsetsResponse, Failure> {
        let page = check::page(request.offset, request.limit, LIMIT_DEFAULT)?;
        let filter = filter_from(&request.filters.unwrap_or_default())?;
        let found = asked.server.store.describe_logsets(&asked.owner, &filter, page)?;
        Ok(DescribeLogsetsResponse {
            total_count: found.total as u64,
            logsets: found.rows.into_iter().map(shown).collect(),
        })
    }
}

fn filter_from(filters: &[ClsFilter]) -> Result<LogsetFilter, Failure> {
    check::filter_counts(filters.iter().map(|filter| filter.values.as_slice()))?;
    let mut wanted = LogsetFilter::default();
    for ClsFilter { key, values } in filters {
        match key.as_str() {
            "logsetName" => wanted.names.extend(values.iter().cloned()),
            "logsetId" => wanted.ids.extend(parsed_ids(key, values)?),
            _ if add_condition(&mut wanted.tags, "tagKey", key, values) => {}
            _ => return Err(check::unknown_filter(key, "logsetName, logsetId, tagKey or tag:<key>")),
        }
    }
    Ok(wanted)
}

fn shown(row: LogsetRow) -> Logset {
    Logset {
        logset_id: row.id.to_string(),
        logset_name: row.name,
        create_time: civil_text(row.created),
        tags: tags_shown(row.tags),
        topic_count: row.topics,
        metric_topic_count: 0,
        role_name: String::new(),
        assumer_name: String::new(),
    }
}
