//! What a function does beyond the original.

use crate::endpoint::Endpoint;
use crate::isolate::IsolationLimits;

/// Extensions of a function: things that the original does not do. All are off by default.
///
/// ```
/// use std::sync::Arc;
/// use floe_batch::SqlType;
/// use floe_function::endpoint::{BudgetLimits, Endpoint, EndpointLimits};
/// use floe_function::isolate::IsolationLimits;
/// use floe_function::{Client, Extensions, FixedTarget, Function, FunctionSpec};
///
/// let budget = EndpointLimits {
///     retry_budget: Some(BudgetLimits::default()),
///     ..Default::default()
/// };
/// let extensions = Extensions {
///     endpoint: Endpoint::new(budget),
///     isolation: Some(IsolationLimits { most_sends: 50 }),
/// };
/// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
/// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
/// let client = Client::new(Default::default());
/// let function = Function::with_extensions(spec, targets, client, extensions)?;
/// assert_eq!(function.extensions().isolation.as_ref().unwrap().most_sends, 50);
/// # Ok::<(), floe_function::SpecError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Extensions {
    /// What the batches of all functions over the same endpoint share: a retry budget and a circuit
    /// breaker, where it has them.
    pub endpoint: Endpoint,
    /// Finds the rows that a batch failed for, so that they fail alone.
    pub isolation: Option<IsolationLimits>,
}
