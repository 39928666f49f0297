//! What a running query tells: the counters of its calls, and its errors.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use floe_datafusion::QueryError;
use floe_function::{CallReport, Function};

use crate::error::Diagnostic;

/// An error met while the rows of a query were read, in the user's words.
///
/// ```
/// use floe_engine::datafusion::error::DataFusionError;
/// let error = DataFusionError::Execution("no memory".into());
/// assert_eq!(floe_engine::query::diagnose(error).code, "FLOE-QUERY-0013");
/// ```
#[must_use]
pub fn diagnose(error: DataFusionError) -> Diagnostic {
    let error = QueryError::from(error);
    Diagnostic::error(error.code(), error.to_string())
}

/// What the service functions of one query did so far.
///
/// ```
/// let calls = floe_engine::query::CallCounters::default();
/// assert_eq!(calls.report().batches, 0);
/// ```
#[derive(Debug, Clone, Default)]
pub struct CallCounters {
    pub(crate) functions: Vec<Arc<Function>>,
}

impl CallCounters {
    /// The sums over all functions of the query, as of now.
    ///
    /// ```
    /// let report = floe_engine::query::CallCounters::default().report();
    /// assert!(report.rows_per_target.is_empty());
    /// ```
    #[must_use]
    pub fn report(&self) -> CallReport {
        let mut sum = CallReport::default();
        for function in &self.functions {
            sum.add(&function.totals());
        }
        sum
    }
}
