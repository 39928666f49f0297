//! Which values an expression yields, as far as JSON is concerned.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, ExprSchemable};

use crate::functions::{Mark, as_service_udf, makes_json};

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// NULL, which every column may have.
    Null,
    Marked(Mark),
    /// It is no JSON.
    Other,
}

impl Known {
    pub(super) fn of(field: &Arc<Field>) -> Self {
        match Mark::of(field) {
            Some(mark) => Self::Marked(mark),
            None if field.data_type().is_null() => Self::Null,
            None => Self::Other,
        }
    }
}

/// What is known of a value whose parts have their marks.
pub(super) fn known(expr: &Expr, schema: &DFSchema) -> Known {
    // What has no field of its own, such as a grouping set, is no value.
    let Ok((_, field)) = expr.to_field(schema) else {
        return Known::Other;
    };
    match (Known::of(&field), expr) {
        // Their fields were settled before there were marks.
        (Known::Other, Expr::OuterReferenceColumn(..) | Expr::LambdaVariable(_))
            if may_hold_text(field.data_type()) =>
        {
            Known::Marked(Mark::Unclear)
        }
        (Known::Other, Expr::Alias(alias)) => known(&alias.expr, schema),
        (known, _) => known,
    }
}

/// The mark of an argument, where its field lacks it.
pub(super) fn missing(expr: &Expr, schema: &DFSchema) -> Option<Mark> {
    let Known::Marked(mark) = known(expr, schema) else {
        return None;
    };
    let (_, field) = expr.to_field(schema).ok()?;
    (Mark::of(&field) != Some(mark)).then_some(mark)
}

/// The mark of what comes from several values, one of which it is.
pub(super) fn one_of(values: impl IntoIterator<Item = Known>) -> Option<Mark> {
    let (mut json, mut unclear, mut other) = (false, false, false);
    for value in values {
        match value {
            Known::Null => {}
            Known::Marked(Mark::Json) => json = true,
            Known::Marked(Mark::Unclear) => unclear = true,
            Known::Other => other = true,
        }
    }
    match (json, unclear, other) {
        (true, false, false) => Some(Mark::Json),
        (false, false, _) => None,
        (true, _, _) | (_, true, _) => Some(Mark::Unclear),
    }
}

/// The mark of an expression that is made of others, where its field lacks it. Some functions copy
/// the field of their first argument, whatever the others are.
pub(super) fn derived(expr: &Expr, schema: &DFSchema) -> Option<Mark> {
    if let Expr::Alias(alias) = expr {
        return derived(&alias.expr, schema);
    }
    let (_, field) = expr.to_field(schema).ok()?;
    if is_settled(expr) || !may_hold_text(field.data_type()) {
        return None;
    }
    let mark = match passed_on(expr) {
        Some(values) => one_of(values.into_iter().map(|value| known(value, schema))),
        None => holds_json(expr, schema).then_some(Mark::Unclear),
    };
    mark.filter(|mark| Mark::of(&field) != Some(*mark))
}

fn holds_json(expr: &Expr, schema: &DFSchema) -> bool {
    let mut found = false;
    let visited = expr.apply_children(|part| {
        found |= matches!(known(part, schema), Known::Marked(_));
        Ok(match found {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    });
    // The visitor itself does not fail.
    visited.is_ok() && found
}

/// Expressions whose own field says what they are: the user said so, or a function does.
fn is_settled(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::ScalarVariable(..)
        | Expr::Literal(..)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::ScalarSubquery(_)
        | Expr::Placeholder(_)
        | Expr::LambdaVariable(_)
        | Expr::Lambda(_)
        | Expr::GroupingSet(_) => true,
        Expr::ScalarFunction(_) => {
            as_service_udf(expr).is_some() || makes_json(expr) || Mark::is_put_by(expr)
        }
        _ => false,
    }
}

/// The values one of which the expression yields unchanged, if it is such an expression.
fn passed_on(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Case(case) => {
            let then = case.when_then_expr.iter().map(|(_, then)| then);
            Some(then.chain(&case.else_expr).map(AsRef::as_ref).collect())
        }
        Expr::ScalarFunction(call) => match call.name() {
            "coalesce" | "nvl" | "ifnull" | "greatest" | "least" => {
                Some(call.args.iter().collect())
            }
            "nullif" => Some(call.args.iter().take(1).collect()),
            "nvl2" => Some(call.args.iter().skip(1).collect()),
            _ => None,
        },
        Expr::AggregateFunction(call) => match call.func.name() {
            "max" | "min" | "first_value" | "last_value" | "nth_value" | "any_value" => {
                Some(call.params.args.iter().take(1).collect())
            }
            _ => None,
        },
        Expr::WindowFunction(call) => match call.fun.name() {
            "max" | "min" | "first_value" | "last_value" | "nth_value" | "any_value" => {
                Some(call.params.args.iter().take(1).collect())
            }
            // The value, how far off it is, and what there is otherwise.
            "lag" | "lead" => {
                let args = call.params.args.iter().enumerate();
                Some(
                    args.filter(|(at, _)| *at != 1)
                        .map(|(_, arg)| arg)
                        .collect(),
                )
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether values of the type can have JSON text in them.
fn may_hold_text(ty: &DataType) -> bool {
    let is_scalar = ty.is_primitive() || ty.is_null() || *ty == DataType::Boolean;
    !is_scalar
}
