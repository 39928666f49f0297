//! The planner rule that keeps track of JSON.
//!
//! Whether a text is JSON is written on its field, and most expressions make a field without it.
//! Sent as a `VARIANT`, such a text would become a JSON string: encoded twice. So this rule runs
//! before types are settled and looks at every expression that JSON goes into. One that yields one
//! of its values unchanged (CASE, COALESCE, `max`) gets the mark where all of them have it; every
//! other text is marked as unclear, and refused where it would be sent as a `VARIANT`.

mod values;

use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::logical_plan::{Projection, RecursiveQuery};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use crate::error::QueryError;
use crate::functions::{
    Mark, as_service_udf, is_to_variant, json_as_it_is, to_variant as to_variant_udf,
};
use values::{Known, derived, known, one_of};

/// Writes on the fields of a plan which texts are JSON, and of which this is not known.
#[derive(Debug)]
pub(crate) struct KeepMarks;

impl AnalyzerRule for KeepMarks {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        if !takes_variants(&plan)? {
            return Ok(plan);
        }
        plan.transform_up_with_subqueries(|node| marked(node).map(Transformed::yes))
            .map(|transformed| transformed.data)
    }

    fn name(&self) -> &str {
        "keep_marks_of_json"
    }
}

/// Whether it matters anywhere in the plan if a text is JSON.
fn takes_variants(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= is_to_variant(expr)
                    || as_service_udf(expr).is_some_and(|(udf, _)| udf.takes_a_variant());
                Ok(match found {
                    true => TreeNodeRecursion::Stop,
                    false => TreeNodeRecursion::Continue,
                })
            })
        })
    })?;
    Ok(found)
}

fn marked(node: LogicalPlan) -> Result<LogicalPlan> {
    let inputs = node.inputs();
    // Scans have no input, and no expressions before they are optimized.
    let schema = match inputs.is_empty() {
        true => DFSchema::empty(),
        false => merge_schema(&inputs),
    };
    let node = node
        .map_expressions(|expr| expr.transform_up(|expr| mark(expr, &schema)))?
        .data
        .recompute_schema()?;
    let columns = match &node {
        LogicalPlan::Projection(projection) => {
            let exprs = projection.expr.iter();
            let known = exprs.map(|expr| known(expr, &schema)).collect();
            return on_items(projection, known);
        }
        LogicalPlan::Aggregate(aggregate) => last(
            &node,
            aggregate
                .aggr_expr
                .iter()
                .map(|expr| derived(expr, &schema)),
        ),
        LogicalPlan::Window(window) => last(
            &node,
            window.window_expr.iter().map(|expr| derived(expr, &schema)),
        ),
        LogicalPlan::Values(values) => (0..node.schema().fields().len())
            .map(|at| {
                let column = values.values.iter().filter_map(|row| row.get(at));
                one_of(column.map(|value| known(value, &schema)))
            })
            .collect(),
        LogicalPlan::Union(union) => branches(&node, &union.inputs.iter().collect::<Vec<_>>()),
        LogicalPlan::RecursiveQuery(query) => {
            same_in_every_round(query)?;
            branches(&node, &[&query.static_term, &query.recursive_term])
        }
        LogicalPlan::Unnest(unnest) => {
            let from = |at: &usize| unnest.input.schema().fields().get(*at).map(Known::of);
            let from = unnest.dependency_indices.iter().map(from);
            from.map(|known| match known {
                Some(Known::Marked(_)) => Some(Mark::Unclear),
                Some(Known::Null | Known::Other) | None => None,
            })
            .collect()
        }
        _ => return Ok(node),
    };
    on_columns(node, columns)
}

/// An expression with the mark of its value; arguments for which it matters with theirs.
fn mark(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    if is_to_variant(&expr) {
        return to_variant(expr, schema);
    }
    if as_service_udf(&expr).is_some() {
        return Ok(Transformed::yes(with_marked_args(expr, schema)));
    }
    // An aggregate stays at the top of its expression, and is looked at there.
    if matches!(
        expr,
        Expr::AggregateFunction(_) | Expr::WindowFunction(_) | Expr::Alias(_)
    ) {
        return Ok(Transformed::no(expr));
    }
    Ok(match derived(&expr, schema) {
        Some(mark) => Transformed::yes(mark.put(expr)),
        None => Transformed::no(expr),
    })
}

/// TO_VARIANT of JSON is the JSON itself.
fn to_variant(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(ScalarFunction { args, .. }) = expr else {
        return Ok(Transformed::no(expr));
    };
    let known = args.first().map(|arg| known(arg, schema));
    let func = match known {
        Some(Known::Marked(Mark::Json)) => json_as_it_is(),
        Some(Known::Marked(Mark::Unclear)) => {
            return Err(QueryError::JsonOrText {
                function: "TO_VARIANT".to_owned(),
                location: None,
            }
            .into());
        }
        Some(Known::Null | Known::Other) | None => to_variant_udf(),
    };
    Ok(Transformed::yes(func.call(args)))
}

fn with_marked_args(expr: Expr, schema: &DFSchema) -> Expr {
    let Expr::ScalarFunction(mut call) = expr else {
        return expr;
    };
    for arg in &mut call.args {
        if let Some(mark) = values::missing(arg, schema) {
            *arg = mark.put(std::mem::take(arg));
        }
    }
    Expr::ScalarFunction(call)
}

/// The items of a select list, with the marks that their fields lack.
fn on_items(projection: &Projection, known: Vec<Known>) -> Result<LogicalPlan> {
    let items = projection
        .expr
        .iter()
        .zip(projection.schema.iter())
        .zip(known);
    let items = items.map(|((expr, (qualifier, field)), known)| match known {
        Known::Marked(mark) if Mark::of(field) != Some(mark) => mark
            .put(expr.clone().unalias())
            .alias_qualified(qualifier.cloned(), field.name()),
        _ => expr.clone(),
    });
    Projection::try_new(items.collect(), projection.input.clone()).map(LogicalPlan::Projection)
}

/// Marks for the last columns of `node`, which its expressions make.
fn last(
    node: &LogicalPlan,
    made: impl ExactSizeIterator<Item = Option<Mark>>,
) -> Vec<Option<Mark>> {
    let passed = node.schema().fields().len().saturating_sub(made.len());
    std::iter::repeat_n(None, passed).chain(made).collect()
}

/// Marks for columns whose rows come from several plans.
fn branches(node: &LogicalPlan, plans: &[&Arc<LogicalPlan>]) -> Vec<Option<Mark>> {
    (0..node.schema().fields().len())
        .map(|at| {
            let columns = plans
                .iter()
                .filter_map(|plan| plan.schema().fields().get(at));
            one_of(columns.map(Known::of))
        })
        .collect()
}

/// In every round a recursive query reads what the one before made, as columns whose fields were
/// settled when the query was planned: marks that came later are not on them.
fn same_in_every_round(query: &RecursiveQuery) -> Result<()> {
    let first: Vec<_> = query
        .static_term
        .schema()
        .fields()
        .iter()
        .map(Known::of)
        .collect();
    query.recursive_term.apply_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else {
            return Ok(TreeNodeRecursion::Continue);
        };
        let read = scan.source.schema();
        let differ =
            read.fields().iter().zip(&first).any(|(field, first)| {
                matches!(first, Known::Marked(_)) && Known::of(field) != *first
            });
        match scan.table_name.table() == query.name && differ {
            true => Err(QueryError::JsonOrText {
                function: query.name.clone(),
                location: None,
            }
            .into()),
            false => Ok(TreeNodeRecursion::Continue),
        }
    })?;
    Ok(())
}

/// The columns of `node` under their names, with these marks.
fn on_columns(node: LogicalPlan, marks: Vec<Option<Mark>>) -> Result<LogicalPlan> {
    let lacks = |((_, field), mark): &((_, &Arc<Field>), &Option<Mark>)| {
        mark.is_some_and(|mark| Mark::of(field) != Some(mark))
    };
    let columns: Vec<_> = node.schema().iter().zip(&marks).collect();
    if !columns.iter().any(lacks) {
        return Ok(node);
    }
    let columns = columns.into_iter().map(|entry| {
        let ((qualifier, field), mark) = &entry;
        let column = Expr::Column(Column::from((*qualifier, *field)));
        match mark {
            Some(mark) if lacks(&entry) => mark
                .put(column)
                .alias_qualified(qualifier.cloned(), field.name()),
            _ => column,
        }
    });
    let columns = columns.collect();
    Projection::try_new(columns, Arc::new(node)).map(LogicalPlan::Projection)
}
