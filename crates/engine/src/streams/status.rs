//! How far a stream is, also told to other processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use floe_ingest::{EmbeddedLedger, FileStream, Ledger, Progress};
use floe_notify::clock::Clock;
use serde_json::{Map, Value};

use super::StreamHost;
use crate::error::{Diagnostic, EngineError};

/// The file in a checkpoint in which whoever runs the stream notes how far it is: the ledger
/// belongs to one process, and others may want to know, too.
pub const PROGRESS_FILE: &str = "progress.json";

/// How often it is written.
const EVERY: Duration = Duration::from_secs(1);

/// How often the queue is asked how long it is, in such times: clouds want to be paid for it.
const ASK_QUEUE: u32 = 60;

/// Tells how far the stream of a checkpoint is: names and values, as
/// [`Progress::pairs`] has them, and `isRunning`.
///
/// # Errors
/// No stream was ever started there, or what it left cannot be read.
///
/// ```
/// use floe_engine::streams::{LocalHost, status};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let empty = tempfile::tempdir().unwrap();
/// let error = status(&LocalHost, empty.path().to_str().unwrap()).await.unwrap_err();
/// assert_eq!(error.code, "FLOE-ENGINE-0028");
/// # });
/// ```
pub async fn status(
    host: &dyn StreamHost,
    checkpoint: &str,
) -> Result<Vec<(String, Option<String>)>, Diagnostic> {
    let none = || {
        Diagnostic::from(&EngineError::NoStream {
            checkpoint: checkpoint.to_owned(),
        })
    };
    let directory = Path::new(checkpoint);
    let is_local = !checkpoint.contains("://");
    if is_local && !directory.join(EmbeddedLedger::FILE).exists() {
        return Err(none());
    }
    let ledger = match host.ledger(checkpoint).await {
        Ok(ledger) => ledger,
        // Somebody runs it.
        Err(error) if is_local && error.code == "FLOE-INGEST-0020" => {
            return read(directory).ok_or(error);
        }
        Err(error) => return Err(error),
    };
    match Progress::of(&*ledger, None).await {
        Ok(progress) => Ok(rows(&progress, false)),
        Err(error) if error.code() == "FLOE-INGEST-0011" => Err(none()),
        Err(error) => Err(Diagnostic::error(error.code(), error.to_string())),
    }
}

fn rows(progress: &Progress, is_running: bool) -> Vec<(String, Option<String>)> {
    let pairs = progress.pairs().into_iter();
    let running = ("isRunning", Some(is_running.to_string()));
    pairs
        .chain([running])
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What the process that runs the stream noted last.
fn read(directory: &Path) -> Option<Vec<(String, Option<String>)>> {
    let text = std::fs::read_to_string(directory.join(PROGRESS_FILE)).ok()?;
    let noted: Map<String, Value> = serde_json::from_str(&text).ok()?;
    let value = |value: Value| match value {
        Value::String(text) => Some(text),
        _ => None,
    };
    let noted = noted.into_iter();
    Some(noted.map(|(name, told)| (name, value(told))).collect())
}

/// Notes how far a stream is, again and again, for as long as it is awaited.
pub(crate) struct Reporter {
    pub(crate) directory: PathBuf,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Reporter {
    pub(crate) async fn report(&self, stream: &FileStream) {
        let mut queue_size = None;
        for turn in 0_u32.. {
            let progress = match turn % ASK_QUEUE {
                1 => stream.progress().await,
                _ => Progress::of(&*self.ledger, queue_size).await,
            };
            if let Ok(progress) = progress {
                queue_size = progress.queue_size;
                self.write(&progress);
            }
            self.clock.sleep(EVERY).await;
        }
    }

    /// A file that cannot be written is not worth a stream.
    fn write(&self, progress: &Progress) {
        let rows = rows(progress, true).into_iter();
        let value = |told: Option<String>| told.map_or(Value::Null, Value::String);
        let noted: Map<String, Value> = rows.map(|(name, told)| (name, value(told))).collect();
        let text = Value::Object(noted).to_string();
        let fresh = self.directory.join(".progress.json.new");
        let _ = std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, self.directory.join(PROGRESS_FILE)));
    }
}
