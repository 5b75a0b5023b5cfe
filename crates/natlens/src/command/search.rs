//! `natlens search`: finds records, or analyses them with SQL.
//!
//! Hides: pages, and how records and tables of an analysis become rows.
//! Knows nothing of: the language of queries; the server reads it.

mod all;
mod amount;
mod facets;
mod left_out;
mod save;

use std::ffi::OsStr;

use api::{
    Client, ClientError, ErrorPosition, ExplainQuery, ExplainQueryRequest, LogRecord, SearchLog,
    SearchLogRequest, SearchLogResponse,
};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use flow::FIELDS;
use serde_json::Value;

use self::amount::Told;
use self::left_out::LeftOut;
use self::save::Target;
use super::find;
use crate::answer::{Answer, Form, Row};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment::{self, Moment};
use crate::outside::Outside;
use crate::reach::Reach;

/// The most records that the server gives at once: the published limit.
const PAGE_RECORDS: u64 = 1000;

/// The most records that one search gives, in pages: the published limit.
const RECORDS_MAX: u64 = 10_000;

/// The name of the first column: the time of the record.
const TIME: &str = "time";

/// What a table of records shows unless fields are named: what fits on a screen.
pub(super) const TABLE_FIELDS: &[&str] = &[
    "action",
    "protocol",
    "srcaddr",
    "srcport",
    "dstaddr",
    "dstport",
    "natsrcaddr",
    "natsrcport",
    "packets",
    "bytes",
    "reply-packets",
    "reply-bytes",
];

/// What a table shows as well when some record has it.
pub(super) const REFUSAL_FIELDS: &[&str] = &["reject-reason", "reject-rule"];

/// Find records, or analyse them with SQL
///
/// QUERY is `search | SQL`, each part optional. Examples:
///   natlens search 'action:REJECT AND dstaddr:203.0.113.0/24' --since 1h
///   natlens search '* | SELECT srcaddr, sum(bytes) AS b GROUP BY srcaddr ORDER BY b DESC LIMIT 10'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Search {
    /// What to find; everything when left out
    #[arg(default_value = "*")]
    query: String,
    /// Topic to search, by id or name; may be left out when there is one
    #[arg(long)]
    topic: Option<String>,
    /// Start of the time range: `15m` ago, or a date and time
    #[arg(long, value_name = "TIME", default_value = "15m")]
    since: Moment,
    /// End of the time range, excluded
    #[arg(long, value_name = "TIME", default_value = "now")]
    until: Moment,
    /// The most records to print; an analysis sets its own LIMIT
    #[arg(long, value_name = "RECORDS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=RECORDS_MAX))]
    limit: u64,
    /// Prints every record, however many, while they are read
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Writes everything, however much, into this file: `.csv`, `.ndjson` or `.parquet`
    #[arg(long, value_name = "FILE", conflicts_with = "limit")]
    save: Option<Target>,
    /// Tells what would be read and how, and reads no record
    #[arg(long, conflicts_with_all = ["all", "limit", "oldest", "fields", "save"])]
    explain: bool,
    /// Prints the most frequent values of these fields instead, separated by commas, and the query for each
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = FieldName, conflicts_with_all = ["all", "limit", "oldest", "fields", "save", "explain"])]
    facets: Vec<String>,
    /// Begins with the oldest record instead of the newest
    #[arg(long)]
    oldest: bool,
    /// Fields to print, separated by commas [default: the important ones in a table, all in CSV]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = FieldName)]
    fields: Vec<String>,
    /// Answers without the records of damaged segments, and says which they are
    #[arg(long, conflicts_with_all = ["explain", "save"])]
    allow_partial: bool,
    /// Reads the search part by the older rules of Lucene
    #[arg(long)]
    lucene: bool,
    #[command(flatten)]
    reach: Reach,
}

/// What was found.
struct Found {
    answer: Answer,
    /// How much of it that is, and how to get the rest.
    what: String,
    told: Told,
    /// What is missing because its file is damaged.
    left_out: LeftOut,
}

/// Reads the name of a field, with hyphens or underscores.
#[derive(Clone)]
pub(super) struct FieldName;

impl TypedValueParser for FieldName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let name = value.to_string_lossy().replace('_', "-");
        let known = PossibleValuesParser::new(FIELDS.iter().map(|field| field.name));
        known.parse_ref(command, argument, OsStr::new(&name))
    }
}

impl Search {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        if is_bare_sql(&self.query) {
            outside.hint("this searches for words; SQL stands after a pipe: `* | SELECT …`");
        }
        let topic = find::topic(&client, self.topic.as_deref(), "--topic")?;
        let now = outside.now();
        let request = SearchLogRequest {
            from: self.since.seen_from(now).millis(),
            to: self.until.seen_from(now).millis(),
            query_string: Some(self.query.clone()),
            query_syntax: Some(u32::from(!self.lucene)),
            topic_id: Some(topic.topic_id),
            sort: Some(if self.oldest { "asc".to_owned() } else { "desc".to_owned() }),
            use_new_analysis: Some(true),
            allow_partial: Some(self.allow_partial),
            ..SearchLogRequest::default()
        };
        if self.explain {
            return explain(&client, request, outside)
                .inspect_err(|failure| point(failure, &self.query, outside));
        }
        if !self.facets.is_empty() {
            let form = (self.facets.as_slice(), self.reach.output);
            return facets::print(&client, request, form, outside)
                .inspect_err(|failure| point(failure, &self.query, outside));
        }
        if let Some(target) = &self.save {
            let bytes = save::save(&client, request, &self.fields, target)
                .inspect_err(|failure| point(failure, &self.query, outside))?;
            outside.hint(format_args!("{bytes} bytes, everything that was found"));
            return Ok(());
        }
        if self.all {
            let form = (self.fields.as_slice(), self.reach.output);
            let (rows, told) = all::print(&client, request, form, outside)
                .inspect_err(|failure| point(failure, &self.query, outside))?;
            outside.hint(told.line(&found_shown(rows, told.cut)));
            return Ok(());
        }
        let found =
            self.find(&client, request).inspect_err(|failure| point(failure, &self.query, outside))?;
        found.answer.write(self.reach.output, outside.results())?;
        outside.hint(found.told.line(&found.what));
        found.left_out.tell(outside);
        Ok(())
    }

    /// Page by page, or at once when it is an analysis.
    fn find(&self, client: &Client, mut request: SearchLogRequest) -> Result<Found, Failure> {
        let (mut records, mut told) = (Vec::new(), Told::default());
        let mut left_out = LeftOut::default();
        loop {
            let left = self.limit.saturating_sub(count(records.len()));
            request.limit = Some(left.min(PAGE_RECORDS));
            let mut page = client.call::<SearchLog>(&request)?;
            told.add(&page);
            left_out.add(page.left_out.take());
            if page.analysis {
                let answer = table(page)?;
                let mut what = found_shown(count(answer.rows.len()), told.cut);
                if told.cut {
                    what.push_str(": a LIMIT in the SQL gives more, --save every one");
                }
                return Ok(Found { answer, what, told, left_out });
            }
            let found = page.results.unwrap_or_default();
            let over = !told.cut || found.is_empty();
            records.extend(found);
            if over || count(records.len()) >= self.limit {
                let mut what = found_shown(count(records.len()), told.cut);
                if told.cut {
                    what.push_str(": --limit gives more, --all every one");
                }
                let answer = list(&records, &self.fields, self.reach.output)?;
                return Ok(Found { answer, what, told, left_out });
            }
            request.context = Some(page.context);
        }
    }
}

/// How many rows an answer has.
fn found_shown(rows: u64, cut: bool) -> String {
    match rows {
        0 => "nothing found in this time range".to_owned(),
        1 if !cut => "1 row".to_owned(),
        _ => format!("{}{rows} rows", if cut { "the first " } else { "" }),
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// Prints what the query would read.
fn explain(client: &Client, request: SearchLogRequest, outside: &mut Outside) -> Result<(), Failure> {
    let SearchLogRequest { from, to, query_string, query_syntax, topic_id, .. } = request;
    let topic_id = topic_id.unwrap_or_default();
    let request = ExplainQueryRequest { topic_id, from, to, query_string, query_syntax };
    Ok(outside.say(client.call::<ExplainQuery>(&request)?.text.trim_end())?)
}

/// Records under `fields`, or under those that suit the form.
pub(super) fn list(records: &[LogRecord], fields: &[String], form: Form) -> Result<Answer, Failure> {
    let objects = records.iter().map(|record| serde_json::from_str(&record.log_json));
    let objects: Vec<Value> = objects.collect::<Result<_, _>>()?;
    let fields: Vec<String> = if !fields.is_empty() {
        fields.to_vec()
    } else if form == Form::Table {
        let is_known = |name: &&&str| objects.iter().any(|object| object.get(**name).is_some());
        let refusal = REFUSAL_FIELDS.iter().filter(is_known);
        TABLE_FIELDS.iter().chain(refusal).map(|name| (*name).to_owned()).collect()
    } else {
        FIELDS.iter().map(|field| field.name.to_owned()).collect()
    };
    let row = |(record, object): (&LogRecord, Value)| {
        let time = [Some(moment::shown(record.time))];
        let cells = time.into_iter().chain(fields.iter().map(|name| cell(object.get(name)))).collect();
        Row { cells, object }
    };
    let rows = records.iter().zip(objects).map(row).collect();
    Ok(Answer { columns: [TIME.to_owned()].into_iter().chain(fields.iter().cloned()).collect(), rows })
}

/// Whether it is SQL without the pipe that belongs before it.
fn is_bare_sql(query: &str) -> bool {
    let first = query.split_whitespace().next().unwrap_or_default();
    first.eq_ignore_ascii_case("SELECT") && !query.contains('|')
}

/// Shows where the query is wrong, if the server said so.
pub(super) fn point(failure: &Failure, query: &str, outside: &mut Outside) {
    if let Some(position) = position(failure) {
        outside.hint(pointed(query, position));
    }
}

/// Where the server found a mistake in the query.
fn position(failure: &Failure) -> Option<ErrorPosition> {
    let Failure::Client(ClientError::Refused { reply, .. }) = failure else { return None };
    reply.error.position
}

/// The line of the query with the mistake, and a line that points at it.
fn pointed(query: &str, position: ErrorPosition) -> String {
    // Line and column may count inside the SQL; the offset counts in all of the query.
    let number = |wide: u64| usize::try_from(wide).unwrap_or(usize::MAX);
    let (before, after) = query.split_at_checked(number(position.offset)).unwrap_or((query, ""));
    let start = before.rsplit('\n').next().unwrap_or_default();
    let rest = after.split('\n').next().unwrap_or_default();
    // As wide as the text before it: what is not ASCII here is nearly always Chinese, and two columns wide.
    let space: String = start.chars().map(|c| if c.is_ascii() { ' ' } else { '\u{3000}' }).collect();
    let culprit = rest.get(..number(position.length).min(rest.len())).unwrap_or_default();
    format!("{start}{rest}\n{space}{}", "^".repeat(culprit.chars().count().max(1)))
}

/// The table of an analysis.
fn table(page: SearchLogResponse) -> Result<Answer, Failure> {
    let columns: Vec<String> =
        page.columns.unwrap_or_default().into_iter().map(|column| column.name).collect();
    let row = |text: String| {
        let object: Value = serde_json::from_str(&text)?;
        Ok(Row { cells: columns.iter().map(|name| cell(object.get(name))).collect(), object })
    };
    let rows = page.analysis_records.unwrap_or_default().into_iter().map(row);
    let rows = rows.collect::<Result<_, serde_json::Error>>()?;
    Ok(Answer { columns, rows })
}

fn cell(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(other.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use api::AnswerColumn;
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_mistake_is_pointed_at_in_its_line() {
        let at = |offset, length| ErrorPosition { offset, length, line: 1, column: 1 };
        expect![[r#"
              action:ACCEPT AND srcadr:10.0.0.1
                                ^^^^^^"#]]
        .assert_eq(&pointed("action:ACCEPT AND srcadr:10.0.0.1", at(18, 6)));
        expect![[r#"
              AND
                 ^"#]]
        .assert_eq(&pointed("action:ACCEPT\nAND", at(17, 0)));
        expect![[r#"
              * | SELECT cunt(*)
                         ^"#]]
        .assert_eq(&pointed("* | SELECT cunt(*)", at(11, 0)));
    }

    #[test]
    fn a_table_says_why_something_was_refused_only_where_something_was() {
        let columns = |log: &str| {
            let record = LogRecord { log_json: log.to_owned(), ..LogRecord::default() };
            list(&[record], &[], Form::Table).unwrap().columns.split_off(1 + TABLE_FIELDS.len())
        };
        assert_eq!(columns(r#"{"action":"ACCEPT"}"#), [""; 0]);
        assert_eq!(columns(r#"{"action":"REJECT","reject-reason":"OTHER"}"#), ["reject-reason"]);
        assert_eq!(columns(r#"{"reject-reason":"POLICY","reject-rule":"sg web"}"#), REFUSAL_FIELDS);
    }

    #[test]
    fn sql_that_is_not_meant_as_such_is_noticed() {
        assert!(is_bare_sql(" select count(*)") && !is_bare_sql("* | SELECT 1") && !is_bare_sql("selected"));
    }

    #[test]
    fn an_analysis_keeps_the_order_of_its_columns_and_shows_null_as_absent() {
        let column = |name: &str| AnswerColumn { name: name.to_owned(), r#type: "bigint".to_owned() };
        let page = SearchLogResponse {
            analysis: true,
            columns: Some(vec![column("z"), column("a")]),
            analysis_records: Some(vec![r#"{"z":1,"a":"x"}"#.to_owned(), r#"{"z":null,"a":2.5}"#.to_owned()]),
            ..SearchLogResponse::default()
        };
        let mut out = Vec::new();
        table(page).unwrap().write(Form::Table, &mut out).unwrap();
        expect![[r#"
            Z  A
            1  x
            -  2.5
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
