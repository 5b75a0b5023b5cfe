//! `natlens search --all`: every record that a search finds, printed while it is read.
//!
//! Hides: that one answer has a most number of records, and the next begins where it ended.
//! Knows nothing of: how records are found.

use std::collections::HashSet;

use api::{Client, LogRecord, SearchLog, SearchLogRequest};

use super::amount::Told;
use super::left_out::LeftOut;
use super::{PAGE_RECORDS, RECORDS_MAX, REFUSAL_FIELDS, TABLE_FIELDS, list, table};
use crate::answer::{Form, Rows};
use crate::failure::Failure;
use crate::outside::Outside;

/// Where the records that are printed end.
#[derive(Debug, Default)]
struct Edge {
    /// The time of the last one. Unit: Unix milliseconds.
    at: Option<i64>,
    /// Those of that time, which the next answer has again.
    printed: HashSet<String>,
}

/// Prints all that `request` finds; returns how many rows that are, and what was read for them.
pub(super) fn print(
    client: &Client,
    mut request: SearchLogRequest,
    (fields, form): (&[String], Form),
    outside: &mut Outside,
) -> Result<(u64, Told), Failure> {
    request.limit = Some(PAGE_RECORDS);
    let fields = shown(fields, form);
    let (mut edge, mut told) = (Edge::default(), Told::default());
    let (mut rows, mut printed, mut listed, mut before) = (None, 0, 0, None);
    let mut left_out = LeftOut::default();
    loop {
        let mut page = client.call::<SearchLog>(&request)?;
        told.add(&page);
        left_out.add(page.left_out.take());
        if page.analysis {
            let answer = table(page)?;
            answer.write(form, outside.results())?;
            left_out.tell(outside);
            return Ok((u64::try_from(answer.rows.len()).unwrap_or(u64::MAX), told));
        }
        let (context, over) = (page.context, page.list_over);
        let records = page.results.unwrap_or_default();
        let ended = over || records.is_empty();
        listed += u64::try_from(records.len()).unwrap_or(u64::MAX);
        let fresh = edge.fresh(records);
        printed += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        let answer = list(&fresh, &fields, form)?;
        let rows = rows.get_or_insert_with(|| Rows::new(form, &answer.columns));
        rows.write(answer.rows, outside.results())?;
        if ended {
            left_out.tell(outside);
            return Ok((printed, told));
        }
        request.context = Some(context);
        if listed >= RECORDS_MAX {
            if edge.at == before {
                outside.hint(format!(
                    "more than {RECORDS_MAX} records begin at one millisecond: narrow the search for the rest"
                ));
                return Ok((printed, told));
            }
            (before, listed) = (edge.at, 0);
            edge.narrow(&mut request);
        }
    }
}

impl Edge {
    /// Those of `records` that are not printed yet; they count as printed then.
    fn fresh(&mut self, records: Vec<LogRecord>) -> Vec<LogRecord> {
        let mut fresh = Vec::new();
        for record in records {
            if self.at != Some(record.time) {
                self.at = Some(record.time);
                self.printed.clear();
            }
            if self.printed.insert(record.pkg_log_id.clone()) {
                fresh.push(record);
            }
        }
        fresh
    }

    /// Asks for what lies at the edge and beyond.
    fn narrow(&self, request: &mut SearchLogRequest) {
        let Some(at) = self.at else { return };
        if request.sort.as_deref() == Some("asc") {
            request.from = at;
        } else {
            request.to = at.saturating_add(1);
        }
        request.context = None;
    }
}

/// The fields of a table are the same from the first record to the last.
fn shown(fields: &[String], form: Form) -> Vec<String> {
    if fields.is_empty() && form == Form::Table {
        return TABLE_FIELDS.iter().chain(REFUSAL_FIELDS).map(|name| (*name).to_owned()).collect();
    }
    fields.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(written: &[(i64, &str)]) -> Vec<LogRecord> {
        let record = |(time, row): &(i64, &str)| LogRecord {
            time: *time,
            pkg_log_id: (*row).to_owned(),
            ..LogRecord::default()
        };
        written.iter().map(record).collect()
    }

    #[test]
    fn what_the_next_answer_has_again_is_printed_once() {
        let mut edge = Edge::default();
        assert_eq!(edge.fresh(records(&[(9, "5"), (7, "4"), (7, "3")])).len(), 3);
        let mut request = SearchLogRequest { from: 0, to: 10, ..SearchLogRequest::default() };
        edge.narrow(&mut request);
        assert_eq!((request.from, request.to), (0, 8));
        let fresh = edge.fresh(records(&[(7, "4"), (7, "3"), (7, "2"), (6, "1")]));
        assert_eq!(fresh.iter().map(|record| record.pkg_log_id.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    }
}
