//! Finds records and writes a few of them as a table.
//!
//! Hides: queries, the width of columns.
//! Knows nothing of: where the records come from.

use std::collections::BTreeMap;

use api::{
    Client, ClientError, DescribeLogHistogram, DescribeLogHistogramRequest, LogRecord, SearchLog,
    SearchLogRequest,
};
use flow::Timestamp;

use super::DemoError;

/// Records of traffic, not of silence or loss.
const OF_TRAFFIC: &str = "log-status:OK";

/// What the table shows: a search each, and how many of its records.
const SHOWN: &[(&str, u64)] =
    &[("action:ACCEPT AND protocol:6", 3), ("action:ACCEPT AND NOT protocol:6", 4), ("action:REJECT", 4)];

const HEADER: [&str; 8] =
    ["TIME (UTC)", "FROM", "TO", "AS", "PROTOCOL", "BYTES OUT", "BYTES BACK", "VERDICT"];

/// How many records of traffic there are between two moments.
pub(super) fn count(client: &Client, topic: &str, from: Timestamp, to: Timestamp) -> Result<u64, DemoError> {
    let request = DescribeLogHistogramRequest {
        from: window_before(from),
        to: to.millis(),
        query: OF_TRAFFIC.to_owned(),
        topic_id: Some(topic.to_owned()),
        interval: None,
        syntax_rule: Some(1),
        allow_partial: None,
    };
    let counted = client.call::<DescribeLogHistogram>(&request).map_err(failed)?;
    Ok(counted.total_count)
}

/// A few records of each kind.
pub(super) fn table(
    client: &Client,
    topic: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<String, DemoError> {
    let mut rows = vec![HEADER.map(str::to_owned)];
    for (search, limit) in SHOWN {
        let request = SearchLogRequest {
            from: window_before(from),
            to: to.millis(),
            query_string: Some(format!("{OF_TRAFFIC} AND {search}")),
            topic_id: Some(topic.to_owned()),
            limit: Some(*limit),
            ..SearchLogRequest::default()
        };
        let found = client.call::<SearchLog>(&request).map_err(failed)?;
        rows.extend(found.results.unwrap_or_default().iter().map(row));
    }
    Ok(aligned(&rows))
}

/// The demo may have begun in the middle of the window that its first records are of.
fn window_before(from: Timestamp) -> i64 {
    flow::WindowLength::MINUTE.window_of(from).start().millis()
}

fn failed(source: ClientError) -> DemoError {
    DemoError::Server { deed: "search the records", source }
}

fn row(record: &LogRecord) -> [String; 8] {
    let fields: BTreeMap<String, String> = serde_json::from_str(&record.log_json).unwrap_or_default();
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let end = |address: &str, port: &str| match (field(address), field(port)) {
        ("", _) => String::new(),
        (address, "" | "0") => address.to_owned(),
        (address, port) if address.contains(':') => format!("[{address}]:{port}"),
        (address, port) => format!("{address}:{port}"),
    };
    let protocol = match field("protocol") {
        "1" | "58" => "ICMP",
        "6" => "TCP",
        "17" => "UDP",
        other => other,
    };
    let verdict = [field("action"), field("reject-reason"), field("reject-rule")].join(" ");
    let second = record.time.div_euclid(1000).rem_euclid(86_400);
    // What an ICMP record has in place of ports is no port.
    let port = |name: &'static str| if protocol == "ICMP" { "" } else { name };
    [
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
        end("srcaddr", port("srcport")),
        end("dstaddr", port("dstport")),
        end("natsrcaddr", port("natsrcport")),
        protocol.to_owned(),
        field("bytes").to_owned(),
        field("reply-bytes").to_owned(),
        verdict.trim().to_owned(),
    ]
}

/// The rows with columns below each other.
fn aligned(rows: &[[String; 8]]) -> String {
    let mut widths = [0; 8];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("  {}\n", cells.join("  ").trim_end())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_becomes_a_row_that_a_person_can_read() {
        let record =
            |json: &str| LogRecord { time: 43_384_000, log_json: json.to_owned(), ..LogRecord::default() };
        let rows = [
            record(
                r#"{"srcaddr":"10.10.0.2","srcport":"4000","dstaddr":"203.0.113.2","dstport":"443","protocol":"6",
                "natsrcaddr":"203.0.113.1","natsrcport":"4000","bytes":"180","reply-bytes":"60","action":"ACCEPT"}"#,
            ),
            record(
                r#"{"srcaddr":"fd10::2","srcport":"9","dstaddr":"2001:db8::2","dstport":"53","protocol":"17","bytes":"8",
                "reply-bytes":"0","action":"REJECT","reject-reason":"ACL","reject-rule":"acl-telemetry"}"#,
            ),
            record(
                r#"{"srcaddr":"10.10.0.2","srcport":"77","dstaddr":"203.0.113.2","dstport":"2048","protocol":"1",
                "action":"ACCEPT"}"#,
            ),
        ];
        let table = aligned(&rows.each_ref().map(row));
        let expected = [
            "  12:03:04  10.10.0.2:4000  203.0.113.2:443   203.0.113.1:4000  TCP   180  60  ACCEPT",
            "  12:03:04  [fd10::2]:9     [2001:db8::2]:53                    UDP   8    0   REJECT ACL acl-telemetry",
            "  12:03:04  10.10.0.2       203.0.113.2                         ICMP           ACCEPT",
        ];
        assert_eq!(table.lines().collect::<Vec<_>>(), expected);
    }
}
