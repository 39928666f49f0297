//! The physical node that makes the calls.

mod coalesce;
mod runner;

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionMapping;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    ChildStats, ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan,
    ExecutionPlanProperties, PhysicalExpr, PlanProperties, ReplaceChildrenOptions, StatisticsArgs,
    apply_expression_roots,
};

use crate::functions::ServiceFunction;
use crate::service_call::Call;
use crate::session::QueryRun;
use runner::Runner;

/// The rows of the input, in order, with one column more per call.
#[derive(Debug, Clone)]
pub(crate) struct ServiceCallExec {
    input: Arc<dyn ExecutionPlan>,
    calls: Arc<[PhysicalCall]>,
    run: Arc<QueryRun>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// One call: the function, how its arguments are computed, and the column of its results.
#[derive(Debug, Clone)]
pub(crate) struct PhysicalCall {
    function: Arc<ServiceFunction>,
    args: Vec<Arc<dyn PhysicalExpr>>,
    /// 1 for the rows that the call is made for; the others get NULL. None for all.
    guard: Option<Arc<dyn PhysicalExpr>>,
    output: Field,
}

impl PhysicalCall {
    pub(crate) fn new(
        call: &Call,
        args: Vec<Arc<dyn PhysicalExpr>>,
        guard: Option<Arc<dyn PhysicalExpr>>,
    ) -> Self {
        Self {
            function: Arc::clone(&call.function),
            args,
            guard,
            output: call.field(),
        }
    }
}

impl fmt::Display for PhysicalCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<_> = self.args.iter().map(ToString::to_string).collect();
        write!(
            f,
            "{}({}) AS {}",
            self.function.name,
            args.join(", "),
            self.output.name()
        )?;
        match &self.guard {
            Some(guard) => write!(f, " WHERE 1 = {guard}"),
            None => Ok(()),
        }
    }
}

impl ServiceCallExec {
    pub(crate) fn try_new(
        input: Arc<dyn ExecutionPlan>,
        calls: Vec<PhysicalCall>,
        run: Arc<QueryRun>,
    ) -> Result<Self> {
        let properties = Arc::new(properties(&input, &calls)?);
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self {
            input,
            calls: calls.into(),
            run,
            properties,
            metrics,
        })
    }
}

/// What is known about the rows of the input stays true, since all its columns keep their places.
fn properties(input: &Arc<dyn ExecutionPlan>, calls: &[PhysicalCall]) -> Result<PlanProperties> {
    let before = input.schema();
    let fields: Vec<_> = before
        .fields()
        .iter()
        .cloned()
        .chain(calls.iter().map(|call| Arc::new(call.output.clone())))
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, before.metadata().clone()));
    let columns: Vec<usize> = (0..before.fields().len()).collect();
    let mapping = ProjectionMapping::from_indices(&columns, &before)?;
    Ok(PlanProperties::new(
        input.equivalence_properties().project(&mapping, schema),
        input.output_partitioning().clone(),
        input.pipeline_behavior(),
        input.boundedness(),
    ))
}

impl DisplayAs for ServiceCallExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let calls: Vec<_> = self.calls.iter().map(ToString::to_string).collect();
        match format {
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                let concurrency = self.run.info.concurrency;
                write!(
                    f,
                    "ServiceCallExec: {}; concurrency={concurrency}",
                    calls.join(", ")
                )
            }
            DisplayFormatType::TreeRender => {
                calls.iter().try_for_each(|call| writeln!(f, "{call}"))
            }
        }
    }
}

impl ExecutionPlan for ServiceCallExec {
    fn name(&self) -> &str {
        "ServiceCallExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    /// Concurrency comes from batches, not from partitions; the rows stay in their order.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(
            self.calls
                .iter()
                .flat_map(|call| call.args.iter().chain(&call.guard).cloned()),
            f,
        )
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("ServiceCallExec has one input");
        };
        let properties = match options.children_properties {
            ChildrenPropertiesMode::Keep => Arc::clone(&self.properties),
            ChildrenPropertiesMode::Recompute => Arc::new(properties(&input, &self.calls)?),
        };
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Arc::new(Self {
            input,
            properties,
            metrics,
            ..Self::clone(&self)
        }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let recompute = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, recompute)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batch_size = context.session_config().batch_size();
        let input = self.input.execute(partition, context)?;
        let runner = Runner::new(
            Arc::clone(&self.calls),
            self.schema(),
            Arc::clone(&self.run),
            &self.metrics,
            partition,
        );
        Ok(runner.stream(input, batch_size))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let [input] = inputs else {
            return internal_err!("ServiceCallExec has one input");
        };
        // Were they exact, `count(*)` would be answered from them and the calls never made.
        let mut statistics = input.as_ref().clone().to_inexact();
        let unknown = self.calls.iter().map(|_| ColumnStatistics::new_unknown());
        statistics.column_statistics.extend(unknown);
        // The size of results is not known before they are here.
        statistics.total_byte_size = Default::default();
        Ok(Arc::new(statistics))
    }
}
