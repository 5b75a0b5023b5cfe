//! `natlens whois`: who was behind a public address and port at a moment.
//!
//! Hides: which records tell that, and how far before the moment they may begin.
//! Knows nothing of: how records are found; the server searches.

use std::net::SocketAddr;

use api::{Client, LogRecord, SearchLog, SearchLogRequest};
use flow::Timestamp;
use serde_json::Value;

use super::find;
use super::search::{self, FieldName};
use crate::answer::Form;
use crate::config::Config;
use crate::failure::Failure;
use crate::moment::{self, Moment};
use crate::outside::Outside;
use crate::reach::Reach;

/// The longest window: a record of the moment begins no earlier. Unit: milliseconds.
const WINDOW_MS_MAX: i64 = 600_000;

/// The most records that are looked through: the published limit of a page.
const RECORDS_MAX: u64 = 1000;

/// What a table shows unless fields are named.
const FIELDS: &[&str] = &[
    "srcaddr",
    "srcport",
    "natsrcaddr",
    "natsrcport",
    "dstaddr",
    "dstport",
    "natdstaddr",
    "natdstport",
    "protocol",
    "start",
    "end",
    "instance-id",
    "nat-gateway-id",
];

/// Tell who was behind a public address and port at a moment
///
/// Example:
///   natlens whois 198.51.100.7:43210 --protocol tcp --at 2026-11-22T14:03:12Z
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Whois {
    /// Public address and port, for example `198.51.100.7:43210` or `[2001:db8::7]:443`
    #[arg(value_name = "ADDRESS:PORT")]
    endpoint: SocketAddr,
    /// Protocol by name or number; every protocol when left out
    #[arg(long)]
    protocol: Option<String>,
    /// The moment: `15m` ago, or a date and time
    #[arg(long, value_name = "TIME", default_value = "now")]
    at: Moment,
    /// How far clocks may differ, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=3600))]
    skew: u32,
    /// Topic to search, by id or name; may be left out when there is one
    #[arg(long)]
    topic: Option<String>,
    /// Fields to print, separated by commas [default: the important ones in a table, all in CSV]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = FieldName)]
    fields: Vec<String>,
    #[command(flatten)]
    reach: Reach,
}

/// What is recorded of the time around the moment.
struct Coverage {
    /// Records of any kind.
    records: u64,
    /// Windows that contain the moment and lack something.
    gaps: u64,
}

impl Whois {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let topic = find::topic(&client, self.topic.as_deref(), "--topic")?;
        let at = self.at.seen_from(outside.now());
        let request = self.request(topic.topic_id, at);
        let found = client.call::<SearchLog>(&request)?;
        let near = found.results.unwrap_or_default();
        let then: Vec<LogRecord> = near.iter().filter(|record| self.contains(record, at)).cloned().collect();
        let fields = if self.fields.is_empty() && self.reach.output == Form::Table {
            FIELDS.iter().map(|name| (*name).to_owned()).collect()
        } else {
            self.fields.clone()
        };
        search::list(&then, &fields, self.reach.output)?.write(self.reach.output, outside.results())?;
        let moment = moment::shown(at.millis());
        if then.is_empty() && near.is_empty() {
            outside.hint(format!("nobody used {} at {moment} or in the ten minutes before", self.endpoint));
        } else if then.is_empty() {
            outside.hint(format!("nobody sent a packet from {} at {moment}; {} conversations did in the ten minutes before: `natlens search '{}'` lists them", self.endpoint, near.len(), self.query()));
        } else if !found.list_over {
            outside
                .hint(format!("only the last {RECORDS_MAX} records were looked through: name the protocol"));
        }
        outside.hint(self.coverage(&client, request, at)?.told(&moment));
        Ok(())
    }

    fn request(&self, topic: String, at: Timestamp) -> SearchLogRequest {
        SearchLogRequest {
            from: at.millis().saturating_sub(WINDOW_MS_MAX + self.skew_ms()),
            to: at.millis().saturating_add(self.skew_ms() + 1),
            query_string: Some(self.query()),
            query_syntax: Some(1),
            topic_id: Some(topic),
            limit: Some(RECORDS_MAX),
            use_new_analysis: Some(true),
            ..SearchLogRequest::default()
        }
    }

    /// What left with the address and port after translation, or was sent to them and translated to the inside.
    fn query(&self) -> String {
        let (address, port) = (self.endpoint.ip(), self.endpoint.port());
        let protocol =
            self.protocol.as_ref().map(|name| format!(" AND protocol:\"{name}\"")).unwrap_or_default();
        format!(
            "action:ACCEPT{protocol} AND ((natsrcaddr:\"{address}\" AND natsrcport:{port}) OR (dstaddr:\"{address}\" AND \
             dstport:{port} AND nat-type:(DNAT OR BOTH)))"
        )
    }

    fn contains(&self, record: &LogRecord, at: Timestamp) -> bool {
        let object: Value = serde_json::from_str(&record.log_json).unwrap_or_default();
        let end = number(object.get("end-ms")).unwrap_or(record.time);
        record.time <= at.millis() + self.skew_ms() && at.millis() - self.skew_ms() <= end
    }

    /// How complete the records of the moment are.
    fn coverage(
        &self,
        client: &Client,
        request: SearchLogRequest,
        at: Timestamp,
    ) -> Result<Coverage, Failure> {
        let since = at.millis() - self.skew_ms();
        let sql = format!(
            "* | SELECT count(*) AS records, count_if(\"log-status\" = 'SKIPDATA' AND \"end-ms\" >= {since}) AS gaps"
        );
        let request = SearchLogRequest { query_string: Some(sql), limit: None, ..request };
        let answer = client.call::<SearchLog>(&request)?.analysis_records.unwrap_or_default();
        let row: Value = answer.first().map(|row| serde_json::from_str(row)).transpose()?.unwrap_or_default();
        let count =
            |name: &str| number(row.get(name)).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        Ok(Coverage { records: count("records"), gaps: count("gaps") })
    }

    fn skew_ms(&self) -> i64 {
        i64::from(self.skew) * 1000
    }
}

impl Coverage {
    fn told(&self, moment: &str) -> String {
        match self {
            Self { records: 0, .. } => {
                format!(
                    "nothing at all is recorded of the ten minutes before {moment}: this says nothing about who it was"
                )
            }
            Self { gaps: 0, .. } => format!("no loss is recorded at {moment}"),
            Self { gaps, .. } => {
                format!(
                    "the records of {moment} are incomplete: {gaps} windows lack something (`log-status:SKIPDATA`)"
                )
            }
        }
    }
}

/// A number, which records hold as text.
fn number(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_recorded_is_said() {
        let told = |records, gaps| Coverage { records, gaps }.told("noon");
        assert_eq!(told(3, 0), "no loss is recorded at noon");
        assert!(told(3, 1).starts_with("the records of noon are incomplete: 1 windows"));
        assert!(told(0, 0).starts_with("nothing at all is recorded"));
    }

    #[test]
    fn numbers_are_read_from_text_too() {
        assert_eq!(number(Some(&Value::from("7"))), Some(7));
        assert_eq!(number(Some(&Value::from(7))), Some(7));
        assert_eq!(number(Some(&Value::from("x"))), None);
    }
}
