//! `natlens queries`: the queries that run on a server, those that were slow, and an end to one.
//!
//! Hides: how figures are shortened for people.
//! Knows nothing of: how queries are carried out.

use api::{CancelQuery, CancelQueryRequest, DescribeQueries, DescribeQueriesRequest, QueryRun};

use crate::answer::{Answer, Column};
use crate::config::Config;
use crate::failure::Failure;
use crate::moment;
use crate::outside::Outside;
use crate::reach::Reach;

/// The longest statement that a table shows; JSON has all of it.
const STATEMENT_CHARS: usize = 80;

/// List the queries that run and those that were slow, or end one
#[derive(Debug, clap::Args)]
#[command(subcommand_required = false, args_conflicts_with_subcommands = true)]
pub(crate) struct Queries {
    /// Lists those that were slow instead, the newest first
    #[arg(long)]
    slow: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// End a query that waits or runs
    Cancel {
        /// Id of the query, as the list shows it
        #[arg(value_name = "QUERY")]
        query: String,
    },
}

const COLUMNS: &[Column<QueryRun>] = &[
    ("id", |row| row.query_id.clone()),
    ("user", |row| row.user.clone()),
    ("state", state),
    ("started", |row| moment::shown(row.started)),
    ("took", |row| format!("{}.{:03} s", row.took_ms / 1000, row.took_ms % 1000)),
    ("rows", |row| of(row.scanned.rows, row.scanned.rows_total)),
    ("bytes", |row| of(row.scanned.bytes, row.scanned.bytes_total)),
    ("topic", |row| row.topic_id.clone()),
    ("statement", |row| shortened(&row.statement)),
];

impl Queries {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let client = self.reach.client(config)?;
        if let Some(Deed::Cancel { query }) = self.deed {
            client.call::<CancelQuery>(&CancelQueryRequest { query_id: query.clone() })?;
            outside.hint(format!("query `{query}` ends"));
            return Ok(());
        }
        let queries = client.call::<DescribeQueries>(&DescribeQueriesRequest {})?;
        let rows = if self.slow { &queries.slow } else { &queries.running };
        Answer::list(rows, COLUMNS)?.write(self.reach.output, outside.results())?;
        if rows.is_empty() {
            let (slow, slow_ms) = (queries.slow.len(), queries.slow_ms);
            outside.hint(if self.slow {
                format!(
                    "no query took {slow_ms} ms or longer since the server started (`server.slow_query_ms`)"
                )
            } else {
                format!("no query runs; {slow} took {slow_ms} ms or longer (--slow)")
            });
        }
        Ok(())
    }
}

fn state(row: &QueryRun) -> String {
    match row.ahead {
        0 => row.state.clone(),
        ahead => format!("{}, {ahead} ahead", row.state),
    }
}

fn of(part: u64, total: u64) -> String {
    format!("{part} of {total}")
}

/// One line, as long as fits.
fn shortened(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= STATEMENT_CHARS {
        return line;
    }
    line.chars().take(STATEMENT_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_statement_is_shortened_to_one_line() {
        assert_eq!(shortened("*\n  | SELECT 1"), "* | SELECT 1");
        let long = shortened(&"ä".repeat(100));
        assert_eq!((long.chars().count(), long.chars().last()), (STATEMENT_CHARS, Some('…')));
    }

    #[test]
    fn who_waits_is_told_the_place() {
        let row = QueryRun { state: "Waiting".to_owned(), ahead: 2, ..QueryRun::default() };
        assert_eq!(state(&row), "Waiting, 2 ahead");
    }
}
