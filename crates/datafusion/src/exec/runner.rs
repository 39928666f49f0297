//! Makes the calls of one partition.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_empty_array,
};
use datafusion::arrow::compute::{concat, filter_record_batch, take};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::cast::as_int8_array;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, RecordOutput,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use floe_function::CallReport;
use futures::StreamExt;
use futures::future::try_join_all;

use super::PhysicalCall;
use super::coalesce::Coalesce;
use crate::session::QueryRun;

/// Everything that a task needs to make the calls for one input batch.
#[derive(Debug)]
pub(super) struct Runner {
    calls: Arc<[PhysicalCall]>,
    schema: SchemaRef,
    run: Arc<QueryRun>,
    metrics: CallMetrics,
    baseline: BaselineMetrics,
}

#[derive(Debug)]
struct CallMetrics {
    batches: Count,
    rows: Count,
    retries: Count,
    nulls_from_failures: Count,
}

impl Runner {
    pub(super) fn new(
        calls: Arc<[PhysicalCall]>,
        schema: SchemaRef,
        run: Arc<QueryRun>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Self {
        let counter = |name| MetricBuilder::new(metrics).counter(name, partition);
        let baseline = BaselineMetrics::new(metrics, partition);
        let metrics = CallMetrics {
            batches: counter("batches"),
            rows: counter("rows"),
            retries: counter("retries"),
            nulls_from_failures: counter("nulls_from_failures"),
        };
        Self {
            calls,
            schema,
            run,
            metrics,
            baseline,
        }
    }

    /// The output for `input`: in order, with at most [`QueryInfo::concurrency`] input batches
    /// taken before the first of them is answered.
    ///
    /// Every input batch gets a task. A request in flight holds one of the query's permits, and
    /// the operator above may poll another partition for as long as it likes: only a task that
    /// runs by itself is sure to give the permit back. A dropped stream aborts its tasks.
    ///
    /// [`QueryInfo::concurrency`]: crate::QueryInfo::concurrency
    pub(super) fn stream(
        self,
        input: SendableRecordBatchStream,
        batch_size: usize,
    ) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        let in_flight = self.run.info.concurrency;
        let runner = Arc::new(self);
        let rows = Arc::clone(&runner);
        // Asked for each batch anew: functions learn while the query runs.
        let input = Coalesce::new(input, move || rows.coalesced_rows(batch_size));
        let output = input
            .map(move |batch| {
                let runner = Arc::clone(&runner);
                let task = batch.map(|batch| SpawnedTask::spawn(runner.answer(batch)));
                async move {
                    let answered = task?.join_unwind().await;
                    answered.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
                }
            })
            .buffered(in_flight);
        Box::pin(RecordBatchStreamAdapter::new(schema, output))
    }

    /// Enough rows for a full batch of every function, and no more than DataFusion's own batches.
    fn coalesced_rows(&self, batch_size: usize) -> usize {
        let rows = self
            .calls
            .iter()
            .map(|call| call.function.function.batch_rows());
        rows.max().unwrap_or(batch_size).min(batch_size)
    }

    async fn answer(self: Arc<Self>, batch: RecordBatch) -> Result<RecordBatch> {
        let results = try_join_all(self.calls.iter().map(|call| self.column(call, &batch))).await?;
        let mut columns = batch.columns().to_vec();
        columns.extend(results);
        let output = with_rows(&self.schema, columns, batch.num_rows())?;
        Ok(output.record_output(&self.baseline))
    }

    /// The results of one call for all rows of `batch`; rows that the call is not made for are
    /// not sent, and their arguments are not evaluated.
    async fn column(&self, call: &PhysicalCall, batch: &RecordBatch) -> Result<ArrayRef> {
        let Some(guard) = &call.guard else {
            return self.results(call, batch).await;
        };
        let rows = batch.num_rows();
        let guard = guard.evaluate(batch)?.into_array(rows)?;
        let wanted: BooleanArray = as_int8_array(&guard)?
            .iter()
            .map(|guard| Some(guard == Some(1)))
            .collect();
        let results = self
            .results(call, &filter_record_batch(batch, &wanted)?)
            .await?;
        let mut next = 0;
        let places: UInt32Array = wanted
            .values()
            .iter()
            .map(|wanted| {
                wanted.then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        Ok(take(&results, &places, None)?)
    }

    /// The results of one call for all rows of `batch`.
    async fn results(&self, call: &PhysicalCall, batch: &RecordBatch) -> Result<ArrayRef> {
        if batch.num_rows() == 0 {
            return Ok(new_empty_array(call.output.data_type()));
        }
        let args = call.evaluate_args(batch)?;
        let cuts = call.function.function.cut(&args);
        let requests = cuts.map(|rows| self.request(call, args.slice(rows.start, rows.len())));
        let parts = try_join_all(requests).await?;
        match parts.as_slice() {
            [one] => Ok(Arc::clone(one)),
            parts => {
                let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
                Ok(concat(&parts)?)
            }
        }
    }

    async fn request(&self, call: &PhysicalCall, rows: RecordBatch) -> Result<ArrayRef> {
        let number = self.run.next_batch();
        // The semaphore is never closed, so this waits and does not fail.
        let _permit = self.run.permits.acquire().await.map_err(external)?;
        let function = &call.function.function;
        // Who declares how many rows a batch has decides; otherwise the service's pace does, in
        // how many are in flight as well.
        let _turn = match function.spec().max_batch_rows {
            Some(_) => None,
            None => Some(function.turn().await),
        };
        let answer = function
            .call_with_report(&self.run.info.id, number, &rows)
            .await;
        let (answer, report) = answer.map_err(external)?;
        self.metrics.count(&report);
        Ok(answer)
    }
}

impl CallMetrics {
    fn count(&self, report: &CallReport) {
        for (metric, number) in [
            (&self.batches, report.batches),
            (&self.rows, report.rows),
            (&self.retries, report.retries),
            (&self.nulls_from_failures, report.nulls_from_failures),
        ] {
            metric.add(usize::try_from(number).unwrap_or(usize::MAX));
        }
    }
}

impl PhysicalCall {
    /// The arguments as columns, literals repeated for every row.
    fn evaluate_args(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let columns = self
            .args
            .iter()
            .map(|arg| arg.evaluate(batch)?.into_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let declared = self.function.function.spec().args.iter();
        let field = |((name, _), column): (&(String, _), &ArrayRef)| {
            Field::new(name, column.data_type().clone(), true)
        };
        let fields: Vec<_> = declared.zip(&columns).map(field).collect();
        with_rows(&Arc::new(Schema::new(fields)), columns, rows)
    }
}

/// A batch may have no columns at all and still have rows.
fn with_rows(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
