//! The memory of a stream as tables.

mod ledgers;
mod rows;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::prelude::SessionContext;
use floe_ingest::floe_notify::MessageId;
use floe_ingest::{FileId, Ledger};
use futures::{StreamExt, stream};

use super::error::StreamError;
pub use ledgers::{EmbeddedLedgers, Ledgers};

/// How many rows are asked for at a time.
const PAGE: usize = 8192;

/// How many quarantined messages are asked for at a time; each may be large.
const MESSAGES: usize = 64;

/// Lets the queries of a session read the memory of streams:
///
/// - `cloud_files_state('checkpoint')`: known files, with the columns `path`, `size`,
///   `create_time`, `discovery_time`, `processed_time`, `commit_time`, `archive_time`,
///   `archive_mode`, `move_location`, `source_id`, and `version`, `seq_num`, `batch_id` and `state`
///   (`SEEN`, `WAITING`, `OPEN`, `COMMITTED`);
/// - `stream_progress('checkpoint')`: one row of `numFilesOutstanding`, `numBytesOutstanding`,
///   `approximateQueueSize`, `seqNum`, `sourceVersion`, `lastBackfillStartTimeMs`,
///   `lastBackfillFinishTimeMs`, `lastInputPath`, `numOpenBatches`, `numListings`,
///   `numQuarantined`, names to be written in double quotes;
/// - `stream_quarantine('checkpoint')`: messages that could not be read.
///
/// Rows come page by page, as the stream is meanwhile.
///
/// ```
/// use std::path::Path;
/// use std::sync::Arc;
/// use floe_datafusion::ingest::{EmbeddedLedgers, register_state_tables};
/// use floe_datafusion::{QueryError, QueryInfo, ServiceFunctions, query, session};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = session(&ServiceFunctions::new(), QueryInfo::new("q", 0));
/// register_state_tables(&context, Arc::new(EmbeddedLedgers::new(Path::new("/srv"))));
/// let files = query(&context, "SELECT path FROM cloud_files_state('nowhere')").await?;
/// let error = QueryError::from(files.collect().await.unwrap_err());
/// assert!(error.to_string().contains("there is no stream in 'nowhere'"));
/// # Ok::<(), QueryError>(())
/// # }).unwrap();
/// ```
pub fn register_state_tables(context: &SessionContext, ledgers: Arc<dyn Ledgers>) {
    for view in [View::Files, View::Progress, View::Quarantine] {
        let ledgers = Arc::clone(&ledgers);
        context.register_udtf(view.name(), Arc::new(Function { view, ledgers }));
    }
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Files,
    Progress,
    Quarantine,
}

impl View {
    const fn name(self) -> &'static str {
        match self {
            Self::Files => "cloud_files_state",
            Self::Progress => "stream_progress",
            Self::Quarantine => "stream_quarantine",
        }
    }

    fn schema(self) -> SchemaRef {
        match self {
            Self::Files => rows::files_schema(),
            Self::Progress => rows::progress_schema(),
            Self::Quarantine => rows::quarantine_schema(),
        }
    }
}

struct Function {
    view: View,
    ledgers: Arc<dyn Ledgers>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.view.name())
    }
}

impl TableFunctionImpl for Function {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let checkpoint = match args.exprs() {
            [Expr::Literal(ScalarValue::Utf8(Some(path)), _)] if !path.is_empty() => path.clone(),
            _ => {
                let name = self.view.name();
                return plan_err!(
                    "{name} takes the checkpoint directory of a stream in quotes: \
                     {name}('/srv/state')"
                );
            }
        };
        Ok(Arc::new(StateTable {
            view: self.view,
            schema: self.view.schema(),
            checkpoint,
            ledgers: Arc::clone(&self.ledgers),
        }))
    }
}

/// One use of such a function.
#[derive(Clone, Debug)]
struct StateTable {
    view: View,
    schema: SchemaRef,
    checkpoint: String,
    ledgers: Arc<dyn Ledgers>,
}

#[async_trait]
impl TableProvider for StateTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let parts: Vec<Arc<dyn PartitionStream>> = vec![Arc::new(self.clone())];
        let schema = Arc::clone(&self.schema);
        let scan = StreamingTableExec::try_new(schema, parts, projection, [], false, limit)?;
        Ok(Arc::new(scan))
    }
}

impl PartitionStream for StateTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let pages = stream::try_unfold(At::Closed(self.clone()), |at| async move {
            at.page().await.map_err(DataFusionError::from)
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            pages.boxed(),
        ))
    }
}

/// How far the rows have come.
enum At {
    /// Nothing is read yet.
    Closed(StateTable),
    /// Files from behind this one on.
    Files(Open, String, Option<FileId>),
    /// Messages from behind this one on.
    Messages(Open, Option<MessageId>),
    End,
}

/// A ledger that is open.
struct Open {
    checkpoint: String,
    ledger: Arc<dyn Ledger>,
}

impl Open {
    fn failed(&self, error: floe_ingest::LedgerError) -> StreamError {
        StreamError::Ledger {
            checkpoint: self.checkpoint.clone(),
            error,
        }
    }
}

impl At {
    async fn page(self) -> std::result::Result<Option<(RecordBatch, Self)>, StreamError> {
        let mut at = self;
        loop {
            at = match at {
                Self::Closed(table) => {
                    let ledger = table.ledgers.open(&table.checkpoint).await?;
                    let checkpoint = table.checkpoint;
                    let open = Open { checkpoint, ledger };
                    let marks = open
                        .ledger
                        .marks()
                        .await
                        .map_err(|error| open.failed(error))?;
                    match table.view {
                        View::Files => Self::Files(open, rows::container_of(&marks), None),
                        View::Quarantine => Self::Messages(open, None),
                        View::Progress => {
                            let metrics = open.ledger.metrics().await;
                            let metrics = metrics.map_err(|error| open.failed(error))?;
                            let row = rows::progress(&marks, &metrics)?;
                            return Ok(Some((row, Self::End)));
                        }
                    }
                }
                Self::Files(open, container, after) => {
                    let page = open.ledger.rows(after.as_ref(), PAGE).await;
                    let page = page.map_err(|error| open.failed(error))?;
                    let Some(last) = page.last().map(|row| row.id.clone()) else {
                        return Ok(None);
                    };
                    let rows = rows::files(&container, &page)?;
                    return Ok(Some((rows, Self::Files(open, container, Some(last)))));
                }
                Self::Messages(open, after) => {
                    let page = open.ledger.quarantined(after.as_ref(), MESSAGES).await;
                    let page = page.map_err(|error| open.failed(error))?;
                    let Some(last) = page.last().map(|poison| poison.message.clone()) else {
                        return Ok(None);
                    };
                    let rows = rows::quarantine(&page)?;
                    return Ok(Some((rows, Self::Messages(open, Some(last)))));
                }
                Self::End => return Ok(None),
            };
        }
    }
}
