//! Lambdas, as in `filter(ports, port -> port > 1023)`.
//!
//! A lambda sees its own parameters and nothing of the row: an array that is copied for each element of another grows
//! with the square of their length, and no limit of the engine would notice before the memory is gone.
//!
//! Hides: what such a body may say, and how "for all elements" is said by "for some".
//! Knows nothing of: which functions take lambdas.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, LambdaFunction, UnaryOperator, VisitMut as _, VisitorMut};

/// Refuses a body that uses more than the parameters of its lambda.
pub(super) fn check(lambda: &LambdaFunction) -> Result<(), String> {
    let parameters = lambda.params.iter().map(|parameter| parameter.name.value.clone()).collect();
    let mut body = lambda.body.clone();
    match body.visit(&mut Body { parameters }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(other) => Err(format!(
            "the body of a lambda uses its own parameters only, not `{other}`: put what depends on the row before the \
             array is made, or into WHERE"
        )),
    }
}

/// The same lambda with its condition negated; any other expression as it is.
pub(super) fn negated(lambda: &Expr) -> Expr {
    let Expr::Lambda(lambda) = lambda else { return lambda.clone() };
    let body = Expr::Nested(lambda.body.clone());
    let not = Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(body) };
    Expr::Lambda(LambdaFunction { body: Box::new(not), ..lambda.clone() })
}

struct Body {
    parameters: Vec<String>,
}

impl VisitorMut for Body {
    type Break = String;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        let is_foreign = match expr {
            Expr::Identifier(name) => !self.parameters.contains(&name.value),
            // A lambda within is checked by itself; what it names is no value here.
            Expr::Lambda(inner) => {
                self.parameters.extend(inner.params.iter().map(|parameter| parameter.name.value.clone()));
                false
            }
            Expr::CompoundIdentifier(_)
            | Expr::Subquery(_)
            | Expr::Exists { .. }
            | Expr::InSubquery { .. } => true,
            _ => false,
        };
        if is_foreign { ControlFlow::Break(expr.to_string()) } else { ControlFlow::Continue(()) }
    }
}
