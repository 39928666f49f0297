//! Batches into a table of DataFusion.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DataFusionError, plan_datafusion_err};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, cast};
use datafusion::physical_plan::collect;
use floe_ingest::BatchId;
use floe_ingest::floe_notify::{BoxFuture, StreamId};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinError;

use super::error::StreamError;
use super::sink::BatchOutput;

/// Remembers which batches a table holds.
pub trait Commits: Debug + Send + Sync {
    /// Says whether a batch is in the table.
    ///
    /// # Errors
    /// [`StreamError`].
    fn holds<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<bool, StreamError>>;

    /// Notes that a batch is in the table, right after it was put there.
    ///
    /// # Errors
    /// [`StreamError`]; the batch is then put into the table again.
    fn note<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<(), StreamError>>;
}

/// Remembers batches for as long as the process lives, as a table in memory does.
///
/// ```
/// use floe_datafusion::ingest::{Commits, MemoryCommits};
/// use floe_ingest::{BatchId, floe_notify::StreamId};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").expect("an id");
/// let commits = MemoryCommits::default();
/// commits.note(&stream, BatchId(1)).await?;
/// assert!(commits.holds(&stream, BatchId(1)).await?);
/// assert!(!commits.holds(&stream, BatchId(2)).await?);
/// # Ok::<(), floe_datafusion::ingest::StreamError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct MemoryCommits(Mutex<BTreeSet<(String, BatchId)>>);

impl Commits for MemoryCommits {
    fn holds<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<bool, StreamError>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = known.contains(&(stream.as_str().to_owned(), batch));
        Box::pin(std::future::ready(Ok(holds)))
    }

    fn note<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<(), StreamError>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((stream.as_str().to_owned(), batch));
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Puts batches into a table through its `insert_into`, by the position of their columns.
///
/// # Guarantees
/// A batch that is noted in the [`Commits`] is not put into the table again. Deliveries come one
/// after another; one whose future is dropped goes on by itself, and the next one waits for it.
///
/// # Caveats
/// - With [`MemoryCommits`] a batch is there once for as long as the process lives; a table that
///   outlives it needs commits that do, too, and that are noted in one transaction with the rows.
/// - After an error of the table the batch is there as a whole or not at all only if the table
///   inserts so, as a `MemTable` does.
/// - It must run in a Tokio runtime.
///
/// ```
/// use std::sync::Arc;
/// use floe_datafusion::datafusion::arrow::datatypes::{DataType, Field, Schema};
/// use floe_datafusion::datafusion::datasource::MemTable;
/// use floe_datafusion::ingest::TableSink;
///
/// let columns = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
/// let table = Arc::new(MemTable::try_new(columns, vec![vec![]])?);
/// let sink = TableSink::new(table);
/// assert!(format!("{sink:?}").contains("MemoryCommits"));
/// # Ok::<(), floe_datafusion::datafusion::common::DataFusionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TableSink {
    table: Arc<dyn TableProvider>,
    commits: Arc<dyn Commits>,
    turn: Arc<AsyncMutex<()>>,
}

impl TableSink {
    /// Remembers in memory what was put into the table.
    ///
    /// ```
    /// # use floe_datafusion::datafusion::{arrow::datatypes::Schema, datasource::MemTable};
    /// let table = MemTable::try_new(Schema::empty().into(), vec![vec![]])?;
    /// let sink = floe_datafusion::ingest::TableSink::new(std::sync::Arc::new(table));
    /// assert!(format!("{sink:?}").contains("MemTable"));
    /// # Ok::<(), floe_datafusion::datafusion::common::DataFusionError>(())
    /// ```
    #[must_use]
    pub fn new(table: Arc<dyn TableProvider>) -> Self {
        Self::with_commits(table, Arc::new(MemoryCommits::default()))
    }

    /// Remembers elsewhere what was put into the table.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use floe_datafusion::datafusion::{arrow::datatypes::Schema, datasource::MemTable};
    /// use floe_datafusion::ingest::{MemoryCommits, TableSink};
    /// let table = MemTable::try_new(Schema::empty().into(), vec![vec![]])?;
    /// let commits = Arc::new(MemoryCommits::default());
    /// let sink = TableSink::with_commits(Arc::new(table), commits.clone());
    /// assert_eq!(Arc::strong_count(&commits), 2);
    /// # Ok::<(), floe_datafusion::datafusion::common::DataFusionError>(())
    /// ```
    #[must_use]
    pub fn with_commits(table: Arc<dyn TableProvider>, commits: Arc<dyn Commits>) -> Self {
        Self {
            table,
            commits,
            turn: Arc::new(AsyncMutex::new(())),
        }
    }

    async fn insert(
        self,
        stream: StreamId,
        batch: BatchId,
        rows: DataFrame,
    ) -> Result<(), StreamError> {
        let _turn = self.turn.lock().await;
        if self.commits.holds(&stream, batch).await? {
            return Ok(());
        }
        let rows = fitted(rows, &self.table.schema())?;
        let context = Arc::new(rows.task_ctx());
        let (state, plan) = rows.into_parts();
        let input = state.create_physical_plan(&plan).await?;
        let insert = self.table.insert_into(&state, input, InsertOp::Append);
        collect(insert.await?, context).await?;
        self.commits.note(&stream, batch).await
    }
}

impl BatchOutput for TableSink {
    fn holds<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<bool, StreamError>> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            self.commits.holds(stream, batch).await
        })
    }

    fn write<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
        rows: DataFrame,
    ) -> BoxFuture<'a, Result<(), StreamError>> {
        // A task, so that what is begun is noted also when nobody waits for it any more.
        let insert = self.clone().insert(stream.clone(), batch, rows);
        Box::pin(async move {
            let task = tokio::spawn(insert);
            task.await.unwrap_or_else(|error| Err(stopped(error)))
        })
    }
}

fn stopped(error: JoinError) -> StreamError {
    DataFusionError::ExecutionJoin(Box::new(error)).into()
}

/// The rows with the names and types of the table's columns.
fn fitted(rows: DataFrame, table: &Schema) -> Result<DataFrame, DataFusionError> {
    let columns = rows.schema().columns();
    if columns.len() != table.fields().len() {
        return Err(plan_datafusion_err!(
            "the query has {} columns and the table {}",
            columns.len(),
            table.fields().len()
        ));
    }
    let fit = |(column, field): (Column, &Arc<datafusion::arrow::datatypes::Field>)| {
        cast(Expr::Column(column), field.data_type().clone()).alias(field.name())
    };
    let fields = columns.into_iter().zip(table.fields());
    rows.select(fields.map(fit).collect::<Vec<_>>())
}
