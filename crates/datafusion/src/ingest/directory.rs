//! Batches as files in a directory, one each.

pub(super) mod draft;
mod encode;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::dataframe::DataFrame;
use floe_ingest::BatchId;
use floe_ingest::floe_notify::{BoxFuture, StreamId};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::error::StreamError;
use super::output::OutputFormat;
use super::sink::BatchOutput;
use draft::{Draft, sweep};
use encode::{EncodeError, Encoder};

/// How many parts of the result wait to be written.
const WAITING: usize = 2;

/// Writes every batch as one file of a directory of this machine.
///
/// # Guarantees
/// - A file is named after its stream and its batch,
///   `part-0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10-000000000007.parquet`, and has its name only when
///   it is whole and durable. A file that has its name is never written again: a batch that comes
///   twice, also to two processes at the same time, is there once.
/// - Of what fails or is given up half-way nothing is left but hidden files (`.part-….tmp`) of a
///   process that was killed, which the next delivery to the directory removes.
/// - Other streams, and anybody else, may write to the directory, too.
/// - A part of the rows is in memory at a time: 64 MiB of Parquet, a part of 8192 rows otherwise.
///
/// # Caveats
/// The file system must have hard links, by which a name is taken without replacing another file.
///
/// ```
/// use floe_datafusion::ingest::{DirectorySink, OutputFormat};
/// let sink = DirectorySink::new("/srv/out", OutputFormat::Json);
/// assert_eq!(sink.directory(), std::path::Path::new("/srv/out"));
/// ```
#[derive(Debug)]
pub struct DirectorySink {
    directory: PathBuf,
    format: OutputFormat,
    is_swept: AtomicBool,
}

impl DirectorySink {
    /// Writes to `directory`, which is made with the first batch if it is not there.
    ///
    /// ```
    /// use floe_datafusion::ingest::{DirectorySink, OutputFormat};
    /// let sink = DirectorySink::new("/nowhere", OutputFormat::Json);
    /// assert!(!sink.directory().exists());
    /// ```
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, format: OutputFormat) -> Self {
        Self {
            directory: directory.into(),
            format,
            is_swept: AtomicBool::new(false),
        }
    }

    /// Where the files go.
    ///
    /// ```
    /// use floe_datafusion::ingest::{DirectorySink, OutputFormat};
    /// let sink = DirectorySink::new("/out", OutputFormat::Json);
    /// assert_eq!(sink.directory(), std::path::Path::new("/out"));
    /// ```
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file of a batch, whether it is there or not.
    ///
    /// ```
    /// use floe_datafusion::ingest::{DirectorySink, OutputFormat};
    /// use floe_ingest::{BatchId, floe_notify::StreamId};
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
    /// let file = DirectorySink::new("/out", OutputFormat::Json).file_of(&stream, BatchId(7));
    /// assert_eq!(
    ///     file.to_str(),
    ///     Some("/out/part-0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10-000000000007.json"),
    /// );
    /// # Ok::<(), floe_ingest::floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn file_of(&self, stream: &StreamId, batch: BatchId) -> PathBuf {
        self.directory.join(self.name_of(stream, batch))
    }

    fn name_of(&self, stream: &StreamId, batch: BatchId) -> String {
        let ending = self.format.extension();
        format!("{}{:012}.{ending}", start_of(stream), batch.0)
    }

    /// Makes the directory and removes what a crash left, once.
    async fn prepare(&self, stream: &StreamId) -> Result<(), StreamError> {
        if self.is_swept.load(Ordering::Acquire) {
            return Ok(());
        }
        let (directory, start) = (self.directory.clone(), start_of(stream));
        let done = spawn_blocking(move || {
            let swept = fs::create_dir_all(&directory).and_then(|()| sweep(&directory, &start));
            swept.map_err(|error| StreamError::io(directory, &error))
        });
        self.joined(done.await)?;
        self.is_swept.store(true, Ordering::Release);
        Ok(())
    }

    async fn write_rows(&self, name: String, rows: DataFrame) -> Result<(), StreamError> {
        let mut rows = rows.execute_stream().await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let part = Part {
            directory: self.directory.clone(),
            name,
            format: self.format,
            schema: rows.schema(),
        };
        let writer = spawn_blocking(move || part.write(receiver));
        let mut failed = None;
        while let Some(batch) = rows.next().await {
            let step = match batch {
                Ok(batch) => Step::Rows(batch),
                Err(error) => {
                    failed = Some(StreamError::from(error));
                    break;
                }
            };
            // A writer that has ended says why when it is asked.
            if sender.send(step).await.is_err() {
                break;
            }
        }
        if failed.is_none() {
            let _ = sender.send(Step::End).await;
        }
        drop(sender);
        // Also after a failure: when it is told of, nothing of the batch is left.
        let written = self.joined(writer.await);
        failed.map_or(written, Err)
    }

    fn joined<T>(
        &self,
        done: Result<Result<T, StreamError>, tokio::task::JoinError>,
    ) -> Result<T, StreamError> {
        done.unwrap_or_else(|error| {
            Err(StreamError::Output {
                path: self.directory.clone(),
                reason: error.to_string(),
            })
        })
    }
}

impl BatchOutput for DirectorySink {
    fn holds<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<bool, StreamError>> {
        Box::pin(async move {
            self.prepare(stream).await?;
            let path = self.file_of(stream, batch);
            let directory = self.directory.clone();
            let found = spawn_blocking(move || match path.try_exists() {
                // Its name may be as young as a crash of this machine.
                Ok(true) => fs::File::open(&directory)
                    .and_then(|directory| directory.sync_all())
                    .map(|()| true)
                    .map_err(|error| StreamError::io(directory, &error)),
                Ok(false) => Ok(false),
                Err(error) => Err(StreamError::io(path, &error)),
            });
            self.joined(found.await)
        })
    }

    fn write<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: BatchId,
        rows: DataFrame,
    ) -> BoxFuture<'a, Result<(), StreamError>> {
        Box::pin(self.write_rows(self.name_of(stream, batch), rows))
    }
}

fn start_of(stream: &StreamId) -> String {
    format!("part-{}-", stream.as_str())
}

enum Step {
    Rows(RecordBatch),
    /// Without it, the batch was given up.
    End,
}

/// One file that is being written.
struct Part {
    directory: PathBuf,
    name: String,
    format: OutputFormat,
    schema: SchemaRef,
}

impl Part {
    fn write(self, mut steps: mpsc::Receiver<Step>) -> Result<(), StreamError> {
        let path = self.directory.join(&self.name);
        let failed = |error| match error {
            EncodeError::Io(error) => StreamError::io(&path, &error),
            EncodeError::Format(reason) => StreamError::Encoding {
                format: self.format.to_string(),
                reason,
            },
        };
        let draft = Draft::begin(&self.directory, &self.name)
            .map_err(|error| StreamError::io(&path, &error))?;
        let mut encoder =
            Encoder::new(self.format, self.schema.clone(), draft.file()).map_err(failed)?;
        while let Some(step) = steps.blocking_recv() {
            match step {
                Step::Rows(rows) => encoder.write(&rows).map_err(failed)?,
                Step::End => {
                    encoder.finish().map_err(failed)?;
                    // False: another consumer has written the same batch meanwhile.
                    let published = draft.publish();
                    published.map_err(|error| StreamError::io(&path, &error))?;
                    return Ok(());
                }
            }
        }
        // The other end is gone, and nobody waits for an answer.
        Ok(())
    }
}
