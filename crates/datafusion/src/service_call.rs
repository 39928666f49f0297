//! The logical node that carries calls of service functions.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, DataFusionError, Result, TableReference, internal_err,
};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use crate::functions::ServiceFunction;

/// The rows of `input` with one column more per call; one row out per row in, in order.
#[derive(Debug, Clone)]
pub(crate) struct ServiceCall {
    input: LogicalPlan,
    calls: Vec<Call>,
    schema: DFSchemaRef,
}

/// One call: the function, what it is given, and the column its results go to.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) function: Arc<ServiceFunction>,
    pub(crate) args: Vec<Expr>,
    /// 1 for the rows that the call is made for; the others get NULL. None for all.
    pub(crate) guard: Option<Expr>,
    /// A name that is unique in the query and that users never see.
    pub(crate) output: String,
}

impl Call {
    pub(crate) fn column(&self) -> Expr {
        Expr::Column(Column::new_unqualified(&self.output))
    }

    pub(crate) fn field(&self) -> Field {
        let nullable = self.function.nullable || self.guard.is_some();
        self.function.result(&self.output, nullable)
    }
}

impl ServiceCall {
    pub(crate) fn try_new(input: LogicalPlan, calls: Vec<Call>) -> Result<Self> {
        let fields: Vec<(Option<TableReference>, Arc<Field>)> = input
            .schema()
            .iter()
            .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)))
            .chain(calls.iter().map(|call| (None, Arc::new(call.field()))))
            .collect();
        let schema = DFSchema::new_with_metadata(fields, input.schema().metadata().clone())?
            .with_functional_dependencies(input.schema().functional_dependencies().clone())?;
        Ok(Self {
            input,
            calls,
            schema: Arc::new(schema),
        })
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(crate) fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension {
            node: Arc::new(self),
        })
    }
}

impl UserDefinedLogicalNodeCore for ServiceCall {
    fn name(&self) -> &str {
        "ServiceCall"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.calls
            .iter()
            .flat_map(|call| call.args.iter().chain(&call.guard).cloned())
            .collect()
    }

    /// A condition on columns of the input may go below: it only spares calls. One on results
    /// cannot.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        self.calls.iter().map(|call| call.output.clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("ServiceCall: ")?;
        for (n, call) in self.calls.iter().enumerate() {
            let args: Vec<_> = call.args.iter().map(ToString::to_string).collect();
            let comma = if n == 0 { "" } else { ", " };
            let (name, output) = (&call.function.name, &call.output);
            write!(f, "{comma}{name}({}) AS {output}", args.join(", "))?;
            if let Some(guard) = &call.guard {
                write!(f, " WHERE 1 = {guard}")?;
            }
        }
        Ok(())
    }

    fn with_exprs_and_inputs(
        &self,
        exprs: Vec<Expr>,
        mut inputs: Vec<LogicalPlan>,
    ) -> Result<Self> {
        let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else {
            return internal_err!("ServiceCall has one input");
        };
        let mut exprs = exprs.into_iter();
        let mut calls = self.calls.clone();
        for call in &mut calls {
            for arg in call.args.iter_mut().chain(&mut call.guard) {
                *arg = exprs.next().ok_or_else(|| {
                    DataFusionError::Internal("ServiceCall lost an argument".to_owned())
                })?;
            }
        }
        Self::try_new(input, calls)
    }

    /// The columns of the input that are wanted above; those in arguments are added by the rule
    /// that asks. Calls themselves are never pruned.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let width = self.input.schema().fields().len();
        Some(vec![
            output_columns
                .iter()
                .copied()
                .filter(|index| *index < width)
                .collect(),
        ])
    }

    /// One row out per row in: a limit below spares calls and changes nothing else.
    ///
    /// DataFusion puts one more limit below in every round of its optimizer, so one is enough; a
    /// tighter one than there is goes below in the physical plan.
    fn supports_limit_pushdown(&self) -> bool {
        !matches!(self.input, LogicalPlan::Limit(_))
    }
}

/// What tells calls apart, besides their functions.
type Key<'c> = (&'c str, &'c Vec<Expr>, &'c Option<Expr>);

/// What tells nodes apart; names of output columns are unique, so they come first.
impl ServiceCall {
    fn key(&self) -> (Vec<Key<'_>>, &LogicalPlan) {
        let calls = self.calls.iter();
        let keys = calls.map(|call| (call.output.as_str(), &call.args, &call.guard));
        (keys.collect(), &self.input)
    }
}

impl PartialEq for ServiceCall {
    fn eq(&self, other: &Self) -> bool {
        let functions = self.calls.iter().zip(&other.calls);
        self.key() == other.key()
            && functions
                .into_iter()
                .all(|(a, b)| Arc::ptr_eq(&a.function, &b.function))
    }
}

impl Eq for ServiceCall {}

impl PartialOrd for ServiceCall {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.key().partial_cmp(&other.key())? {
            Ordering::Equal if self != other => None,
            ordering => Some(ordering),
        }
    }
}

impl Hash for ServiceCall {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
