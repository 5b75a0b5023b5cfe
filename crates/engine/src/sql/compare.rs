//! `compare`: what a subquery says now beside what it said some seconds before.
//!
//! The subquery is asked once more for every span of seconds, over the table of those records with their moments moved
//! to now; so its groups meet those of now, whatever they are made of.
//!
//! Hides: how the answers are joined.
//! Knows nothing of: where the earlier records come from; [`table_before`] names their table.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, GroupByExpr, Ident, ObjectName, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, VisitMut as _, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::call::{literal, plain_arguments, undecorated};
use super::{TABLE, single};
use crate::function::said::filled;

/// The name of the function.
const COMPARE: &str = "compare";

/// The longest time that `compare` looks back. Unit: seconds.
const COMPARED_SECONDS_MAX: u64 = 10 * 366 * 86_400;

/// How many spans one statement may compare with; each reads as many records as the statement itself.
pub(super) const COMPARED_SPANS_MAX: usize = 4;

/// The name of the table with the records of so many seconds before.
pub(crate) fn table_before(seconds: u64) -> String {
    format!("{TABLE} {seconds} seconds before")
}

/// Says the calls of `compare` in a SELECT by other means; returns how many seconds they look back.
///
/// Fails with what to write instead. `with` are the names that WITH gave to subqueries.
pub(super) fn spread(select: &mut Select, with: &[String]) -> Result<BTreeSet<u64>, String> {
    let groups = match &select.group_by {
        GroupByExpr::Expressions(groups, _) => !groups.is_empty(),
        GroupByExpr::All(_) => true,
    };
    let mut calls = Calls { groups, columns: BTreeSet::new(), spans: BTreeSet::new() };
    for item in &mut select.projection {
        if let ControlFlow::Break(wrong) = item.visit(&mut calls) {
            return Err(wrong);
        }
    }
    let Calls { columns, spans, .. } = calls;
    if spans.is_empty() {
        return Ok(spans);
    }
    if spans.len() > COMPARED_SPANS_MAX {
        return Err(format!(
            "`{COMPARE}` looks back {} times: {COMPARED_SPANS_MAX} are possible",
            spans.len()
        ));
    }
    let [from] = select.from.as_mut_slice() else { return Err(form()) };
    let TableFactor::Derived { subquery, lateral: false, .. } = &mut from.relation else {
        return Err(form());
    };
    if !from.joins.is_empty() {
        return Err(form());
    }
    let joined = joined(subquery, (&columns, &spans), with)?;
    **subquery = joined;
    Ok(spans)
}

/// Refuses a call that stands anywhere else than among the columns of a SELECT.
pub(super) fn check(query: &mut Query) -> Result<(), String> {
    struct Left;
    impl VisitorMut for Left {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(function) if is_compare(function) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    if query.visit(&mut Left).is_continue() {
        return Ok(());
    }
    Err(format!(
        "`{COMPARE}` stands among the columns of a SELECT: name it there, and use the name in a statement around"
    ))
}

fn is_compare(function: &Function) -> bool {
    single(&function.name).is_some_and(|name| name.eq_ignore_ascii_case(COMPARE))
}

fn form() -> String {
    format!(
        "`{COMPARE}` compares a column of a subquery: write for example \
         `SELECT {COMPARE}(n, 86400) FROM (SELECT count(*) AS n)`"
    )
}

/// Finds the calls, and puts what they mean in their place.
struct Calls {
    /// Whether the statement groups by something: then only aggregates can stand there.
    groups: bool,
    /// The columns that are compared.
    columns: BTreeSet<String>,
    /// With how many seconds before.
    spans: BTreeSet<u64>,
}

impl VisitorMut for Calls {
    type Break = String;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        let Expr::Function(function) = &*expr else { return ControlFlow::Continue(()) };
        if !is_compare(function) {
            return ControlFlow::Continue(());
        }
        if function.over.is_some() || function.filter.is_some() {
            return ControlFlow::Break(undecorated(COMPARE));
        }
        match self.meaning(&plain_arguments(function).unwrap_or_default()) {
            Ok(meaning) => *expr = meaning,
            Err(wrong) => return ControlFlow::Break(wrong),
        }
        ControlFlow::Continue(())
    }
}

impl Calls {
    fn meaning(&mut self, arguments: &[Expr]) -> Result<Expr, String> {
        let [Expr::Identifier(column), spans @ ..] = arguments else { return Err(form()) };
        let seconds = |span: &Expr| literal(span).filter(|span| (1..=COMPARED_SECONDS_MAX).contains(span));
        let spans: Option<Vec<u64>> = spans.iter().map(seconds).collect();
        let spans = spans.filter(|spans| !spans.is_empty()).ok_or_else(|| {
            format!("`{COMPARE}` takes how far to look back as a number of seconds, from 1 to {COMPARED_SECONDS_MAX}")
        })?;
        let names = spans.iter().map(|span| name_before(&column.value, *span));
        let names = std::iter::once(column.value.clone()).chain(names);
        let columns: Vec<Expr> = names.map(|name| Expr::Identifier(Ident::with_quote('"', name))).collect();
        self.columns.insert(column.value.clone());
        self.spans.extend(&spans);

        let value = |number: usize| {
            let value = format!("cast(${number} AS double)");
            if self.groups { format!("max({value})") } else { value }
        };
        let values = (1..=columns.len()).map(value);
        let ratios =
            (2..=columns.len()).map(|number| format!("{} / nullif({}, 0.0)", value(1), value(number)));
        let all: Vec<String> = values.chain(ratios).collect();
        Ok(filled(&format!("make_array({})", all.join(", ")), &columns))
    }
}

fn name_before(column: &str, seconds: u64) -> String {
    format!("{column} {seconds} seconds before")
}

/// The rows of a subquery, each beside the rows of the same groups before.
fn joined(
    subquery: &Query,
    (columns, spans): (&BTreeSet<String>, &BTreeSet<u64>),
    with: &[String],
) -> Result<Query, String> {
    let keys = keys(subquery, columns)?;
    let quoted = |name: &str| Ident::with_quote('"', name).to_string();
    let mut shown = vec!["now.*".to_owned()];
    let mut sides = vec!["(SELECT 0) AS now".to_owned()];
    for span in spans {
        let side = quoted(&format!("before {span}"));
        let named =
            |column: &String| format!("{side}.{} AS {}", quoted(column), quoted(&name_before(column, *span)));
        shown.extend(columns.iter().map(named));
        let same = |key: &String| format!("now.{0} IS NOT DISTINCT FROM {side}.{0}", quoted(key));
        let same: Vec<String> = keys.iter().map(same).collect();
        let same = if same.is_empty() { "true".to_owned() } else { same.join(" AND ") };
        sides.push(format!("(SELECT 0) AS {side} ON {same}"));
    }
    let text = format!("SELECT {} FROM {}", shown.join(", "), sides.join(" LEFT JOIN "));
    let parsed = Parser::parse_sql(&GenericDialect {}, &text).map_err(|error| error.to_string())?;
    let Some(Statement::Query(mut query)) = parsed.into_iter().next() else { return Err(form()) };
    let SetExpr::Select(select) = query.body.as_mut() else { return Err(form()) };
    for from in &mut select.from {
        let before = from.joins.iter_mut().map(|join| &mut join.relation);
        let sides = std::iter::once(None).chain(spans.iter().map(Some));
        for (side, span) in std::iter::once(&mut from.relation).chain(before).zip(sides) {
            if let TableFactor::Derived { subquery: side, .. } = side {
                **side = subquery.clone();
                match side.visit(&mut Moving { span: span.copied(), with }) {
                    ControlFlow::Continue(()) => {}
                    ControlFlow::Break(wrong) => return Err(wrong),
                }
            }
        }
    }
    Ok(*query)
}

/// Reads the records of some seconds before.
struct Moving<'a> {
    span: Option<u64>,
    with: &'a [String],
}

impl VisitorMut for Moving<'_> {
    type Break = String;

    fn post_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<String> {
        let is_log = single(relation) == Some(TABLE) && !self.with.iter().any(|with| with == TABLE);
        if !is_log {
            return ControlFlow::Break(format!("a subquery with `{COMPARE}` around it reads only `{TABLE}`"));
        }
        if let Some(span) = self.span {
            *relation = ObjectName::from(Ident::with_quote('"', table_before(span)));
        }
        ControlFlow::Continue(())
    }
}

/// The columns of a subquery that tell its rows apart.
fn keys(subquery: &Query, columns: &BTreeSet<String>) -> Result<Vec<String>, String> {
    let SetExpr::Select(select) = subquery.body.as_ref() else { return Err(form()) };
    let GroupByExpr::Expressions(groups, _) = &select.group_by else { return Err(form()) };
    let mut keys = Vec::new();
    for (number, item) in select.projection.iter().enumerate() {
        let (expr, name) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias),
            SelectItem::UnnamedExpr(expr @ Expr::Identifier(name)) => (expr, name),
            _ => return Err(format!("a subquery with `{COMPARE}` around it names each of its columns")),
        };
        let is_key = |group: &Expr| {
            let ordinal = literal(group).and_then(|ordinal| usize::try_from(ordinal).ok());
            group == expr
                || ordinal == Some(number + 1)
                || matches!(group, Expr::Identifier(group) if group.value == name.value)
        };
        if groups.iter().any(is_key) {
            keys.push(name.value.clone());
        } else if groups.is_empty() && !computes(expr) {
            return Err(format!("a subquery with `{COMPARE}` around it has aggregates, or GROUP BY"));
        }
    }
    if keys.len() < groups.len() || columns.iter().any(|column| keys.contains(column)) {
        return Err(format!(
            "a subquery with `{COMPARE}` around it selects all that it groups by, and what is compared beside it"
        ));
    }
    Ok(keys)
}

/// Whether the expression is more than columns and operators: without GROUP BY it then is an aggregate.
fn computes(expr: &Expr) -> bool {
    struct Search;
    impl VisitorMut for Search {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let computes = matches!(expr, Expr::Function(_) | Expr::Subquery(_));
            if computes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    expr.clone().visit(&mut Search).is_break()
}
