//! Takes the calls out of the expressions of one plan node.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable};
use floe_function::floe_batch::SqlType;

use super::branches::{self, Branching};
use super::{OutputNames, name_of_a_call};
use crate::error::QueryError;
use crate::functions::{Mark, ServiceFunction, Volatility, as_declared, as_service_udf};
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
    /// For which rows the expression that is looked at is evaluated; none for all.
    guard: Option<Guard>,
}

/// A condition without calls, and how many levels it needs below it.
#[derive(Clone)]
struct Guard {
    condition: Expr,
    depth: usize,
}

impl<'a> Extractor<'a> {
    pub(super) fn new(input: &'a DFSchema, names: &'a mut OutputNames) -> Self {
        Self {
            input,
            names,
            levels: Levels::new(),
            depth: 0,
            guard: None,
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
        match (branches::of(&expr)?, expr) {
            (Some(Branching::Case(case)), _) => self.case(case),
            (Some(Branching::FirstNotNull), Expr::ScalarFunction(call)) => {
                self.first_not_null(call)
            }
            (_, expr) => self.strict(expr),
        }
    }

    /// An expression all parts of which are evaluated for the same rows.
    fn strict(&mut self, expr: Expr) -> Result<Expr> {
        let function = match as_service_udf(&expr) {
            Some((udf, args)) => {
                let given = args.iter().map(|arg| Ok(arg.to_field(self.input)?.1));
                Some(Arc::clone(
                    udf.overload(&given.collect::<Result<Vec<_>>>()?)?,
                ))
            }
            None => None,
        };
        let expr = match (&function, expr) {
            (Some(function), Expr::ScalarFunction(call)) => self.converted(function, call)?,
            (_, expr) => expr,
        };
        // The depth of an expression is that of its deepest part.
        let mut depth = 0;
        let expr = expr
            .map_children(|child| {
                let child = self.part(child, &mut depth)?;
                Ok(Transformed::yes(child))
            })?
            .data;
        self.depth = depth;
        Ok(match (function, expr) {
            (Some(function), Expr::ScalarFunction(call)) => self.pull(function, call),
            (_, expr) => expr,
        })
    }

    /// The call with its arguments converted to what the function declares.
    fn converted(&self, function: &ServiceFunction, mut call: ScalarFunction) -> Result<Expr> {
        let declared = function.function.spec().args.iter();
        for (arg, (_, ty)) in call.args.iter_mut().zip(declared) {
            let (_, field) = arg.to_field(self.input)?;
            if *ty == SqlType::Variant && Mark::of(&field) == Some(Mark::Unclear) {
                return Err(QueryError::JsonOrText {
                    function: function.name.clone(),
                    location: None,
                }
                .into());
            }
            *arg = as_declared(std::mem::take(arg), &field, *ty);
        }
        Ok(Expr::ScalarFunction(call))
    }

    /// A part of an expression; `depth` becomes that of the deepest part so far.
    fn part(&mut self, part: Expr, depth: &mut usize) -> Result<Expr> {
        self.depth = 0;
        let part = self.visit(part)?;
        *depth = (*depth).max(self.depth);
        Ok(part)
    }

    /// A part that is evaluated for the rows of a condition only.
    fn guarded(
        &mut self,
        part: Expr,
        depth: &mut usize,
        construct: &str,
        condition: impl FnOnce() -> Expr,
    ) -> Result<Expr> {
        let Some(function) = name_of_a_call(&part) else {
            return Ok(part);
        };
        let condition = condition();
        // Evaluated here and again in the expression, it would not say the same.
        if condition.is_volatile() {
            let construct = construct.to_owned();
            return Err(QueryError::CallInBranch {
                function,
                construct,
                location: None,
            }
            .into());
        }
        let outer = self.guard.take();
        self.guard = Some(match outer.clone() {
            None => Guard {
                condition,
                depth: *depth,
            },
            Some(outer) => Guard {
                condition: branches::both(outer.condition, condition),
                depth: outer.depth.max(*depth),
            },
        });
        let part = self.part(part, depth);
        self.guard = outer;
        part
    }

    fn case(&mut self, case: Case) -> Result<Expr> {
        let mut depth = 0;
        let operand = match case.expr {
            Some(operand) => Some(self.part(*operand, &mut depth)?),
            None => None,
        };
        let operand_ref = operand.as_ref();
        let (mut whens, mut thens) = (Vec::new(), Vec::new());
        for (when, then) in case.when_then_expr {
            let when = if whens.is_empty() {
                self.part(*when, &mut depth)?
            } else {
                self.guarded(*when, &mut depth, "CASE", || {
                    branches::none_of(operand_ref, &whens)
                })?
            };
            whens.push(when);
            thens.push(self.guarded(*then, &mut depth, "CASE", || {
                branches::last_of(operand_ref, &whens)
            })?);
        }
        let otherwise = match case.else_expr {
            Some(otherwise) => Some(self.guarded(*otherwise, &mut depth, "CASE", || {
                branches::none_of(operand_ref, &whens)
            })?),
            None => None,
        };
        self.depth = depth;
        let pairs = whens.into_iter().zip(thens);
        Ok(Expr::Case(Case::new(
            operand.map(Box::new),
            pairs
                .map(|(when, then)| (Box::new(when), Box::new(then)))
                .collect(),
            otherwise.map(Box::new),
        )))
    }

    /// COALESCE and the like: an argument is evaluated where all before it are NULL.
    fn first_not_null(&mut self, call: ScalarFunction) -> Result<Expr> {
        let mut depth = 0;
        let construct = call.name().to_uppercase();
        let mut args: Vec<Expr> = Vec::with_capacity(call.args.len());
        for arg in call.args {
            let found = |args: &[Expr]| {
                let found: Vec<Expr> = args.iter().map(|arg| arg.clone().is_not_null()).collect();
                branches::none_of(None, &found)
            };
            let arg = if args.is_empty() {
                self.part(arg, &mut depth)?
            } else {
                self.guarded(arg, &mut depth, &construct, || found(&args))?
            };
            args.push(arg);
        }
        self.depth = depth;
        Ok(Expr::ScalarFunction(ScalarFunction { args, ..call }))
    }

    fn pull(&mut self, function: Arc<ServiceFunction>, call: ScalarFunction) -> Expr {
        let below = self.guard.as_ref().map_or(0, |guard| guard.depth);
        let level = self.depth.max(below);
        self.depth = level + 1;
        // A depth of n comes from a call on level n - 1, so the level exists or is the next.
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        let call = Call {
            function,
            args: call.args,
            guard: self.guard.as_ref().map(|guard| guard.condition.clone()),
            output: String::new(),
        };
        let calls = &mut self.levels[level];
        if let Some(same) = calls.iter().find(|known| is_same(known, &call)) {
            return same.column();
        }
        let call = Call {
            output: self.names.next(),
            ..call
        };
        let column = call.column();
        calls.push(call);
        column
    }
}

/// Only a function that was declared IMMUTABLE, of arguments that are the same every time, for the
/// same rows.
fn is_same(known: &Call, call: &Call) -> bool {
    call.function.volatility == Volatility::Immutable
        && Arc::ptr_eq(&known.function, &call.function)
        && known.args == call.args
        && known.guard == call.guard
        && !call.args.iter().any(Expr::is_volatile)
}
