//! One query: its number, its limits, and the DataFusion session that runs it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::temporal_conversions::timestamp_ms_to_datetime;
use datafusion::config::Dialect;
use datafusion::execution::context::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::sync::Semaphore;

use crate::functions::{ServiceFunctions, json_udfs};
use crate::planner::ServiceQueryPlanner;
use crate::rule::{KeepMarks, PullUpServiceCalls};

/// The most calls that one query may have in flight, whatever [`QueryInfo::concurrency`] says.
const MAX_CONCURRENCY: usize = 1024;

/// What a query needs to know about itself and its surroundings.
///
/// ```
/// let info = floe_datafusion::QueryInfo::new("01b02bdf-0001-7b58-0003-27d60056b5a6", 0);
/// assert_eq!(info.concurrency, 8);
/// assert_eq!(info.target_partitions, 1);
/// assert_eq!(info.base_dir, std::path::Path::new("."));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryInfo {
    /// The query id that services see and that batch ids start with.
    pub id: String,
    /// When the query started, in milliseconds since the Unix epoch: what `now()` answers.
    pub now_ms: u64,
    /// How many batches of the query may be with services at one time, over all of its functions;
    /// from 1 to 1024, other values are taken as the nearest of these.
    pub concurrency: usize,
    /// How many cores joins and aggregates may use. With 1 the rows of several files come in the
    /// order of their paths; the rows of one file come in its order anyway.
    pub target_partitions: usize,
    /// The directory that relative paths of `read_files` start from.
    pub base_dir: PathBuf,
}

impl QueryInfo {
    /// A query with 8 calls in flight, 1 core, and paths relative to the working directory.
    ///
    /// ```
    /// assert_eq!(floe_datafusion::QueryInfo::new("q", 1_000).now_ms, 1_000);
    /// ```
    pub fn new(id: impl Into<String>, now_ms: u64) -> Self {
        Self {
            id: id.into(),
            now_ms,
            concurrency: 8,
            target_partitions: 1,
            base_dir: PathBuf::from("."),
        }
    }
}

/// A DataFusion session for one query, which [`query`](crate::query) runs.
///
/// Tables may be registered in it before. Every session counts its batches from 0, so a second
/// query in the same session continues the numbers of the first under the same query id.
///
/// ```
/// use floe_datafusion::{QueryInfo, ServiceFunctions, session};
///
/// let context = session(&ServiceFunctions::new(), QueryInfo::new("q", 0));
/// assert_eq!(context.state().config().target_partitions(), 1);
/// ```
pub fn session(functions: &ServiceFunctions, query: QueryInfo) -> SessionContext {
    let run = Arc::new(QueryRun::new(functions.clone(), query));
    let mut config = SessionConfig::new()
        .with_target_partitions(run.info.target_partitions.max(1))
        // Both would make rows of a plain scan come in any order; calls get their concurrency
        // from the execution node instead.
        .with_repartition_file_scans(false)
        .with_round_robin_repartition(false)
        .with_extension(Arc::clone(&run));
    let options = config.options_mut();
    options.sql_parser.dialect = Dialect::Snowflake;
    options.sql_parser.map_string_types_to_utf8view = false;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_default_features()
        .with_analyzer_rules(analyzer_rules())
        .with_query_planner(Arc::new(ServiceQueryPlanner::new(run)))
        .build();
    let context = SessionContext::new_with_state(state);
    for udf in json_udfs().chain(functions.udfs()) {
        context.register_udf(udf);
    }
    context
}

/// DataFusion's rules between ours: which texts are JSON decides about types, and calls are taken
/// out when types are settled.
fn analyzer_rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(KeepMarks)];
    rules.extend(Analyzer::new().rules);
    rules.push(Arc::new(PullUpServiceCalls));
    rules
}

/// What all calls of one query share.
#[derive(Debug)]
pub(crate) struct QueryRun {
    pub(crate) info: QueryInfo,
    pub(crate) functions: ServiceFunctions,
    pub(crate) permits: Semaphore,
    batches: AtomicU64,
}

impl QueryRun {
    fn new(functions: ServiceFunctions, mut info: QueryInfo) -> Self {
        info.concurrency = info.concurrency.clamp(1, MAX_CONCURRENCY);
        let permits = Semaphore::new(info.concurrency);
        Self {
            info,
            functions,
            permits,
            batches: AtomicU64::new(0),
        }
    }

    /// A number that no other batch of the query has.
    pub(crate) fn next_batch(&self) -> u64 {
        self.batches.fetch_add(1, Ordering::Relaxed)
    }

    /// Sets what `now()` answers, since DataFusion would read the clock.
    pub(crate) fn set_now(&self, state: &mut SessionState) {
        let options = Arc::clone(state.config_options());
        let props = state.execution_props_mut();
        props.mark_start_execution(options);
        let millis = i64::try_from(self.info.now_ms).unwrap_or(i64::MAX);
        props.query_execution_start_time =
            timestamp_ms_to_datetime(millis).map(|time| time.and_utc());
    }
}
