//! From the logical node to the physical one.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{Result, internal_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use crate::exec::{PhysicalCall, ServiceCallExec};
use crate::service_call::ServiceCall;
use crate::session::QueryRun;

/// DataFusion's planner, which asks us for our node.
#[derive(Debug)]
pub(crate) struct ServiceQueryPlanner {
    run: Arc<QueryRun>,
}

impl ServiceQueryPlanner {
    pub(crate) fn new(run: Arc<QueryRun>) -> Self {
        Self { run }
    }
}

#[async_trait]
impl QueryPlanner for ServiceQueryPlanner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let ours = ServiceCallPlanner {
            run: Arc::clone(&self.run),
        };
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(ours)])
            .create_physical_plan(logical_plan, session)
            .await
    }
}

#[derive(Debug)]
struct ServiceCallPlanner {
    run: Arc<QueryRun>,
}

#[async_trait]
impl ExtensionPlanner for ServiceCallPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        planning: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<ServiceCall>() else {
            return Ok(None);
        };
        let ([logical], [input]) = (logical_inputs, physical_inputs) else {
            return internal_err!("ServiceCall has one input");
        };
        let calls = node
            .calls()
            .iter()
            .map(|call| {
                let physical =
                    |expr| planner.create_physical_expr(expr, logical.schema(), session, planning);
                let args = call.args.iter().map(physical).collect::<Result<_>>()?;
                let guard = call.guard.as_ref().map(physical).transpose()?;
                Ok(PhysicalCall::new(call, args, guard))
            })
            .collect::<Result<Vec<_>>>()?;
        let exec = ServiceCallExec::try_new(Arc::clone(input), calls, Arc::clone(&self.run))?;
        Ok(Some(Arc::new(exec)))
    }
}
