//! Runs the query of a stream over every batch.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use floe_ingest::floe_notify::{BoxFuture, StreamId};
use floe_ingest::{Batch, BatchId, FileSource, Home, Sink, SinkError};
use futures::{StreamExt, TryStreamExt, stream};

use super::error::StreamError;
use super::files::{BatchFile, BatchTable, Reader};
use super::kept::SchemaStore;
use super::statement::{FILE_COLUMN, StreamStatement};
use crate::query;

/// How many questions to the store are asked at a time.
pub(super) const QUESTIONS: usize = 16;

/// The most names of columns that [`SinkStats::new_columns`] holds.
const MAX_NEW_COLUMNS: usize = 100;

/// Takes the rows of batches, each once however often it comes.
pub trait BatchOutput: fmt::Debug + Send + Sync {
    /// Says whether a batch is there already, durably.
    ///
    /// # Errors
    /// [`StreamError`].
    fn holds<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<bool, StreamError>>;

    /// Runs a query and makes its rows durable, at once and as a whole.
    ///
    /// # Guarantees
    /// As [`Sink::deliver`]: Ok means durable, a batch that comes twice is there once, and after an
    /// error or when the future is dropped the whole batch is there or nothing of it.
    ///
    /// # Errors
    /// [`StreamError`], also those of the query.
    fn write<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
        rows: DataFrame,
    ) -> BoxFuture<'a, Result<(), StreamError>>;
}

/// Where the files of batches lie.
///
/// ```
/// use floe_datafusion::ingest::BatchFiles;
/// use floe_ingest::{FileSource, Home, floe_notify::Location};
/// use std::sync::Arc;
///
/// fn files(source: Arc<dyn FileSource>) -> BatchFiles {
///     let location = Location::parse("/srv/in").expect("a path");
///     BatchFiles::new(source, Home::new(&location))
/// }
/// let _: fn(Arc<dyn FileSource>) -> BatchFiles = files;
/// ```
#[derive(Clone, Debug)]
pub struct BatchFiles {
    pub(super) source: Arc<dyn FileSource>,
    home: Home,
}

impl BatchFiles {
    /// Reads files through `source`, whose container is `home`.
    ///
    /// ```
    /// use floe_datafusion::ingest::BatchFiles;
    /// let new: fn(_, _) -> BatchFiles = BatchFiles::new;
    /// # let _ = new;
    /// ```
    #[must_use]
    pub fn new(source: Arc<dyn FileSource>, home: Home) -> Self {
        Self { source, home }
    }

    fn of(&self, batch: &Batch) -> Result<Vec<BatchFile>, StreamError> {
        let files = batch.files.iter().map(|file| {
            let path = file.id.path();
            let name = String::from_utf8_lossy(&path).into_owned();
            match self.home.key_of(&path) {
                Some(key) => Ok(BatchFile {
                    key: key.to_vec(),
                    name,
                    size: file.size,
                    token: file.id.token().map(str::to_owned),
                }),
                None => Err(StreamError::OtherContainer { file: name }),
            }
        });
        files.collect()
    }
}

/// What a [`QuerySink`] has done since it was made.
///
/// ```
/// assert_eq!(floe_datafusion::ingest::SinkStats::default().batches, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkStats {
    /// Batches that were written.
    pub batches: u64,
    /// Batches that were there already.
    pub repeated: u64,
    /// Files that were gone and passed over.
    pub missing_files: u64,
    /// Files that could not be read and were passed over.
    pub corrupt_files: u64,
    /// Contents that were passed over because their files were written again before they were
    /// read, with `allowOverwrites`: the new content comes as a file of its own.
    pub superseded_files: u64,
    /// Columns that files have and the stream has not, with in how many files they were seen; of
    /// JSON files the first lines are looked at. The first hundred names.
    pub new_columns: BTreeMap<String, u64>,
}

/// Counters that readers share.
#[derive(Clone, Debug, Default)]
pub(super) struct Stats(Arc<Mutex<SinkStats>>);

impl Stats {
    pub(super) fn change(&self, change: impl FnOnce(&mut SinkStats)) {
        // Nothing that is done under the lock can be left half-way.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn new_column(&self, name: &str) {
        self.change(|stats| {
            if let Some(count) = stats.new_columns.get_mut(name) {
                *count += 1;
            } else if stats.new_columns.len() < MAX_NEW_COLUMNS {
                stats.new_columns.insert(name.to_owned(), 1);
            }
        });
    }
}

type Sessions = dyn Fn(&StreamId, &Batch) -> SessionContext + Send + Sync;

/// A sink that runs the query of a stream over the files of each batch.
///
/// # Expected flow
/// For a batch that the output does not hold yet, a session is made, the batch's files become the
/// table that the query reads, the query is planned as any other, and the output takes its rows.
///
/// # Guarantees
/// - All batches are read with the same columns: those that are given, or those that were inferred
///   from the first batch that has rows, which are kept in the [`SchemaStore`] before any row is
///   written. Columns that appear later are passed over and counted; columns that a file has not
///   are NULL; a value that does not fit its column is an error that names file and line.
/// - Rows come in the order of the batch's files where the session has one partition.
/// - Where the query names the column `_file`, it is the path of the row's file.
///
/// # Caveats
/// - Aggregates, `DISTINCT`, `LIMIT` and `ORDER BY` are of a batch.
/// - A batch without any row that comes before the columns are known writes nothing.
/// - With `ignoreCorruptFiles` every file is read twice, the first time to see whether it can be
///   read; one that cannot is passed over as a whole.
///
/// ```
/// # use std::{ops::Range, sync::Arc};
/// # use axum::body::Bytes;
/// # use floe_datafusion::{QueryInfo, ServiceFunctions, session};
/// # use floe_ingest::{ListedObjects, Object, SourceError, floe_notify::BoxFuture};
/// use floe_datafusion::ingest::{
///     BatchFiles, DirectorySink, FileSchemaStore, QuerySink, parse_stream,
/// };
/// use floe_ingest::floe_notify::{Location, StreamId, clock::Timestamp};
/// use floe_ingest::{Batch, BatchId, FileEntry, FileId, FileSource, Home, Seq, Sink};
///
/// /// Every key is a file of one line.
/// #[derive(Debug)]
/// struct Lines;
/// # const LINE: &[u8] = b"{\"name\": \"floe\"}\n";
/// # fn answer<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, SourceError>> {
/// #     Box::pin(std::future::ready(Ok(value)))
/// # }
/// # impl FileSource for Lines {
/// #     fn list<'a>(&'a self, _: &'a [u8], _: Option<&'a [u8]>, _: usize)
/// #         -> BoxFuture<'a, Result<ListedObjects, SourceError>> {
/// #         answer(ListedObjects::default())
/// #     }
/// #     fn head<'a>(&'a self, key: &'a [u8])
/// #         -> BoxFuture<'a, Result<Option<Object>, SourceError>> {
/// #         answer(Some(Object::new(key, LINE.len() as u64, Timestamp::default())))
/// #     }
/// #     fn read<'a>(&'a self, _: &'a [u8], _: Option<Range<u64>>)
/// #         -> BoxFuture<'a, Result<Bytes, SourceError>> {
/// #         answer(Bytes::from_static(LINE))
/// #     }
/// #     fn remove<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>> {
/// #         answer(false)
/// #     }
/// #     fn rename<'a>(&'a self, _: &'a [u8], _: &'a [u8])
/// #         -> BoxFuture<'a, Result<bool, SourceError>> {
/// #         answer(false)
/// #     }
/// # }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let directory = tempfile::tempdir()?;
/// let sql = "COPY (SELECT upper(name) AS name FROM STREAM read_files('s3://landing/in',
///     format => 'json', checkpoint => 'state')) TO 'out' STORED AS JSON";
/// let statement = parse_stream(sql)?.expect("a stream");
/// let home = Home::new(&Location::parse(&statement.path)?);
/// let output = Arc::new(DirectorySink::new(directory.path(), statement.output.format));
/// let schemas = Arc::new(FileSchemaStore::new(directory.path().join("state")));
/// let sessions = |stream: &StreamId, batch: &Batch| {
///     session(&ServiceFunctions::new(), QueryInfo::new(format!("{stream}-{}", batch.id), 0))
/// };
/// let files = BatchFiles::new(Arc::new(Lines), home);
/// let sink = QuerySink::new(statement, sessions, files, schemas, output.clone());
///
/// let file = FileEntry {
///     seq: Seq(1),
///     id: FileId::new(b"/in/a.json", None)?,
///     size: 17,
///     created: Timestamp::default(),
///     discovered: Timestamp::default(),
/// };
/// let batch = Batch { id: BatchId(1), files: vec![file], attempt: 1 };
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// sink.deliver(&stream, &batch).await?;
/// sink.deliver(&stream, &batch).await?;
/// let written = std::fs::read_to_string(output.file_of(&stream, batch.id))?;
/// assert_eq!(written, "{\"name\":\"FLOE\"}\n");
/// assert_eq!((sink.stats().batches, sink.stats().repeated), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct QuerySink {
    statement: StreamStatement,
    sessions: Box<Sessions>,
    files: BatchFiles,
    schemas: Arc<dyn SchemaStore>,
    output: Arc<dyn BatchOutput>,
    stats: Stats,
    /// The columns, once they are known.
    schema: tokio::sync::Mutex<Option<SchemaRef>>,
}

impl fmt::Debug for QuerySink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySink")
            .field("statement", &self.statement)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

impl QuerySink {
    /// Puts a sink together. `sessions` makes the session of each batch with
    /// [`session`](crate::session); its query id is what services see, so give every batch its own
    /// and the same one when it comes again.
    ///
    /// [`QuerySink`] shows how it is used.
    #[must_use]
    pub fn new(
        statement: StreamStatement,
        sessions: impl Fn(&StreamId, &Batch) -> SessionContext + Send + Sync + 'static,
        files: BatchFiles,
        schemas: Arc<dyn SchemaStore>,
        output: Arc<dyn BatchOutput>,
    ) -> Self {
        Self {
            statement,
            sessions: Box::new(sessions),
            files,
            schemas,
            output,
            stats: Stats::default(),
            schema: tokio::sync::Mutex::new(None),
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> SinkStats {
        let mut copy = SinkStats::default();
        self.stats.change(|stats| copy = stats.clone());
        copy
    }

    async fn run(&self, stream: &StreamId, batch: &Batch) -> Result<(), StreamError> {
        if self.output.holds(stream, batch.id).await? {
            self.stats.change(|stats| stats.repeated += 1);
            return Ok(());
        }
        let reader = Reader::new(
            Arc::clone(&self.files.source),
            self.statement.reader.clone(),
            self.stats.clone(),
        );
        let files = self.present(self.files.of(batch)?).await?;
        let Some(schema) = self.schema(&reader, &files).await? else {
            return Ok(());
        };
        let files = self.readable(&reader, &schema, files).await?;
        let rows = self.plan(stream, batch, reader, schema, files).await?;
        self.output.write(stream, batch.id, rows).await?;
        self.stats.change(|stats| stats.batches += 1);
        Ok(())
    }

    async fn plan(
        &self,
        stream: &StreamId,
        batch: &Batch,
        reader: Reader,
        schema: SchemaRef,
        files: Vec<BatchFile>,
    ) -> Result<DataFrame, StreamError> {
        let context = (self.sessions)(stream, batch);
        let schema = match self.statement.names_file {
            true => with_file_column(&schema),
            false => schema,
        };
        let table = BatchTable::new(reader, schema, files);
        let name = TableReference::bare(self.statement.table.clone());
        context.register_table(name, Arc::new(table))?;
        let query = SqlStatement::Query(self.statement.query.clone());
        Ok(query::plan(&context, Statement::Statement(Box::new(query))).await?)
    }

    /// The files that are to be read: those that are gone are passed over if the options say so,
    /// and those that were written again always, because their new content is a file of its own.
    async fn present(&self, files: Vec<BatchFile>) -> Result<Vec<BatchFile>, StreamError> {
        let ignores_missing = self.statement.reader.ignore_missing;
        if !ignores_missing && files.iter().all(|file| file.token.is_none()) {
            return Ok(files);
        }
        let looks = stream::iter(files).map(|file| async move {
            let found = self.files.source.head(&file.key).await?;
            Ok::<_, StreamError>(match found {
                None if ignores_missing => {
                    self.stats.change(|stats| stats.missing_files += 1);
                    None
                }
                // Reading it will tell what is wrong.
                None => Some(file),
                Some(object) if !file.is_still(&object) => {
                    self.stats.change(|stats| stats.superseded_files += 1);
                    None
                }
                Some(object) => Some(BatchFile {
                    size: object.size,
                    ..file
                }),
            })
        });
        let found: Vec<_> = looks.buffered(QUESTIONS).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The files that can be read, if those that cannot are passed over; all, otherwise.
    async fn readable(
        &self,
        reader: &Reader,
        schema: &SchemaRef,
        files: Vec<BatchFile>,
    ) -> Result<Vec<BatchFile>, StreamError> {
        if !self.statement.reader.ignore_corrupt {
            return Ok(files);
        }
        let mut readable = Vec::with_capacity(files.len());
        for file in files {
            match reader.check(schema, &file).await {
                Ok(()) => readable.push(file),
                Err(StreamError::Unreadable { .. }) => {
                    self.stats.change(|stats| stats.corrupt_files += 1);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(readable)
    }

    /// The columns of the stream; `None` as long as there was no row to infer them from.
    async fn schema(
        &self,
        reader: &Reader,
        files: &[BatchFile],
    ) -> Result<Option<SchemaRef>, StreamError> {
        let mut known = self.schema.lock().await;
        if known.is_some() {
            return Ok(known.clone());
        }
        let schema = match &self.statement.reader.schema {
            Some(given) => Arc::clone(given),
            None => match self.schemas.load().await? {
                Some(kept) => kept,
                None => match reader.infer(files).await? {
                    Some(inferred) => self.schemas.keep(inferred).await?,
                    None => return Ok(None),
                },
            },
        };
        *known = Some(Arc::clone(&schema));
        Ok(Some(schema))
    }
}

fn with_file_column(schema: &SchemaRef) -> SchemaRef {
    if schema.column_with_name(FILE_COLUMN).is_some() {
        return Arc::clone(schema);
    }
    let file = Arc::new(Field::new(FILE_COLUMN, DataType::Utf8, false));
    let fields = schema.fields().iter().cloned().chain([file]);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl Sink for QuerySink {
    fn deliver<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: &'a Batch,
    ) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(async move { self.run(stream, batch).await.map_err(SinkError::from) })
    }
}
