//! Takes the calls out of the expressions of one plan node.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable};

use super::{OutputNames, name_of_a_call};
use crate::error::QueryError;
use crate::functions::{ServiceFunction, Volatility, as_service_udf};
use crate::service_call::Call;

/// Calls by nesting: those of level 0 hold no results of calls, those of level n hold results of
/// levels below n. Nesting is bounded by DataFusion's limit on the nesting of parsed text.
pub(super) type Levels = Vec<Vec<Call>>;

/// Replaces calls by columns and collects them.
pub(super) struct Extractor<'a> {
    input: &'a DFSchema,
    names: &'a mut OutputNames,
    levels: Levels,
    /// How many levels the expression seen last needs below it.
    depth: usize,
}

impl<'a> Extractor<'a> {
    pub(super) fn new(input: &'a DFSchema, names: &'a mut OutputNames) -> Self {
        Self {
            input,
            names,
            levels: Levels::new(),
            depth: 0,
        }
    }

    /// `expr` with a column in the place of every call.
    pub(super) fn extract(&mut self, expr: Expr) -> Result<Expr> {
        self.depth = 0;
        self.visit(expr)
    }

    pub(super) fn into_levels(self) -> Levels {
        self.levels
    }

    fn visit(&mut self, expr: Expr) -> Result<Expr> {
        refuse_calls_in_branches(&expr)?;
        let function = match as_service_udf(&expr) {
            Some((udf, args)) => {
                let types = args.iter().map(|arg| arg.get_type(self.input));
                Some(Arc::clone(
                    udf.overload(&types.collect::<Result<Vec<_>>>()?)?,
                ))
            }
            None => None,
        };
        // The depth of an expression is that of its deepest part.
        let mut depth = 0;
        let expr = expr
            .map_children(|child| {
                self.depth = 0;
                let child = self.visit(child)?;
                depth = depth.max(self.depth);
                Ok(Transformed::yes(child))
            })?
            .data;
        self.depth = depth;
        Ok(match (function, expr) {
            (Some(function), Expr::ScalarFunction(call)) => self.pull(function, call),
            (_, expr) => expr,
        })
    }

    fn pull(&mut self, function: Arc<ServiceFunction>, call: ScalarFunction) -> Expr {
        let level = self.depth;
        self.depth += 1;
        // A depth of n comes from a call on level n - 1, so the level exists or is the next.
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        let calls = &mut self.levels[level];
        let args = call.args;
        if let Some(same) = calls.iter().find(|one| is_same(one, &function, &args)) {
            return same.column();
        }
        let call = Call {
            function,
            args,
            output: self.names.next(),
        };
        let column = call.column();
        calls.push(call);
        column
    }
}

/// Only a function that was declared IMMUTABLE, of arguments that are the same every time.
fn is_same(call: &Call, function: &Arc<ServiceFunction>, args: &[Expr]) -> bool {
    function.volatility == Volatility::Immutable
        && Arc::ptr_eq(&call.function, function)
        && call.args == args
        && !args.iter().any(Expr::is_volatile)
}

/// A part of `expr` that is evaluated for some rows only cannot hold a call; the parts that are
/// evaluated for every row, like the first argument of COALESCE, can.
fn refuse_calls_in_branches(expr: &Expr) -> Result<(), QueryError> {
    let (construct, branches) = branches(expr);
    match branches.into_iter().find_map(name_of_a_call) {
        Some(function) => Err(QueryError::CallInBranch {
            function,
            construct,
            location: None,
        }),
        None => Ok(()),
    }
}

fn branches(expr: &Expr) -> (String, Vec<&Expr>) {
    match expr {
        Expr::Case(case) => ("CASE".to_owned(), case_branches(case)),
        Expr::ScalarFunction(call) => {
            let lazy = call
                .func
                .conditional_arguments(&call.args)
                .map(|(_, lazy)| lazy);
            (call.name().to_uppercase(), lazy.unwrap_or_default())
        }
        Expr::HigherOrderFunction(call) => {
            let lambdas = call
                .args
                .iter()
                .filter(|arg| matches!(arg, Expr::Lambda(_)));
            ("a lambda expression".to_owned(), lambdas.collect())
        }
        _ => (String::new(), Vec::new()),
    }
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
