//! Reads the SQL of a query: one SELECT over the table `log`, said so that the engine below understands it.
//!
//! Hides: which statements are allowed, that FROM and LIMIT may be absent, and the dialect of the log service.
//! Knows nothing of: columns and their types, how a statement is carried out.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of the parser grow with every dialect that it learns"
)]

mod call;
mod compare;
mod grammar;
mod lambda;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExcludeSelectItem, Expr, Ident, LimitClause, ObjectName,
    ObjectNamePart, Query, Select, SelectItem, SetExpr, Spanned as _, Statement, TableFactor, TableWithJoins,
    VisitMut as _, VisitorMut,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};
use query::SqlText;

use call::{call, literal, number, translate};
pub(crate) use compare::table_before;
use grammar::Grammar;

use crate::error::{Place, SqlError, SqlErrorClass};
use crate::function;
use crate::growing;
use crate::{SQL_DEPTH_MAX, SQL_TOKENS_MAX};

/// The only table.
pub(crate) const TABLE: &str = "log";

/// What a statement means depends on this.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    /// Columns that `*` does not show.
    pub(crate) hidden: Vec<String>,
    /// How many rows a statement has that says nothing of it; `None` for all.
    pub(crate) rows_default: Option<u64>,
    /// The most rows that LIMIT may ask for.
    pub(crate) rows_max: u64,
    /// The time zone in which the days of `histogram` begin. Unit: seconds east of UTC.
    pub(crate) histogram_seconds_east: i64,
}

/// A statement that was read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) statement: Statement,
    /// How many seconds before their time the records are that it also asks for: see [`table_before`].
    pub(crate) spans: BTreeSet<u64>,
    /// How many rows are wanted, when the statement does not say it. It gives one more, which tells whether some are
    /// left out.
    pub(crate) rows: Option<u64>,
}

/// Reads a statement.
pub(crate) fn read(sql: &SqlText, dialect: &Dialect) -> Result<Reading, SqlError> {
    let mut query = parse(sql)?;
    let mut rewriting = Rewriting { sql, dialect, with: Vec::new(), depth: 0, spans: BTreeSet::new() };
    if let ControlFlow::Break(error) = query.visit(&mut rewriting) {
        return Err(error);
    }
    let spans = rewriting.spans;
    compare::check(&mut query).map_err(|wrong| SqlError::new(SqlErrorClass::Verification, wrong))?;
    let rows = limit(sql, &mut query, dialect)?;
    Ok(Reading { statement: Statement::Query(query), spans, rows })
}

/// How many seconds before its time a statement also reads; `None` when it does not, or cannot be read.
pub(crate) fn looks_back(sql: &SqlText) -> Option<u64> {
    let dialect =
        Dialect { hidden: Vec::new(), rows_default: None, rows_max: u64::MAX, histogram_seconds_east: 0 };
    read(sql, &dialect).ok()?.spans.last().copied()
}

/// Where line and column of SQL stand in the query; `None` for the place that parsers use for "unknown".
pub(crate) fn place(sql: &SqlText, line: u64, column: u64) -> Option<Place> {
    let nth = |number: u64| usize::try_from(number.checked_sub(1)?).ok();
    let (lines, characters) = (nth(line)?, nth(column)?);
    let before: usize = sql.text.split_inclusive('\n').take(lines).map(str::len).sum();
    let within = sql.text.get(before..)?.char_indices().nth(characters);
    let offset = sql.offset + within.map_or(sql.text.len(), |(at, _)| before + at);
    Some(Place { line, column, offset })
}

fn parse(sql: &SqlText) -> Result<Box<Query>, SqlError> {
    let tokens = Tokenizer::new(&Grammar, &sql.text).tokenize_with_location().map_err(|error| {
        let place = place(sql, error.location.line, error.location.column);
        SqlError::new(SqlErrorClass::Syntax, lower_case(&error.message)).at(place)
    })?;
    let count = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if count > SQL_TOKENS_MAX {
        let message = format!("the SQL has {count} words and signs: at most {SQL_TOKENS_MAX} are accepted");
        return Err(SqlError::new(SqlErrorClass::Syntax, message));
    }
    nothing_hangs(sql, &tokens)?;
    let mut parser = Parser::new(&Grammar).with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|error| unparsable(sql, error))?;
    ends(sql, &mut parser)?;
    match statement {
        Statement::Query(query) => Ok(query),
        _ => Err(SqlError::new(SqlErrorClass::Syntax, "only one SELECT is accepted").at(place(sql, 1, 1))),
    }
}

/// Refuses a list that ends with a comma: the parser would take it.
fn nothing_hangs(sql: &SqlText, tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    let mut comma = false;
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        let closes = match &token.token {
            Token::RParen => true,
            Token::Word(word) => CLAUSES.contains(&word.keyword),
            _ => false,
        };
        if comma && closes {
            return Err(misplaced(sql, "an expression", token));
        }
        comma = token.token == Token::Comma;
    }
    if comma { Err(ends_too_early(sql, "an expression")) } else { Ok(()) }
}

/// The words after which the list before them is over.
const CLAUSES: &[Keyword] = &[
    Keyword::FROM,
    Keyword::WHERE,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::ORDER,
    Keyword::LIMIT,
    Keyword::UNION,
    Keyword::EXCEPT,
    Keyword::INTERSECT,
];

/// Refuses what follows the statement; the parser by itself throws away what follows a bare `end`.
fn ends(sql: &SqlText, parser: &mut Parser<'_>) -> Result<(), SqlError> {
    let next = parser.peek_token();
    if next.token == Token::EOF { Ok(()) } else { Err(misplaced(sql, "end of statement", &next)) }
}

fn misplaced(sql: &SqlText, expected: &str, found: &TokenWithSpan) -> SqlError {
    let Location { line, column } = found.span.start;
    let message = said_of_end(format!("expected: {expected}, found: {found}"));
    SqlError::new(SqlErrorClass::Syntax, message).at(place(sql, line, column))
}

fn ends_too_early(sql: &SqlText, expected: &str) -> SqlError {
    let lines = sql.text.split('\n');
    let (line, column) = lines.fold((0, 1), |(line, _), text| (line + 1, text.chars().count() + 1));
    let column = u64::try_from(column).unwrap_or(u64::MAX);
    let message = format!("the SQL ends too early: expected {expected}");
    SqlError::new(SqlErrorClass::Syntax, message).at(place(sql, line, column))
}

/// The message of the parser, told better when a bare `end` is the culprit: it is the name of a field, too.
fn said_of_end(message: String) -> String {
    match message.rsplit_once("found: ") {
        Some((_, found)) if found.eq_ignore_ascii_case("end") => {
            "`end` is a word of SQL here: write the field as `\"end\"`".to_owned()
        }
        _ => message,
    }
}

fn unparsable(sql: &SqlText, error: ParserError) -> SqlError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => "too many parentheses are open at once".to_owned(),
    };
    if let Some(expected) = text.strip_suffix(", found: EOF") {
        let expected = expected.split_once(": ").map_or(expected, |(_, expected)| expected);
        return ends_too_early(sql, expected);
    }
    // The parser has no field for the place: it ends its message with `at Line: 1, Column: 8`.
    let (message, location) = text.rsplit_once(" at Line: ").unwrap_or((&text, ""));
    let numbers = location.split_once(", Column: ");
    let numbers = numbers.and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
    let place = numbers.and_then(|(line, column)| place(sql, line, column));
    SqlError::new(SqlErrorClass::Syntax, said_of_end(lower_case(message))).at(place)
}

/// The message with a small first letter.
pub(crate) fn lower_case(message: &str) -> String {
    let mut characters = message.trim().chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// Refuses a limit that is no number or too large. Gives the default to a statement without one, and returns it.
fn limit(sql: &SqlText, query: &mut Query, dialect: &Dialect) -> Result<Option<u64>, SqlError> {
    let rows_max = dialect.rows_max;
    let written = match (&query.limit_clause, &query.fetch) {
        (Some(LimitClause::LimitOffset { limit, .. }), None) => limit.as_ref(),
        (Some(LimitClause::OffsetCommaLimit { limit, .. }), None) => Some(limit),
        (None, Some(fetch)) if !fetch.percent && !fetch.with_ties => fetch.quantity.as_ref(),
        (None, None) => None,
        _ => {
            let message =
                "the number of rows is limited in a way that is not supported: write LIMIT and a number";
            return Err(SqlError::new(SqlErrorClass::Syntax, message));
        }
    };
    let Some(written) = written else {
        let Some(rows) = dialect.rows_default.map(|rows| rows.min(rows_max)) else { return Ok(None) };
        let one_more = Some(number(rows.saturating_add(1)));
        match &mut query.limit_clause {
            Some(LimitClause::LimitOffset { limit, .. }) => *limit = one_more,
            Some(LimitClause::OffsetCommaLimit { .. }) => {}
            none @ None => {
                *none =
                    Some(LimitClause::LimitOffset { limit: one_more, offset: None, limit_by: Vec::new() });
            }
        }
        return Ok(Some(rows));
    };
    match literal(written) {
        Some(rows) if rows <= rows_max => Ok(None),
        _ => {
            let message = format!("LIMIT takes a number up to {rows_max}, not `{written}`");
            let Location { line, column } = written.span().start;
            Err(SqlError::new(SqlErrorClass::Verification, message).at(place(sql, line, column)))
        }
    }
}

/// One way through a statement: checks what it reads, and changes what is said differently here.
struct Rewriting<'a> {
    sql: &'a SqlText,
    dialect: &'a Dialect,
    /// The names that WITH gave to subqueries.
    with: Vec<String>,
    /// How many expressions stand around the present place.
    depth: usize,
    /// How many seconds `compare` looks back.
    spans: BTreeSet<u64>,
}

impl VisitorMut for Rewriting<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        self.with.extend(with.map(|table| table.alias.name.value.clone()));
        let extras = query.locks.is_empty()
            && query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty();
        if extras && only_selects(&query.body) {
            ControlFlow::Continue(())
        } else {
            self.refuse("only SELECT is accepted, without FOR, SETTINGS and FORMAT", query.span())
        }
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        if select.into.is_some() {
            return self.refuse("SELECT INTO is not accepted: a query changes nothing", select.span());
        }
        if select.from.is_empty() {
            select.from = vec![from_log()];
        }
        let reads_log = select.from.iter().any(|from| match &from.relation {
            TableFactor::Table { name, .. } => self.is_log(name),
            _ => false,
        });
        let mut names = Vec::new();
        for item in &mut select.projection {
            match item {
                SelectItem::Wildcard(options) if reads_log && options.opt_exclude.is_none() => {
                    let hidden =
                        self.dialect.hidden.iter().map(|name| ObjectName::from(Ident::new(name.as_str())));
                    options.opt_exclude = Some(ExcludeSelectItem::Multiple(hidden.collect()))
                        .filter(|_| !self.dialect.hidden.is_empty());
                }
                SelectItem::UnnamedExpr(expr) => {
                    if let Some(name) = column_name(expr, &mut names) {
                        *item = SelectItem::ExprWithAlias {
                            expr: expr.clone(),
                            alias: Ident::with_quote('"', name),
                        };
                    }
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        match compare::spread(select, &self.with) {
            Ok(spans) => self.spans.extend(spans),
            Err(wrong) => return self.refuse(&wrong, select.span()),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<SqlError> {
        match table {
            TableFactor::Table { name, args: Some(_), .. } => self.refuse_table(name),
            TableFactor::Function { name, .. } => self.refuse_table(name),
            TableFactor::TableFunction { .. } => {
                self.refuse("functions that make tables are not accepted", table.span())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<SqlError> {
        if self.is_log(relation) {
            let span = relation.span();
            *relation = ObjectName(vec![ObjectNamePart::Identifier(Ident::with_span(span, TABLE))]);
            return ControlFlow::Continue(());
        }
        let name = single(relation);
        if name.is_some_and(|name| self.with.iter().any(|with| with == name)) {
            return ControlFlow::Continue(());
        }
        self.refuse_table(relation)
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        self.depth += 1;
        if self.depth > SQL_DEPTH_MAX + 1 {
            let message = format!("the expression is more than {SQL_DEPTH_MAX} deep: split it up");
            return self.refuse(&message, expr.span());
        }
        if let Expr::Lambda(lambda) = expr
            && let Err(wrong) = lambda::check(lambda)
        {
            return self.refuse(&wrong, lambda.body.span());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        self.depth -= 1;
        match expr {
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr: inner, data_type, .. } => {
                if matches!(data_type, DataType::Timestamp(..)) {
                    let inner = std::mem::replace(inner.as_mut(), number(0));
                    *expr = call(function::TIMESTAMP_OF, vec![inner]);
                }
            }
            Expr::Function(_) => {
                let Location { line, column } = expr.span().start;
                if let Err(error) = translate(expr, self.dialect.histogram_seconds_east) {
                    return ControlFlow::Break(error.at(place(self.sql, line, column)));
                }
            }
            Expr::Extract { expr: inner, .. } => {
                let moment = std::mem::replace(inner.as_mut(), number(0));
                **inner = call(function::TIMESTAMP_OF, vec![moment]);
            }
            Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
                let sides = [left, right].map(|side| std::mem::replace(side.as_mut(), number(0)));
                *expr = call(growing::JOINED, sides.into());
            }
            Expr::Overlay { .. } => return self.refuse("there is no function `overlay`", expr.span()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Rewriting<'_> {
    fn is_log(&self, name: &ObjectName) -> bool {
        let shadowed = self.with.iter().any(|with| with == TABLE);
        !shadowed && single(name).is_some_and(|name| name.eq_ignore_ascii_case(TABLE))
    }

    fn refuse_table(&self, name: &ObjectName) -> ControlFlow<SqlError> {
        let message =
            format!("there is no table `{name}`: the records that were found are the table `{TABLE}`");
        self.refuse(&message, name.span())
    }

    fn refuse(&self, message: &str, span: Span) -> ControlFlow<SqlError> {
        let place = place(self.sql, span.start.line, span.start.column);
        ControlFlow::Break(SqlError::new(SqlErrorClass::Verification, message).at(place))
    }
}

fn only_selects(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) => true,
        SetExpr::SetOperation { left, right, .. } => only_selects(left) && only_selects(right),
        SetExpr::Values(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => false,
    }
}

/// The name of a table that is neither in a schema nor in a catalog.
fn single(name: &ObjectName) -> Option<&str> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some(&ident.value),
        _ => None,
    }
}

/// What the column of an expression without alias is called: as it was written, told apart from those before.
fn column_name(expr: &Expr, names: &mut Vec<String>) -> Option<String> {
    if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
        return None;
    }
    let written = expr.to_string();
    let before = names.iter().filter(|name| **name == written).count();
    names.push(written.clone());
    Some(if before == 0 { written } else { format!("{written} ({})", before + 1) })
}

/// `FROM log`
fn from_log() -> TableWithJoins {
    let relation = TableFactor::Table {
        name: ObjectName::from(Ident::new(TABLE)),
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    };
    TableWithJoins { relation, joins: Vec::new() }
}
