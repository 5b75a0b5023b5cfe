//! The table of an analysis, in the two published forms.
//!
//! Hides: how cells become JSON and text.
//! Knows nothing of: how it was computed.

use api::{AnswerColumn, LogItem, LogItems};
use engine::{Cell, Column, Table};
use flow::Timestamp;
use serde_json::{Map, Number, Value};

/// The columns of the newer form.
pub(crate) fn columns_shown(columns: &[Column]) -> Vec<AnswerColumn> {
    let shown =
        |column: &Column| AnswerColumn { name: column.name.clone(), r#type: column.kind.as_str().to_owned() };
    columns.iter().map(shown).collect()
}

/// The rows of the newer form: a JSON object for each, with typed values.
pub(crate) fn records_shown(table: &Table) -> Vec<String> {
    let shown = |row: &Vec<Cell>| {
        let members = table.columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), json(cell)));
        Value::Object(members.collect::<Map<_, _>>()).to_string()
    };
    table.rows.iter().map(shown).collect()
}

/// The rows of the older form: all cells as text.
pub(crate) fn items_shown(table: &Table) -> Vec<LogItems> {
    let shown = |row: &Vec<Cell>| {
        let cells = table.columns.iter().zip(row);
        LogItems {
            data: cells
                .map(|(column, cell)| LogItem { key: column.name.clone(), value: text(cell) })
                .collect(),
        }
    };
    table.rows.iter().map(shown).collect()
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bigint(number) => Value::from(*number),
        // JSON has no infinity; a chart shows a gap.
        Cell::Double(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Cell::Boolean(yes) => Value::Bool(*yes),
        Cell::Timestamp(_) | Cell::Varchar(_) => Value::String(text(cell)),
    }
}

/// The cell as text; `None` when there is no value.
pub(crate) fn text_of(cell: &Cell) -> Option<String> {
    (*cell != Cell::Null).then(|| text(cell))
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Bigint(number) => number.to_string(),
        Cell::Double(number) => number.to_string(),
        Cell::Boolean(yes) => yes.to_string(),
        Cell::Timestamp(at) => moment(*at),
        Cell::Varchar(text) => text.clone(),
    }
}

/// `YYYY-MM-DD HH:MM:SS.mmm`, UTC, as Presto writes a moment.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

#[cfg(test)]
mod tests {
    use engine::ColumnKind;

    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let table = Table {
            columns: vec![
                column("n", ColumnKind::Bigint),
                column("t", ColumnKind::Timestamp),
                column("x", ColumnKind::Double),
            ],
            rows: vec![vec![
                Cell::Bigint(7),
                Cell::Timestamp(Timestamp::from_millis(1_500)),
                Cell::Double(f64::NAN),
            ]],
            cut: false,
        };
        assert_eq!(records_shown(&table), [r#"{"n":7,"t":"1970-01-01 00:00:01.500","x":null}"#]);
        let items = items_shown(&table);
        let values: Vec<&str> = items[0].data.iter().map(|item| item.value.as_str()).collect();
        assert_eq!(values, ["7", "1970-01-01 00:00:01.500", "NaN"]);
        assert_eq!(columns_shown(&table.columns)[1].r#type, "timestamp");
    }
}
