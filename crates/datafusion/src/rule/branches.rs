//! Parts of an expression that are evaluated for some rows only, and the conditions that say for
//! which.
//!
//! A condition is itself a CASE, so that what decides about a row is evaluated in the same order
//! and for the same rows as in the expression: `CASE WHEN x = 0 THEN f(a) WHEN 1 / x > 2 THEN f(b)
//! END` divides by no zero to find out whose rows to send. It comes to 1 or 0 and not to a boolean:
//! of booleans the optimizer would make AND and OR, which evaluate both sides.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, lit};

use super::name_of_a_call;
use crate::error::QueryError;

/// An expression some parts of which are evaluated for some rows only.
pub(super) enum Branching {
    /// `CASE`.
    Case(Case),
    /// The first argument that is not NULL: COALESCE, NVL, IFNULL.
    FirstNotNull,
}

/// Functions whose value is their first argument that is not NULL.
const FIRST_NOT_NULL: [&str; 3] = ["coalesce", "nvl", "ifnull"];

/// How `expr` branches, when a call stands in one of its branches.
///
/// # Errors
///
/// [`QueryError::CallInBranch`] for functions and lambdas whose conditions are not known here.
pub(super) fn of(expr: &Expr) -> Result<Option<Branching>, QueryError> {
    let refused =
        |construct: String, lazy: Vec<&Expr>| match lazy.into_iter().find_map(name_of_a_call) {
            Some(function) => Err(QueryError::CallInBranch {
                function,
                construct,
                location: None,
            }),
            None => Ok(None),
        };
    match expr {
        Expr::Case(case) => {
            let holds = case_branches(case).into_iter().any(has_call);
            Ok(holds.then(|| Branching::Case(case.clone())))
        }
        Expr::ScalarFunction(call) => {
            let lazy = call.func.conditional_arguments(&call.args);
            let lazy = lazy.map(|(_, lazy)| lazy).unwrap_or_default();
            if FIRST_NOT_NULL.contains(&call.name()) {
                let later = call.args.iter().skip(1).any(has_call);
                return Ok(later.then_some(Branching::FirstNotNull));
            }
            refused(call.name().to_uppercase(), lazy)
        }
        Expr::HigherOrderFunction(call) => {
            let lambdas = call.args.iter();
            let lambdas = lambdas.filter(|arg| matches!(arg, Expr::Lambda(_)));
            refused("a lambda expression".to_owned(), lambdas.collect())
        }
        _ => Ok(None),
    }
}

/// Whether a call stands in a branch anywhere in `expr`.
pub(super) fn hold_a_call(expr: &Expr) -> Result<bool> {
    let mut found = false;
    expr.apply(|part| {
        found = of(part)?.is_some();
        Ok(match found {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(found)
}

/// All but the operand and the first condition.
fn case_branches(case: &Case) -> Vec<&Expr> {
    let pairs = case.when_then_expr.iter().enumerate();
    pairs
        .flat_map(|(n, (when, then))| [(n > 0).then_some(when), Some(then)])
        .flatten()
        .chain(&case.else_expr)
        .map(AsRef::as_ref)
        .collect()
}

fn has_call(expr: &Expr) -> bool {
    name_of_a_call(expr).is_some()
}

/// 1 for rows that none of the conditions takes, 0 for the others.
pub(super) fn none_of(operand: Option<&Expr>, whens: &[Expr]) -> Expr {
    let no = whens.iter().map(|when| (when.clone(), false));
    condition(operand, no, true)
}

/// 1 for rows that the last of the conditions takes, and none before it.
pub(super) fn last_of(operand: Option<&Expr>, whens: &[Expr]) -> Expr {
    let last = whens.len().saturating_sub(1);
    let taken = whens
        .iter()
        .enumerate()
        .map(|(at, when)| (when.clone(), at == last));
    condition(operand, taken, false)
}

/// 1 for rows where both are; the second is looked at only where the first is.
pub(super) fn both(first: Expr, second: Expr) -> Expr {
    Expr::Case(Case::new(
        Some(Box::new(first)),
        vec![(Box::new(lit(1_i8)), Box::new(second))],
        Some(Box::new(lit(0_i8))),
    ))
}

fn condition(
    operand: Option<&Expr>,
    whens: impl Iterator<Item = (Expr, bool)>,
    otherwise: bool,
) -> Expr {
    Expr::Case(Case::new(
        operand.cloned().map(Box::new),
        whens
            .map(|(when, taken)| (Box::new(when), Box::new(lit(i8::from(taken)))))
            .collect(),
        Some(Box::new(lit(i8::from(otherwise)))),
    ))
}
