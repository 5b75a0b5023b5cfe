//! One call of a function: whether it is allowed, and what it means in functions of the engine.
//!
//! Hides: the shape of a call in the parser's tree.
//! Knows nothing of: the statement around it.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    UnaryOperator, Value,
};

use super::{lambda, single};
use crate::error::{SqlError, SqlErrorClass};
use crate::function::{self, said};

/// Checks a call and says it in functions of the engine. `seconds_east` is the time zone of histograms.
pub(super) fn translate(expr: &mut Expr, seconds_east: i64) -> Result<(), SqlError> {
    let Expr::Function(function) = expr else { return Ok(()) };
    let name = allowed(function)?;
    if !is_short(function) {
        let most = function::PADDED_CHARS_MAX;
        return Err(refused(format!("`{name}` takes the length as a number up to {most}")));
    }
    let Some(arguments) = plain_arguments(function) else { return Ok(()) };
    let meaning = match (name, arguments.as_slice()) {
        ("nth_value", [_, place]) if literal(place) == Some(0) => {
            return Err(refused("`nth_value` counts from 1".to_owned()));
        }
        ("all_match", [array, lambda]) => {
            let none = said::said("any_match", &[array.clone(), lambda::negated(lambda)]);
            none.map(|any| Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(any) })
        }
        ("time_series", _) => Some(said::time_series(&arguments, seconds_east).map_err(refused)?),
        ("histogram", [_, _]) => Some(said::histogram(&arguments, seconds_east)),
        _ => said::said(name, &arguments),
    };
    let Some(mut meaning) = meaning else { return Ok(()) };
    if function.over.is_some() || function.filter.is_some() {
        let Expr::Function(meant) = &mut meaning else { return Err(refused(undecorated(name))) };
        let aggregate = single(&meant.name).is_some_and(said::is_aggregate);
        if !aggregate || (meant.filter.is_some() && function.filter.is_some()) {
            return Err(refused(undecorated(name)));
        }
        meant.over = function.over.take();
        meant.filter = meant.filter.take().or_else(|| function.filter.take());
    }
    *expr = meaning;
    Ok(())
}

/// The name of the function in the function table.
fn allowed(function: &Function) -> Result<&'static str, SqlError> {
    let written = single(&function.name).map_or_else(|| function.name.to_string(), str::to_owned);
    if let Some(known) = query::function(&written) {
        return Ok(known.name);
    }
    if let Some(left_out) = query::LEFT_OUT.iter().find(|known| known.name.eq_ignore_ascii_case(&written)) {
        return Err(refused(format!("`{}` is not offered: {}", left_out.name, left_out.instead)));
    }
    let names = query::FUNCTIONS.iter().flat_map(|group| group.functions).map(|function| function.name);
    let suggestion = query::nearest(&written, names).map(str::to_owned);
    Err(SqlError { suggestion, ..refused(format!("there is no function `{written}`")) })
}

/// What a call means is not one call of an aggregate, so nothing can be put behind it.
pub(super) fn undecorated(name: &str) -> String {
    format!("`{name}` is not offered with FILTER or OVER: use a subquery")
}

fn refused(message: String) -> SqlError {
    SqlError::new(SqlErrorClass::Verification, message)
}

/// The arguments, when they are nothing but expressions.
pub(super) fn plain_arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    let plain = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

/// Whether the function is none that fills up texts, or a text that is short enough.
fn is_short(function: &Function) -> bool {
    let fills_up =
        single(&function.name).is_some_and(|name| matches!(&*name.to_ascii_lowercase(), "lpad" | "rpad"));
    let FunctionArguments::List(list) = &function.args else { return !fills_up };
    let length = match list.args.get(1) {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(length))) => literal(length),
        _ => None,
    };
    !fills_up || length.is_some_and(|length| length <= function::PADDED_CHARS_MAX)
}

/// The number that the expression is.
pub(super) fn literal(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args =
        arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Expr::Function(Function {
        name: name_of(name),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn name_of(function: &str) -> ObjectName {
    ObjectName::from(Ident::new(function))
}

pub(super) fn number(number: u64) -> Expr {
    Expr::value(Value::Number(number.to_string(), false))
}
