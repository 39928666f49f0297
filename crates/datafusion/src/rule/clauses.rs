//! What becomes of a plan node whose expressions hold calls: the calls go below it, and columns
//! that come of that are dropped above it.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, Result};
use datafusion::logical_expr::expr::{GroupingSet, Sort as SortExpr};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::logical_plan::{Aggregate, Filter, Join, Projection, Sort, Window};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::extract::{Extractor, Levels};
use super::{OutputNames, branches, columns_of, name_of_a_call};
use crate::error::{Clause, QueryError};
use crate::functions::as_service_udf;
use crate::service_call::ServiceCall;

pub(super) fn projection(projection: Projection, names: &mut OutputNames) -> Result<LogicalPlan> {
    let mut extractor = Extractor::new(projection.input.schema(), names);
    let exprs = named(&mut extractor, projection.expr)?;
    let levels = extractor.into_levels();
    let input = stack(projection.input, levels)?;
    Projection::try_new(exprs, Arc::new(input)).map(LogicalPlan::Projection)
}

pub(super) fn filter(filter: Filter, names: &mut OutputNames) -> Result<LogicalPlan> {
    let columns = columns_of(filter.input.schema());
    let mut extractor = Extractor::new(filter.input.schema(), names);
    let predicate = extractor.extract(filter.predicate)?;
    let levels = extractor.into_levels();
    let input = stack(filter.input, levels)?;
    let filter = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?);
    only(columns, filter)
}

pub(super) fn sort(sort: Sort, names: &mut OutputNames) -> Result<LogicalPlan> {
    let columns = columns_of(sort.input.schema());
    let mut extractor = Extractor::new(sort.input.schema(), names);
    let expr = sort
        .expr
        .into_iter()
        .map(|by| {
            let expr = extractor.extract(by.expr)?;
            Ok(SortExpr { expr, ..by })
        })
        .collect::<Result<Vec<_>>>()?;
    let levels = extractor.into_levels();
    let input = Arc::new(stack(sort.input, levels)?);
    let fetch = sort.fetch;
    only(columns, LogicalPlan::Sort(Sort { expr, input, fetch }))
}

/// What is grouped by becomes a column below, of the name that the nodes above know it by.
pub(super) fn aggregate(aggregate: Aggregate, names: &mut OutputNames) -> Result<LogicalPlan> {
    let mut below = columns_of(aggregate.input.schema());
    let mut extractor = Extractor::new(aggregate.input.schema(), names);
    let mut grouped = |expr: Expr| -> Result<Expr> {
        if name_of_a_call(&expr).is_none() {
            return Ok(expr);
        }
        let saved = NamePreserver::new_for_projection().save(&expr);
        let name = expr.schema_name().to_string();
        let computed = saved.restore(extractor.extract(expr)?);
        let computed = match computed {
            Expr::Alias(alias) => *alias.expr,
            other => other,
        }
        .alias(&name);
        // Grouping sets name one expression several times.
        if !below.contains(&computed) {
            below.push(computed);
        }
        Ok(Expr::Column(Column::new_unqualified(name)))
    };
    let group = aggregate
        .group_expr
        .into_iter()
        .map(|expr| match expr {
            Expr::GroupingSet(set) => grouping_set(set, &mut grouped).map(Expr::GroupingSet),
            expr => grouped(expr),
        })
        .collect::<Result<Vec<_>>>()?;
    let computes = below.len() > aggregate.input.schema().fields().len();
    let aggregates = named(&mut extractor, aggregate.aggr_expr)?;
    let levels = extractor.into_levels();
    // Arguments of aggregates need the columns of their calls, too.
    let outputs = levels.iter().flatten().map(|call| call.column());
    below.extend(outputs);
    let mut input = stack(aggregate.input, levels)?;
    if computes {
        input = only(below, input)?;
    }
    Aggregate::try_new(Arc::new(input), group, aggregates).map(LogicalPlan::Aggregate)
}

fn grouping_set(
    set: GroupingSet,
    grouped: &mut dyn FnMut(Expr) -> Result<Expr>,
) -> Result<GroupingSet> {
    let mut all = |exprs: Vec<Expr>| exprs.into_iter().map(&mut *grouped).collect();
    Ok(match set {
        GroupingSet::Rollup(exprs) => GroupingSet::Rollup(all(exprs)?),
        GroupingSet::Cube(exprs) => GroupingSet::Cube(all(exprs)?),
        GroupingSet::GroupingSets(sets) => {
            GroupingSet::GroupingSets(sets.into_iter().map(all).collect::<Result<_>>()?)
        }
    })
}

pub(super) fn window(window: Window, names: &mut OutputNames) -> Result<LogicalPlan> {
    let columns = columns_of(&window.schema);
    let mut extractor = Extractor::new(window.input.schema(), names);
    let exprs = named(&mut extractor, window.window_expr)?;
    let levels = extractor.into_levels();
    let input = stack(window.input, levels)?;
    only(
        columns,
        LogicalPlan::Window(Window::try_new(exprs, Arc::new(input))?),
    )
}

/// A call that needs one side only is made below that side. One that needs both is made for the
/// pairs that the other conditions leave, which an inner join can filter afterwards.
pub(super) fn join(join: Join, names: &mut OutputNames) -> Result<LogicalPlan> {
    let columns = columns_of(&join.schema);
    let mut conditions = join.filter.map(split_conjunction_owned).unwrap_or_default();
    let mut pairs = join.on;
    let mut left = Extractor::new(join.left.schema(), names);
    for (one, _) in &mut pairs {
        *one = left.extract(std::mem::take(one))?;
    }
    for condition in &mut conditions {
        *condition = one_side(&mut left, join.left.schema(), std::mem::take(condition))?;
    }
    let left_levels = left.into_levels();
    let mut right = Extractor::new(join.right.schema(), names);
    for (_, other) in &mut pairs {
        *other = right.extract(std::mem::take(other))?;
    }
    for condition in &mut conditions {
        *condition = one_side(&mut right, join.right.schema(), std::mem::take(condition))?;
    }
    let right_levels = right.into_levels();
    let (above, kept): (Vec<_>, Vec<_>) = conditions
        .into_iter()
        .partition(|condition| name_of_a_call(condition).is_some());
    if let (Some(condition), true) = (above.first(), join.join_type != JoinType::Inner) {
        return Err(QueryError::CallInClause {
            function: name_of_a_call(condition).unwrap_or_default(),
            clause: Clause::Join,
            location: None,
        }
        .into());
    }
    let joined = LogicalPlan::Join(Join::try_new(
        Arc::new(stack(join.left, left_levels)?),
        Arc::new(stack(join.right, right_levels)?),
        pairs,
        conjunction(kept),
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?);
    let joined = match conjunction(above) {
        Some(predicate) => filter(Filter::try_new(predicate, Arc::new(joined))?, names)?,
        None => joined,
    };
    only(columns, joined)
}

/// Takes out the calls that need columns of one side only.
fn one_side(extractor: &mut Extractor<'_>, side: &DFSchema, condition: Expr) -> Result<Expr> {
    let within = |expr: &Expr| {
        let columns = expr.column_refs();
        columns
            .iter()
            .all(|column| side.is_column_from_schema(column))
    };
    if within(&condition) {
        return extractor.extract(condition);
    }
    // What decides about a branch may stand on the other side.
    if branches::hold_a_call(&condition)? {
        return Ok(condition);
    }
    let taken = condition.transform_down(|expr| {
        if as_service_udf(&expr).is_some() && within(&expr) {
            let column = extractor.extract(expr)?;
            return Ok(Transformed::new(column, true, TreeNodeRecursion::Jump));
        }
        Ok(Transformed::no(expr))
    })?;
    Ok(taken.data)
}

/// Expressions with a column in the place of every call, under the names that they had.
fn named(extractor: &mut Extractor<'_>, exprs: Vec<Expr>) -> Result<Vec<Expr>> {
    let preserver = NamePreserver::new_for_projection();
    exprs
        .into_iter()
        .map(|expr| {
            let name = preserver.save(&expr);
            Ok(name.restore(extractor.extract(expr)?))
        })
        .collect()
}

/// Calls whose arguments hold results of other calls stand above those.
fn stack(input: Arc<LogicalPlan>, levels: Levels) -> Result<LogicalPlan> {
    levels
        .into_iter()
        .try_fold(Arc::unwrap_or_clone(input), |input, calls| {
            Ok(ServiceCall::try_new(input, calls)?.into_plan())
        })
}

/// The node's columns as they were, without those of calls.
fn only(columns: Vec<Expr>, input: LogicalPlan) -> Result<LogicalPlan> {
    Projection::try_new(columns, Arc::new(input)).map(LogicalPlan::Projection)
}
