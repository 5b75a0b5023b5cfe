//! `natlens ledger`: whether everything that a gateway forwarded or refused is in a record.
//!
//! Hides: where the ledger is, and that an answer of the server is limited.
//! Knows nothing of: how a loss is noticed.

mod line;

use std::time::Duration;

use api::{Client, LEDGER_TOPIC_NAME, LogRecord, SearchLog, SearchLogRequest};
use flow::{FIELDS, FieldKind, LogStatus, Record, TimeRange, Timestamp, Value, WindowLength};

use super::find;
use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment::{self, Moment};
use crate::outside::Outside;
use crate::reach::Reach;
use line::{Line, lines, summary};

/// The most rows that the server gives at once: the published limit.
const PAGE_ROWS: u64 = 1000;

/// How long after its end a window is expected in the ledger: its drain, its batch and a busy server.
const DELIVERY: Duration = Duration::from_secs(10);

/// Say whether every packet is in a record
///
/// One line for each window: what the kernel counted, what was recorded, and what was lost by which cause. Exit codes: 0
/// when every window is complete, 3 when one is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Ledger {
    /// Gateway, by id or name; may be left out when there is one
    #[arg(long)]
    gateway: Option<String>,
    /// Start of the time range: `15m` ago, or a date and time
    #[arg(long, value_name = "TIME", default_value = "1h")]
    since: Moment,
    /// End of the time range, excluded
    #[arg(long, value_name = "TIME", default_value = "now")]
    until: Moment,
    /// Shows only windows that are not complete
    #[arg(long)]
    incomplete: bool,
    #[command(flatten)]
    reach: Reach,
}

const COLUMNS: &[Column<Line>] = &[
    ("start", |line| moment::shown(line.start.millis())),
    ("end", |line| moment::shown(line.end.millis())),
    ("kernel", |line| line.kernel_packets.map(|packets| packets.to_string()).unwrap_or_default()),
    ("recorded", |line| line.recorded_packets.to_string()),
    ("lost", Line::lost_text),
    ("verdict", |line| line.verdict().to_owned()),
];

impl Ledger {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        let gateways = find::gateways(&client)?;
        let gateway = find::named_or_only(gateways, self.gateway.as_deref(), "--gateway")?;
        // An agent that never said how it works has told nothing yet.
        let length = WindowLength::try_from(gateway.window_seconds).unwrap_or_default();
        let range = self.whole_windows(length, outside.now());
        if range.from >= range.to {
            return Err(Failure::Arguments(format!(
                "no window of {} s has ended in this time range: begin earlier with --since",
                length.seconds()
            )));
        }
        let topics = find::topics(&client)?;
        let rows = match topics.into_iter().find(|topic| topic.topic_name == LEDGER_TOPIC_NAME) {
            Some(topic) => rows(&client, &topic.topic_id, &gateway.nat_gateway_id, range)?,
            None => Vec::new(),
        };
        let lines = lines(&rows, range);
        let shown: Vec<&Line> = lines.iter().filter(|line| !self.incomplete || !line.is_complete()).collect();
        let shown: Vec<Line> = shown.into_iter().cloned().collect();
        Answer::list(&shown, COLUMNS)?.write(self.reach.output, outside.results())?;
        let said = summary(&lines, range);
        if !lines.iter().all(Line::is_complete) {
            return Err(Failure::Incomplete(said));
        }
        outside.hint(said);
        Ok(())
    }

    /// The windows that the time range touches, and that have ended long enough ago to be in the ledger.
    fn whole_windows(&self, length: WindowLength, now: Timestamp) -> TimeRange {
        let expected_until = length.window_of(now.minus(DELIVERY)).start();
        let until = self.until.seen_from(now);
        let last = length.window_of(until);
        let touched_until = if last.start() == until { until } else { last.end() };
        TimeRange {
            from: length.window_of(self.since.seen_from(now)).start(),
            to: touched_until.min(expected_until),
        }
    }
}

/// The rows of a gateway in the ledger, oldest first.
fn rows(client: &Client, topic: &str, gateway: &str, range: TimeRange) -> Result<Vec<Record>, Failure> {
    let mut rows: Vec<Record> = Vec::new();
    let mut request = SearchLogRequest {
        from: range.from.millis(),
        to: range.to.millis(),
        query_string: Some(format!("nat-gateway-id:\"{gateway}\"")),
        query_syntax: Some(1),
        topic_id: Some(topic.to_owned()),
        sort: Some("asc".to_owned()),
        limit: Some(PAGE_ROWS),
        ..SearchLogRequest::default()
    };
    loop {
        let page = client.call::<SearchLog>(&request)?;
        let found = page.results.unwrap_or_default();
        let none_found = found.is_empty();
        rows.extend(found.iter().map(row).collect::<Result<Vec<_>, _>>()?);
        if page.list_over || none_found {
            return Ok(rows);
        }
        if page.context.is_empty() {
            // The answer has as many rows as one may have; another begins at the last window, which may be cut.
            let Some(last) = rows.last().map(|row| row.start) else { return Ok(rows) };
            let is_stuck = last.millis() <= request.from;
            if is_stuck {
                return Ok(rows);
            }
            rows.retain(|row| row.start < last);
            request.from = last.millis();
        }
        request.context = Some(page.context).filter(|context| !context.is_empty());
    }
}

/// A row of the ledger as the search gives it: every member a text.
fn row(found: &LogRecord) -> Result<Record, Failure> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&found.log_json)?;
    let at = Timestamp::from_millis(found.time);
    let mut row = Record::empty(at, at, LogStatus::Ok);
    for field in FIELDS {
        let Some(text) = object.get(field.name).and_then(serde_json::Value::as_str) else { continue };
        match field.kind {
            FieldKind::Text => (field.set)(&mut row, Value::Text(text.into())),
            FieldKind::Long => {
                if let Ok(number) = text.parse() {
                    (field.set)(&mut row, Value::Long(number));
                }
            }
            // No row of the ledger has one.
            FieldKind::Address => {}
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_are_not_over_are_not_expected() {
        let minute = |text: &str| text.parse::<Moment>().unwrap().seen_from(Timestamp::default());
        let ledger = |since: &str, until: &str| Ledger {
            gateway: None,
            since: since.parse().unwrap(),
            until: until.parse().unwrap(),
            incomplete: false,
            reach: Reach::default(),
        };
        let now = minute("2026-11-25T12:00:30");
        let range = |ledger: Ledger| {
            let TimeRange { from, to } = ledger.whole_windows(WindowLength::MINUTE, now);
            (from, to)
        };
        assert_eq!(range(ledger("90s", "now")), (minute("2026-11-25T11:59"), minute("2026-11-25T12:00")));
        assert_eq!(
            range(ledger("2026-11-25T10:00:30", "2026-11-25T10:01:30")),
            (minute("2026-11-25T10:00"), minute("2026-11-25T10:02")),
            "every window that the range touches"
        );
        assert_eq!(
            range(ledger("2026-11-25T10:00", "2026-11-25T10:01")),
            (minute("2026-11-25T10:00"), minute("2026-11-25T10:01"))
        );
    }

    #[test]
    fn a_row_is_read_from_the_texts_of_a_search() {
        let log_json = r#"{"start-ms":"60000","end-ms":"120000","log-status":"SKIPDATA","lost":"7","lost-cause":"spool-full"}"#;
        let found = LogRecord { time: 60_000, log_json: log_json.to_owned(), ..LogRecord::default() };
        let row = row(&found).unwrap();
        assert_eq!((row.start.seconds(), row.end.seconds(), row.lost), (60, 120, Some(7)));
        assert_eq!(row.lost_cause, Some(flow::LossCause::SpoolFull));
    }
}
