//! The planner rule that takes calls of service functions out of expressions.

mod branches;
mod clauses;
mod extract;
mod marks;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison};
use datafusion::logical_expr::logical_plan::Subquery;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use crate::error::{Clause, QueryError};
use crate::functions::as_service_udf;
use crate::service_call::ServiceCall;

pub(crate) use marks::KeepMarks;

/// Pulls every call of a service function out of the expressions of plan nodes into
/// [`ServiceCall`] nodes directly below, and refuses those that no rows can be sent for.
///
/// Runs after type coercion, so that arguments have the declared types; afterwards no expression
/// of the plan has a call in it, and the optimizer sees columns.
#[derive(Debug)]
pub(crate) struct PullUpServiceCalls;

impl AnalyzerRule for PullUpServiceCalls {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        if name_of_a_call_in_plan(&plan)?.is_none() {
            return Ok(plan);
        }
        refuse_correlated_calls(&plan)?;
        let mut names = OutputNames {
            used: calls_already_pulled(&plan)?,
        };
        plan.transform_up_with_subqueries(|node| rewrite(node, &mut names))
            .map(|transformed| transformed.data)
    }

    fn name(&self) -> &str {
        "pull_up_service_calls"
    }
}

/// Gives result columns names that are unique in a plan.
#[derive(Debug)]
struct OutputNames {
    used: usize,
}

impl OutputNames {
    fn next(&mut self) -> String {
        self.used += 1;
        format!("__call_{}", self.used)
    }
}

fn rewrite(node: LogicalPlan, names: &mut OutputNames) -> Result<Transformed<LogicalPlan>> {
    let Some(clause) = clause_of_a_call(&node)? else {
        return Ok(Transformed::no(node));
    };
    match (node, clause) {
        (LogicalPlan::Projection(projection), _) => clauses::projection(projection, names),
        (LogicalPlan::Filter(filter), _) => clauses::filter(filter, names),
        (LogicalPlan::Sort(sort), _) => clauses::sort(sort, names),
        (LogicalPlan::Aggregate(aggregate), _) => clauses::aggregate(aggregate, names),
        (LogicalPlan::Join(join), _) => clauses::join(join, names),
        (LogicalPlan::Window(window), _) => clauses::window(window, names),
        (_, (clause, function)) => Err(QueryError::CallInClause {
            function,
            clause,
            location: None,
        }
        .into()),
    }
    .map(Transformed::yes)
}

fn columns_of(schema: &DFSchema) -> Vec<Expr> {
    schema
        .iter()
        .map(|column| Expr::Column(Column::from(column)))
        .collect()
}

/// A call in the node's own expressions: the clause it stands in and the function.
fn clause_of_a_call(node: &LogicalPlan) -> Result<Option<(Clause, String)>> {
    let clause = match node {
        LogicalPlan::Distinct(Distinct::On(_)) => Clause::DistinctOn,
        LogicalPlan::Values(_) => Clause::Values,
        LogicalPlan::Limit(_) => Clause::Limit,
        LogicalPlan::Join(_) => Clause::Join,
        LogicalPlan::Projection(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Statement(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Distinct(Distinct::All(_))
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::RecursiveQuery(_) => Clause::Other,
    };
    Ok(name_of_a_call_in_node(node)?.map(|function| (clause, function)))
}

fn name_of_a_call_in_node(node: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    node.apply_expressions(|expr| {
        found = name_of_a_call(expr);
        Ok(if found.is_some() {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    })?;
    Ok(found)
}

/// A call anywhere in `expr`, but not in the plans of its subqueries.
fn name_of_a_call(expr: &Expr) -> Option<String> {
    let mut found = None;
    let visited = expr.apply(|expr| {
        found = as_service_udf(expr).map(|_| name_of(expr));
        Ok(if found.is_some() {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    });
    // The visitor itself does not fail.
    visited.ok().and(found)
}

fn name_of(call: &Expr) -> String {
    match call {
        Expr::ScalarFunction(call) => call.name().to_owned(),
        other => other.to_string(),
    }
}

fn name_of_a_call_in_plan(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        found = name_of_a_call_in_node(node)?;
        Ok(if found.is_some() {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    })?;
    Ok(found)
}

/// A subquery that refers to columns around it is run by rewriting it into a join, which cannot
/// pass a [`ServiceCall`].
fn refuse_correlated_calls(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Subquery(lateral) = node {
            refuse_if_correlated(lateral)?;
        }
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::ScalarSubquery(subquery)
                | Expr::Exists(Exists { subquery, .. })
                | Expr::InSubquery(InSubquery { subquery, .. })
                | Expr::SetComparison(SetComparison { subquery, .. }) = expr
                {
                    refuse_if_correlated(subquery)?;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map(|_| ())
}

fn refuse_if_correlated(subquery: &Subquery) -> Result<()> {
    if subquery.outer_ref_columns.is_empty() {
        return Ok(());
    }
    match name_of_a_call_in_plan(&subquery.subquery)? {
        Some(function) => Err(QueryError::CallInCorrelatedSubquery {
            function,
            location: None,
        }
        .into()),
        None => Ok(()),
    }
}

/// A plan that is analyzed a second time keeps the names that it has.
fn calls_already_pulled(plan: &LogicalPlan) -> Result<usize> {
    let mut calls = 0;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Extension(extension) = node
            && let Some(node) = extension.node.as_any().downcast_ref::<ServiceCall>()
        {
            calls += node.calls().len();
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(calls)
}
