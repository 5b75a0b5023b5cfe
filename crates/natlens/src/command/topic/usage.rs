//! `natlens topic usage`: what a topic takes, hour by hour or day by day.
//!
//! Hides: how hours become days.
//! Knows nothing of: how usage is counted.

use api::{Client, DescribeTopicUsage, DescribeTopicUsageRequest, TopicUsage};

use crate::answer::{Answer, Column};
use crate::command::find;
use crate::failure::Failure;
use crate::moment::{self, Moment};
use crate::outside::Outside;
use crate::reach::Reach;

/// Unit: milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug, clap::Args)]
pub(super) struct Usage {
    /// Id or name of the topic; the id when it is deleted
    topic: String,
    /// Hours that begin from here on: `7d` ago, or a date and time
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Moment,
    /// Hours that begin before this
    #[arg(long, value_name = "TIME", default_value = "now")]
    until: Moment,
    /// Sums up whole days in UTC; stored is then that of the last hour
    #[arg(long)]
    daily: bool,
}

const COLUMNS: &[Column<TopicUsage>] = &[
    ("from", |row| moment::shown(row.hour)),
    ("written", |row| row.written_bytes.to_string()),
    ("indexed", |row| row.indexed_bytes.to_string()),
    ("stored", |row| row.stored_bytes.to_string()),
    ("queried", |row| row.queried_bytes.to_string()),
    ("writes", |row| row.write_requests.to_string()),
    ("queries", |row| row.query_requests.to_string()),
];

impl Usage {
    pub(super) fn run(&self, client: &Client, reach: &Reach, outside: &mut Outside) -> Result<(), Failure> {
        let known = find::topics(client)?.into_iter().find(|topic| topic.topic_name == self.topic);
        let now = outside.now();
        let request = DescribeTopicUsageRequest {
            topic_id: known.map_or_else(|| self.topic.clone(), |topic| topic.topic_id),
            from: self.since.seen_from(now).millis(),
            to: self.until.seen_from(now).millis(),
        };
        let hours = client.call::<DescribeTopicUsage>(&request)?.hours;
        let rows = if self.daily { by_day(&hours) } else { hours };
        Answer::list(&rows, COLUMNS)?.write(reach.output, outside.results())
    }
}

/// Sums of days; what is stored is that of the last hour that is known of each.
fn by_day(hours: &[TopicUsage]) -> Vec<TopicUsage> {
    let day_of = |hour: &TopicUsage| hour.hour.div_euclid(DAY_MS);
    let days = hours.chunk_by(|one, next| day_of(one) == day_of(next));
    days.map(|hours| {
        let sum = |amount: fn(&TopicUsage) -> u64| hours.iter().map(amount).sum();
        TopicUsage {
            hour: hours.first().map_or(0, day_of) * DAY_MS,
            written_bytes: sum(|hour| hour.written_bytes),
            indexed_bytes: sum(|hour| hour.indexed_bytes),
            stored_bytes: hours.last().map_or(0, |hour| hour.stored_bytes),
            queried_bytes: sum(|hour| hour.queried_bytes),
            write_requests: sum(|hour| hour.write_requests),
            query_requests: sum(|hour| hour.query_requests),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_sum_up_what_flows_and_keep_what_stays() {
        let hour = |hour: i64, bytes| TopicUsage {
            hour: hour * 3_600_000,
            written_bytes: bytes,
            stored_bytes: bytes,
            ..TopicUsage::default()
        };
        let days = by_day(&[hour(0, 3), hour(23, 4), hour(24, 5)]);
        let told: Vec<_> = days.iter().map(|day| (day.hour, day.written_bytes, day.stored_bytes)).collect();
        assert_eq!(told, [(0, 7, 4), (DAY_MS, 5, 5)]);
    }
}
