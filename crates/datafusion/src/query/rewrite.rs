//! The pass over the parsed text, before DataFusion plans it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArguments, Ident, ObjectName, Query, Spanned, TableFactor,
    TableFunctionArgs, VisitMut, VisitorMut, visit_expressions,
};

use super::{Prepared, literals};
use crate::error::{Clause, Location, QueryError};
use crate::functions::ServiceFunctions;
use crate::read_files::{self, ReadFiles};

/// Writes service functions under the names they are registered with, and puts a table in the
/// place of every `read_files`: DataFusion refuses named arguments of table functions, and cannot
/// wait for files while it plans. Long numbers are written as decimals.
pub(super) fn rewrite(
    query: &mut Query,
    functions: &ServiceFunctions,
) -> Result<Prepared, QueryError> {
    let calls = Calls::default();
    let mut rewriter = Rewriter {
        functions,
        files: Vec::new(),
        calls,
    };
    match query.visit(&mut rewriter) {
        ControlFlow::Continue(()) => Ok(Prepared {
            files: rewriter.files,
            calls: rewriter.calls,
        }),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Where the query calls which function.
#[derive(Debug, Default)]
pub(super) struct Calls {
    by_name: BTreeMap<String, Vec<Option<Location>>>,
}

impl Calls {
    /// Adds the place to an error about a call when there is only one it can be.
    pub(super) fn locate(&self, mut error: QueryError) -> QueryError {
        if let Some((function, location)) = error.unlocated()
            && let Some([place]) = self.by_name.get(function).map(Vec::as_slice)
        {
            *location = *place;
        }
        error
    }
}

struct Rewriter<'a> {
    functions: &'a ServiceFunctions,
    files: Vec<ReadFiles>,
    calls: Calls,
}

impl Rewriter<'_> {
    fn function(&mut self, call: &mut Function) -> Result<(), QueryError> {
        let Some(name) = self.functions.resolve(&call.name) else {
            return Ok(());
        };
        let span = call.name.span();
        let location = Location::of(span);
        if let Some(modifier) = modifier(call) {
            let function = name.to_owned();
            return Err(QueryError::CallModifier {
                function,
                modifier,
                location,
            });
        }
        let mut ident = Ident::with_quote('"', name);
        ident.span = span;
        call.name = ObjectName::from(vec![ident]);
        self.calls
            .by_name
            .entry(name.to_owned())
            .or_default()
            .push(location);
        Ok(())
    }

    /// A call behind LIMIT or OFFSET would only be told that it is not an integer.
    fn limit(&self, query: &Query) -> Result<(), QueryError> {
        let found = visit_expressions(&query.limit_clause, |expr| match expr {
            Expr::Function(call) => match self.functions.resolve(&call.name) {
                Some(name) => ControlFlow::Break((name.to_owned(), call.name.span())),
                None => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        });
        match found {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break((function, span)) => {
                let location = Location::of(span);
                Err(QueryError::CallInClause {
                    function,
                    clause: Clause::Limit,
                    location,
                })
            }
        }
    }

    fn table(&mut self, factor: &mut TableFactor) -> Result<(), QueryError> {
        if let Some((files, table)) = ReadFiles::parse(factor)? {
            *factor = table;
            // The same files read in the same way are one table.
            if !self
                .files
                .iter()
                .any(|one| one.table_reference() == files.table_reference())
            {
                self.files.push(files);
            }
        } else if let Some(call) = unwrapped(factor) {
            *factor = call;
        }
        Ok(())
    }
}

/// `f(…)` for `TABLE(f(…))`, which the original writes and DataFusion does not know.
fn unwrapped(factor: &TableFactor) -> Option<TableFactor> {
    let TableFactor::TableFunction {
        expr: Expr::Function(call),
        alias,
    } = factor
    else {
        return None;
    };
    let FunctionArguments::List(list) = &call.args else {
        return None;
    };
    let mut table = read_files::table_named("", alias.clone());
    if let TableFactor::Table { name, args, .. } = &mut table {
        *name = call.name.clone();
        *args = Some(TableFunctionArgs {
            args: list.args.clone(),
            settings: None,
        });
    }
    Some(table)
}

impl VisitorMut for Rewriter<'_> {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        flow(self.limit(query))
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        literals::exact(expr);
        match expr {
            Expr::Function(call) => flow(self.function(call)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<QueryError> {
        flow(self.table(factor))
    }
}

fn flow(result: Result<(), QueryError>) -> ControlFlow<QueryError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// Words that DataFusion would pass over silently for a scalar function.
fn modifier(call: &Function) -> Option<&'static str> {
    let (distinct, clauses) = match &call.args {
        FunctionArguments::List(list) => {
            (list.duplicate_treatment.is_some(), !list.clauses.is_empty())
        }
        FunctionArguments::None | FunctionArguments::Subquery(_) => (false, false),
    };
    [
        (call.over.is_some(), "OVER"),
        (call.filter.is_some(), "FILTER"),
        (!call.within_group.is_empty(), "WITHIN GROUP"),
        (
            call.null_treatment.is_some(),
            "IGNORE NULLS or RESPECT NULLS",
        ),
        (distinct, "DISTINCT or ALL"),
        (clauses, "ORDER BY or other clause in its arguments"),
    ]
    .into_iter()
    .find_map(|(present, name)| present.then_some(name))
}
