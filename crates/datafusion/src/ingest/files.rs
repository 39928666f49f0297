//! The files of a batch as a table, with columns that are fixed.

mod adapt;
mod chunks;
mod infer;
mod parquet;
mod text;

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use floe_ingest::{FileSource, Object, VersionRule};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use super::error::StreamError;
use super::options::{InputFormat, ReaderOptions};
use super::sink::Stats;
use super::statement::FILE_COLUMN;

/// The rows of one part of a file.
pub(super) const ROWS: usize = 8192;

/// How many files of one partition are open at a time, the one that is read included.
const OPEN: usize = 8;

/// The rows of a file.
pub(super) type Rows = BoxStream<'static, std::result::Result<RecordBatch, StreamError>>;

/// One file of a batch.
#[derive(Clone, Debug)]
pub(super) struct BatchFile {
    /// What the source calls it.
    pub(super) key: Vec<u8>,
    /// What people call it.
    pub(super) name: String,
    /// Its length in bytes when somebody looked last.
    pub(super) size: u64,
    /// What tells its content from another one of the same key, if the stream goes by that.
    pub(super) token: Option<String>,
}

impl BatchFile {
    /// Whether what the store has is the content that was discovered, as far as it is told.
    pub(super) fn is_still(&self, object: &Object) -> bool {
        let Some(token) = self.token.as_deref() else {
            return true;
        };
        // Which rule the stream goes by is in its ledger; no two rules make the same token.
        let mut tokens = VersionRule::ALL
            .into_iter()
            .filter_map(|rule| rule.token(&object.tags()).map(Cow::into_owned));
        tokens.any(|found| found == token)
    }
}

impl BatchFile {
    fn unreadable(&self, format: InputFormat, reason: impl Into<String>) -> StreamError {
        StreamError::Unreadable {
            file: self.name.clone(),
            line: None,
            format: format.to_string(),
            reason: reason.into(),
        }
    }
}

/// Which columns of the stream are read.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// All columns that files may have.
    all: SchemaRef,
    /// Those that are read, as places in `all`.
    places: Vec<usize>,
    /// Those that are read.
    schema: SchemaRef,
}

impl Wanted {
    fn new(all: &SchemaRef, places: Vec<usize>) -> Result<Self> {
        Ok(Self {
            all: Arc::clone(all),
            schema: Arc::new(all.project(&places)?),
            places,
        })
    }

    fn everything(all: &SchemaRef) -> Self {
        Self {
            all: Arc::clone(all),
            places: (0..all.fields().len()).collect(),
            schema: Arc::clone(all),
        }
    }
}

/// Reads files.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    source: Arc<dyn FileSource>,
    options: ReaderOptions,
    stats: Stats,
}

impl Reader {
    pub(super) fn new(source: Arc<dyn FileSource>, options: ReaderOptions, stats: Stats) -> Self {
        Self {
            source,
            options,
            stats,
        }
    }

    /// Begins to read a file; the first part of it is there when this is ready.
    async fn open(
        &self,
        wanted: &Wanted,
        file: &BatchFile,
    ) -> std::result::Result<Rows, StreamError> {
        match self.options.format {
            InputFormat::Parquet => self.open_parquet(wanted, file).await,
            InputFormat::Csv => self.open_csv(wanted, file).await,
            InputFormat::Json => self.open_json(wanted, file).await,
        }
    }

    /// Reads a file to its end, to see whether that can be done.
    pub(super) async fn check(
        &self,
        schema: &SchemaRef,
        file: &BatchFile,
    ) -> std::result::Result<(), StreamError> {
        // What is new in it is counted when it is read for its rows.
        let reader = Self {
            stats: Stats::default(),
            ..self.clone()
        };
        let mut rows = reader.open(&Wanted::everything(schema), file).await?;
        while rows.try_next().await?.is_some() {}
        Ok(())
    }

    /// Counts the columns of a file that the stream has not.
    fn count_new<'a>(&self, all: &SchemaRef, names: impl Iterator<Item = &'a str>) {
        let is_new = |name: &&str| all.column_with_name(name).is_none();
        names
            .filter(is_new)
            .for_each(|name| self.stats.new_column(name));
    }
}

/// The files of one batch.
#[derive(Debug)]
pub(super) struct BatchTable {
    reader: Reader,
    /// The columns of files, and behind them, perhaps, the one with their names.
    schema: SchemaRef,
    files: Vec<BatchFile>,
}

impl BatchTable {
    pub(super) fn new(reader: Reader, schema: SchemaRef, files: Vec<BatchFile>) -> Self {
        Self {
            reader,
            schema,
            files,
        }
    }

    /// The columns that files have themselves. A column `_file` may be among them, too: those of
    /// files may be NULL, and only the name of the file may not.
    fn of_files(&self) -> Result<SchemaRef> {
        let last = self.schema.fields().last();
        if last.is_some_and(|field| field.name() == FILE_COLUMN && !field.is_nullable()) {
            let places: Vec<usize> = (0..self.schema.fields().len() - 1).collect();
            return Ok(Arc::new(self.schema.project(&places)?));
        }
        Ok(Arc::clone(&self.schema))
    }
}

#[async_trait]
impl TableProvider for BatchTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = self.of_files()?;
        let count = all.fields().len();
        let places = match projection {
            Some(places) => places.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let output = Arc::new(self.schema.project(&places)?);
        let own: Vec<usize> = places
            .iter()
            .copied()
            .filter(|place| *place < count)
            .collect();
        let columns = places
            .iter()
            .map(|place| own.iter().position(|own| own == place));
        let columns: Arc<[Option<usize>]> = columns.collect();
        let wanted = Wanted::new(&all, own)?;
        let parts = state
            .config()
            .target_partitions()
            .clamp(1, self.files.len().max(1));
        let each = self.files.len().div_ceil(parts).max(1);
        let mut partitions: Vec<Arc<dyn PartitionStream>> = Vec::new();
        let part = |files: &[BatchFile]| FilePart {
            reader: self.reader.clone(),
            wanted: wanted.clone(),
            columns: Arc::clone(&columns),
            output: Arc::clone(&output),
            files: files.to_vec(),
        };
        for files in self.files.chunks(each) {
            partitions.push(Arc::new(part(files)));
        }
        if partitions.is_empty() {
            partitions.push(Arc::new(part(&[])));
        }
        let scan = StreamingTableExec::try_new(output, partitions, None, [], false, limit)?;
        Ok(Arc::new(scan))
    }
}

/// Some files of a batch, one after another.
#[derive(Debug)]
struct FilePart {
    reader: Reader,
    wanted: Wanted,
    /// For each column of the output, which wanted one it is; none for the name of the file.
    columns: Arc<[Option<usize>]>,
    output: SchemaRef,
    files: Vec<BatchFile>,
}

impl PartitionStream for FilePart {
    fn schema(&self) -> &SchemaRef {
        &self.output
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (reader, wanted) = (self.reader.clone(), self.wanted.clone());
        let (columns, output) = (Arc::clone(&self.columns), Arc::clone(&self.output));
        let open = move |file: BatchFile| {
            let (reader, wanted) = (reader.clone(), wanted.clone());
            let (columns, output) = (Arc::clone(&columns), Arc::clone(&output));
            async move {
                let rows = reader.open(&wanted, &file).await?;
                let shaped = rows.map(move |rows| shape(&rows?, &columns, &output, &file.name));
                Ok::<_, DataFusionError>(shaped)
            }
        };
        let rows = stream::iter(self.files.clone())
            .map(open)
            .buffered(OPEN)
            .try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.output),
            rows,
        ))
    }
}

fn shape(
    rows: &RecordBatch,
    columns: &[Option<usize>],
    output: &SchemaRef,
    file: &str,
) -> Result<RecordBatch> {
    let count = rows.num_rows();
    let column = |place: &Option<usize>| -> Result<ArrayRef> {
        match place {
            Some(place) => rows.columns().get(*place).cloned().ok_or_else(|| {
                DataFusionError::Internal("a reader has left a column out".to_owned())
            }),
            None => Ok(Arc::new(StringArray::from_iter_values(
                std::iter::repeat_n(file, count),
            ))),
        }
    };
    let columns = columns.iter().map(column).collect::<Result<Vec<_>>>()?;
    with_rows(output, columns, count).map_err(DataFusionError::from)
}

/// A part that may have rows and no columns.
fn with_rows(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> std::result::Result<RecordBatch, datafusion::arrow::error::ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}
