//! A search as a predicate over the columns of segments.
//!
//! Hides: how tests with two truth values are said in SQL's three, and which of them can skip parts of a segment.
//! Knows nothing of: files, SQL text. What a search means is told by `Search::finds`; this finds the same records.

use std::ops::Bound;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use flow::{FIELDS, FieldKind, TimeRange, Timestamp, field};
use query::{Comparison, Filter, IndexedFields, Phrase, Search, TIMESTAMP_FIELD, Test, Word};
use store::{Segment, TIMESTAMP_COLUMN, segment_schema};

use crate::address;
use crate::derived::{self, FLOW_ID};
use crate::engine::Scope;
use crate::phrase::{Cutting, could_be_flow_id, has_phrase, in_any, looks_like};

/// What is true where the search finds the record, and false or null elsewhere.
pub(crate) fn predicate(search: &Search, index: &IndexedFields) -> Expr {
    match search {
        Search::All => lit(true),
        Search::And(parts) => {
            // In this order they are tested, each where those before it hold.
            let (costly, cheap): (Vec<&Search>, Vec<&Search>) =
                parts.iter().partition(|part| is_costly(part));
            all_of(cheap.into_iter().chain(costly).map(|part| predicate(part, index)).collect())
        }
        Search::Or(parts) => any_of(parts.iter().map(|part| predicate(part, index)).collect()),
        // Null, the test of an absent value, is as good as false: so NOT makes it true.
        Search::Not(inner) => predicate(inner, index).is_not_true(),
        Search::Filter(filter) => test(filter, index),
        Search::FullText(phrase) => anywhere(phrase, index),
    }
}

/// What is true of the records of `segments` that `search` finds in `scope`.
pub(crate) fn conditions(scope: &Scope, search: &Search, segments: &[Arc<Segment>]) -> Vec<Expr> {
    vec![within(scope.range, segments), predicate(search, &scope.index)]
}

/// What is true where a record of `segments` starts in `range`.
///
/// An end that no segment crosses needs no test; without any, counting reads no rows.
pub(crate) fn within(range: TimeRange, segments: &[Arc<Segment>]) -> Expr {
    let at = column(TIMESTAMP_COLUMN);
    let starts_before = segments.iter().any(|segment| segment.range().from < range.from);
    let ends_after = segments.iter().any(|segment| segment.range().to > range.to);
    let from = starts_before.then(|| at.clone().gt_eq(moment(range.from)));
    let to = ends_after.then(|| at.clone().lt(moment(range.to)));
    all_of(from.into_iter().chain(to).collect())
}

/// The column of that name, whatever characters it has.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// A moment as a value of the time column.
pub(crate) fn moment(at: Timestamp) -> Expr {
    let schema = segment_schema();
    let zone = match schema.field_with_name(TIMESTAMP_COLUMN).map(|field| field.data_type()) {
        Ok(DataType::Timestamp(_, zone)) => zone.clone(),
        _ => None,
    };
    lit(ScalarValue::TimestampMillisecond(Some(at.millis()), zone))
}

/// What is true where all of `parts` are; true when there are none.
pub(crate) fn all_of(parts: Vec<Expr>) -> Expr {
    balanced(parts, Expr::and).unwrap_or(lit(true))
}

/// What is true where any of `parts` is; false when there are none.
pub(crate) fn any_of(parts: Vec<Expr>) -> Expr {
    balanced(parts, Expr::or).unwrap_or(lit(false))
}

/// Joins `parts` to a tree of little depth, because everything that reads it recurses.
fn balanced(mut parts: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    if parts.len() <= 1 {
        return parts.pop();
    }
    let right = balanced(parts.split_off(parts.len() / 2), join)?;
    Some(join(balanced(parts, join)?, right))
}

/// Whether a search computes a hash, or prints every field of each row.
fn is_costly(search: &Search) -> bool {
    match search {
        Search::All => false,
        Search::And(parts) | Search::Or(parts) => parts.iter().any(is_costly),
        Search::Not(inner) => is_costly(inner),
        Search::Filter(filter) => filter.field == FLOW_ID,
        Search::FullText(_) => true,
    }
}

fn test(filter: &Filter, index: &IndexedFields) -> Expr {
    if filter.field == TIMESTAMP_FIELD {
        let number = |millis| moment(Timestamp::from_millis(millis));
        return number_test(&column(TIMESTAMP_COLUMN), &filter.test, number);
    }
    let Some(field) = field(&filter.field) else {
        return lit(filter.test == Test::Empty); // every record lacks it
    };
    let column = column(field.name);
    let stored_or_same = |test: &dyn Fn(&Expr) -> Expr| match derived::same_as(field.name) {
        Some(same) if compares(&filter.test) => {
            test(&derived::stored(field.name)).or(derived::keeps(same).and(test(&self::column(same.other))))
        }
        Some(_) | None => test(&column),
    };
    match field.kind {
        FieldKind::Long => stored_or_same(&|column| number_test(column, &filter.test, lit)),
        FieldKind::Address => stored_or_same(&|column| address_test(column, &filter.test)),
        FieldKind::Text => {
            let delimiters =
                index.field(field.name).map(|field| field.delimiters.clone()).unwrap_or_default();
            text_test(&column, &filter.test, &Cutting { delimiters, case: index.case })
        }
    }
}

/// Whether a test compares with what is wanted, and so can skip parts of a segment where the column is stored.
fn compares(test: &Test) -> bool {
    match test {
        Test::Compare(..) | Test::Range(..) | Test::Address(_) | Test::Prefix(_) | Test::AddressRange(..) => {
            true
        }
        Test::Exists | Test::Empty | Test::Text(_) | Test::AddressWildcard(_) | Test::AddressPattern(_) => {
            false
        }
    }
}

fn number_test(column: &Expr, test: &Test, number: impl Fn(i64) -> Expr) -> Expr {
    let column = column.clone();
    match test {
        Test::Exists => column.is_not_null(),
        Test::Empty => column.is_null(),
        Test::Compare(comparison, wanted) => compare(column, *comparison, number(*wanted)),
        Test::Range(low, high) => {
            let low = match low {
                Bound::Included(low) => Some(column.clone().gt_eq(number(*low))),
                Bound::Excluded(low) => Some(column.clone().gt(number(*low))),
                Bound::Unbounded => None,
            };
            let high = match high {
                Bound::Included(high) => Some(column.lt_eq(number(*high))),
                Bound::Excluded(high) => Some(column.lt(number(*high))),
                Bound::Unbounded => None,
            };
            all_of(low.into_iter().chain(high).collect())
        }
        Test::Text(_)
        | Test::Address(_)
        | Test::Prefix(_)
        | Test::AddressRange(..)
        | Test::AddressWildcard(_)
        | Test::AddressPattern(_) => lit(false),
    }
}

fn compare(left: Expr, comparison: Comparison, right: Expr) -> Expr {
    match comparison {
        Comparison::Less => left.lt(right),
        Comparison::LessOrEqual => left.lt_eq(right),
        Comparison::Equal => left.eq(right),
        Comparison::GreaterOrEqual => left.gt_eq(right),
        Comparison::Greater => left.gt(right),
    }
}

fn address_test(column: &Expr, test: &Test) -> Expr {
    match test {
        Test::Exists => column.clone().is_not_null(),
        Test::Empty => column.clone().is_null(),
        Test::Address(wanted) => address::between(column, *wanted, *wanted),
        Test::Prefix(prefix) => address::between(column, prefix.first(), prefix.last()),
        Test::AddressRange(first, last) => address::between(column, *first, *last),
        Test::AddressWildcard(wildcard) => looks_like(column, Word::Wildcard(wildcard.clone())),
        Test::AddressPattern(pattern) => looks_like(column, Word::Pattern(pattern.clone())),
        Test::Text(_) | Test::Compare(..) | Test::Range(..) => lit(false),
    }
}

fn text_test(column: &Expr, test: &Test, cutting: &Cutting) -> Expr {
    match test {
        Test::Exists => column.clone().is_not_null(),
        Test::Empty => column.clone().is_null().or(column.clone().eq(lit(""))),
        Test::Text(phrase) => has_phrase(column, phrase, cutting),
        Test::Compare(..)
        | Test::Range(..)
        | Test::Address(_)
        | Test::Prefix(_)
        | Test::AddressRange(..)
        | Test::AddressWildcard(_)
        | Test::AddressPattern(_) => lit(false),
    }
}

/// What is true where the printed value of some field has the phrase.
fn anywhere(phrase: &Phrase, index: &IndexedFields) -> Expr {
    let Some(full_text) = &index.full_text else { return lit(false) };
    let cutting = Cutting { delimiters: full_text.delimiters.clone(), case: full_text.case };
    // A `flow-id` that follows is only computed for what could be one.
    let follows = could_be_flow_id(phrase, &cutting);
    let value = |name| if name == FLOW_ID && !follows { derived::stored(name) } else { column(name) };
    let columns: Vec<(FieldKind, Expr)> =
        FIELDS.iter().map(|field| (field.kind, value(field.name))).collect();
    in_any(&columns, phrase, &cutting)
}
