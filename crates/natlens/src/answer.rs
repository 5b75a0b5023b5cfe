//! Rows of an answer: as a table for people, as JSON or CSV for programs.
//!
//! Hides: widths, quoting, how an absent value is shown in each form.
//! Knows nothing of: what the rows are.

use std::io::Write;

use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON object a line, with everything that the server said.
    Json,
    /// Comma-separated values with a header (RFC 4180).
    Csv,
}

/// Rows of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// One row: the cells under the columns, and the whole of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Option<String>>,
    pub(crate) object: Value,
}

/// A column of a list: its name, and what stands in it.
pub(crate) type Column<T> = (&'static str, fn(&T) -> String);

impl Answer {
    /// The list of `items`; an empty cell counts as absent.
    pub(crate) fn list<T: Serialize>(items: &[T], columns: &[Column<T>]) -> Result<Self, Failure> {
        let row = |item: &T| {
            let cells =
                columns.iter().map(|(_, cell)| Some(cell(item)).filter(|text| !text.is_empty())).collect();
            Ok(Row { cells, object: serde_json::to_value(item)? })
        };
        let rows = items.iter().map(row).collect::<Result<_, serde_json::Error>>()?;
        Ok(Self { columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(), rows })
    }

    /// Writes all of it in the form that was asked for.
    pub(crate) fn write(&self, form: Form, out: impl Write) -> Result<(), Failure> {
        match form {
            Form::Table => self.write_table(out),
            Form::Json => self.write_json(out),
            Form::Csv => self.write_csv(out),
        }
    }

    fn write_table(&self, mut out: impl Write) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(self.columns.iter().map(|name| name.to_uppercase()));
        for row in &self.rows {
            table.add_row(row.cells.iter().map(|cell| cell.as_deref().unwrap_or("-")));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(out.flush()?)
    }

    fn write_json(&self, mut out: impl Write) -> Result<(), Failure> {
        for row in &self.rows {
            writeln!(out, "{}", row.object)?;
        }
        Ok(out.flush()?)
    }

    fn write_csv(&self, out: impl Write) -> Result<(), Failure> {
        let mut csv = csv_writer(out);
        csv.write_record(&self.columns)?;
        write_cells(&self.rows, csv)
    }
}

/// Writes rows of the same columns as they come.
#[derive(Debug)]
pub(crate) struct Rows {
    form: Form,
    columns: Vec<String>,
    /// Of a table, by column; they grow with what comes and never shrink.
    widths: Vec<usize>,
    begun: bool,
}

impl Rows {
    pub(crate) fn new(form: Form, columns: &[String]) -> Self {
        Self { form, columns: columns.to_vec(), widths: vec![0; columns.len()], begun: false }
    }

    /// Writes `rows`, under a header the first time.
    pub(crate) fn write(&mut self, rows: Vec<Row>, mut out: impl Write) -> Result<(), Failure> {
        let columns = self.columns.clone();
        let answer = Answer { columns, rows };
        match self.form {
            Form::Table => self.write_table(&answer, &mut out)?,
            Form::Json => answer.write_json(&mut out)?,
            Form::Csv if !self.begun => answer.write_csv(&mut out)?,
            Form::Csv => write_cells(&answer.rows, csv_writer(&mut out))?,
        }
        self.begun = true;
        Ok(out.flush()?)
    }

    fn write_table(&mut self, answer: &Answer, mut out: impl Write) -> Result<(), Failure> {
        let header = answer.columns.iter().map(|name| name.to_uppercase()).collect();
        let header = Some(header).filter(|_| !self.begun);
        let cells = answer
            .rows
            .iter()
            .map(|row| row.cells.iter().map(|cell| cell.clone().unwrap_or("-".into())).collect());
        let lines: Vec<Vec<String>> = header.into_iter().chain(cells).collect();
        for line in &lines {
            for (width, cell) in self.widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for line in &lines {
            let padded = line.iter().zip(&self.widths).map(|(cell, width)| format!("{cell:width$}  "));
            writeln!(out, "{}", padded.collect::<String>().trim_end())?;
        }
        Ok(())
    }
}

fn csv_writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

fn write_cells<W: Write>(rows: &[Row], mut csv: csv::Writer<W>) -> Result<(), Failure> {
    for row in rows {
        csv.write_record(row.cells.iter().map(|cell| cell.as_deref().unwrap_or_default()))?;
    }
    Ok(csv.flush()?)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[derive(Serialize)]
    struct Item {
        name: &'static str,
        days: u32,
        note: &'static str,
    }

    #[track_caller]
    fn check(form: Form, expected: Expect) {
        let items = [
            Item { name: "出口", days: 30, note: "" },
            Item { name: "edge", days: 3640, note: "said \"keep\", twice" },
        ];
        let columns: &[Column<Item>] = &[
            ("name", |item| item.name.to_owned()),
            ("days", |item| item.days.to_string()),
            ("note", |item| item.note.to_owned()),
        ];
        let mut out = Vec::new();
        Answer::list(&items, columns).unwrap().write(form, &mut out).unwrap();
        expected.assert_eq(&String::from_utf8(out).unwrap().replace('\r', "\\r"));
    }

    #[test]
    fn a_table_lines_up_and_shows_what_is_absent() {
        check(
            Form::Table,
            expect![[r#"
            NAME  DAYS  NOTE
            出口  30    -
            edge  3640  said "keep", twice
        "#]],
        );
    }

    #[test]
    fn json_is_one_object_a_line_with_everything() {
        check(
            Form::Json,
            expect![[r#"
            {"name":"出口","days":30,"note":""}
            {"name":"edge","days":3640,"note":"said \"keep\", twice"}
        "#]],
        );
    }

    #[test]
    fn csv_quotes_what_must_be_quoted() {
        check(
            Form::Csv,
            expect![[r#"
            name,days,note\r
            出口,30,\r
            edge,3640,"said ""keep"", twice"\r
        "#]],
        );
    }

    #[test]
    fn rows_that_come_later_stand_under_the_same_header() {
        let row = |name: &str, days: Option<&str>| Row {
            cells: vec![Some(name.to_owned()), days.map(str::to_owned)],
            object: serde_json::json!({ "name": name }),
        };
        let shown = |form| {
            let mut rows = Rows::new(form, &["name".to_owned(), "days".to_owned()]);
            let mut out = Vec::new();
            rows.write(vec![row("edge", Some("3"))], &mut out).unwrap();
            rows.write(vec![row("backbone", Some("12")), row("a", None)], &mut out).unwrap();
            String::from_utf8(out).unwrap().replace('\r', "")
        };
        expect![[r#"
            NAME  DAYS
            edge  3
            backbone  12
            a         -
        "#]]
        .assert_eq(&shown(Form::Table));
        expect![[r#"
            name,days
            edge,3
            backbone,12
            a,
        "#]]
        .assert_eq(&shown(Form::Csv));
    }
}
