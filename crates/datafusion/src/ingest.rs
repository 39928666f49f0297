//! The file stream in SQL: `COPY (SELECT … FROM STREAM read_files('path', …)) TO 'directory'`.
//!
//! - [`parse_stream`] reads the statement.
//! - [`QuerySink`] runs its query over the files of every batch, [`DirectorySink`] and
//!   [`TableSink`] take the rows, each batch once.
//! - [`register_state_tables`] makes a stream's memory readable: `cloud_files_state('checkpoint')`,
//!   `stream_progress('checkpoint')`, `stream_quarantine('checkpoint')`.
//!
//! Whoever drives the stream hands the sink its batches, as `floe_ingest` describes it.
//!
//! ```
//! use std::sync::Arc;
//! use floe_datafusion::ingest::{
//!     BatchFiles, DirectorySink, FileSchemaStore, QuerySink, parse_stream,
//! };
//! use floe_datafusion::{QueryInfo, ServiceFunctions, session};
//! use floe_ingest::floe_notify::{Location, StreamId};
//! use floe_ingest::{Batch, FileSource, Home};
//!
//! fn sink(
//!     sql: &str,
//!     functions: ServiceFunctions,
//!     source: Arc<dyn FileSource>,
//! ) -> Result<QuerySink, Box<dyn std::error::Error>> {
//!     let statement = parse_stream(sql)?.ok_or("this is no stream")?;
//!     let home = Home::new(&Location::parse(&statement.path)?);
//!     let schemas = FileSchemaStore::new(statement.schema_directory());
//!     let output = DirectorySink::new(&statement.output.path, statement.output.format);
//!     let sessions = move |stream: &StreamId, batch: &Batch| {
//!         // The time comes from the clock of whoever drives the stream.
//!         session(&functions, QueryInfo::new(format!("{stream}-{}", batch.id), 0))
//!     };
//!     let files = BatchFiles::new(source, home);
//!     Ok(QuerySink::new(statement, sessions, files, Arc::new(schemas), Arc::new(output)))
//! }
//! ```

mod directory;
mod error;
mod files;
mod kept;
mod options;
mod output;
mod schema;
mod sink;
mod state;
mod statement;
mod table;
mod tokens;

pub use directory::DirectorySink;
pub use error::StreamError;
pub use kept::{FileSchemaStore, SchemaStore};
pub use options::{InputFormat, ReaderOptions, Trigger};
pub use output::{Compression, OutputFormat, StreamOutput};
pub use sink::{BatchFiles, BatchOutput, QuerySink, SinkStats};
pub use state::{EmbeddedLedgers, Ledgers, register_state_tables};
pub(crate) use statement::refuse_stream;
pub use statement::{StreamStatement, parse_stream};
pub use table::{Commits, MemoryCommits, TableSink};
