//! Names of result columns.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, visit_expressions,
};

/// Names every item of the outermost select list that calls a function and has no alias by its
/// text in upper case, as the original does.
///
/// The names of a set operation are those of its first SELECT. Names must differ within a list, so
/// items with equal text get `_2`, `_3`, … behind it.
pub(super) fn name(query: &mut Query) {
    let named = name_body(&mut query.body);
    if let Some(OrderBy {
        kind: OrderByKind::Expressions(sorts),
        ..
    }) = &mut query.order_by
    {
        for sort in sorts {
            // DISTINCT allows only columns of the result to be sorted by, and does not see that
            // an item with a name is the same as the item without.
            if let Some((_, name)) = named.iter().find(|(item, _)| *item == sort.expr) {
                sort.expr = Expr::Identifier(name.clone());
            }
        }
    }
}

/// The items that got a name, as far as an ORDER BY behind `body` may repeat them.
fn name_body(body: &mut SetExpr) -> Vec<(Expr, Ident)> {
    match body {
        SetExpr::Select(select) => name_items(select),
        SetExpr::Query(query) => {
            name(query);
            Vec::new()
        }
        SetExpr::SetOperation { left, .. } => {
            name_body(left);
            Vec::new()
        }
        SetExpr::Values(_)
        | SetExpr::Table(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_) => Vec::new(),
    }
}

fn name_items(select: &mut Select) -> Vec<(Expr, Ident)> {
    let mut seen = HashMap::new();
    select
        .projection
        .iter_mut()
        .filter_map(|item| name_item(item, &mut seen))
        .collect()
}

fn name_item(item: &mut SelectItem, seen: &mut HashMap<String, u32>) -> Option<(Expr, Ident)> {
    let SelectItem::UnnamedExpr(expr) = item else {
        return None;
    };
    if !calls_a_function(expr) {
        return None;
    }
    let mut text = expr.to_string().to_uppercase();
    let times = seen.entry(text.clone()).or_default();
    *times += 1;
    if *times > 1 {
        text.push_str(&format!("_{times}"));
    }
    let (expr, alias) = (expr.clone(), Ident::with_quote('"', text));
    *item = SelectItem::ExprWithAlias {
        expr: expr.clone(),
        alias: alias.clone(),
    };
    Some((expr, alias))
}

fn calls_a_function(expr: &Expr) -> bool {
    // Functions with a syntax of their own are expressions of their own to the parser.
    visit_expressions(expr, |expr| match expr {
        Expr::Function(_)
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Overlay { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}
