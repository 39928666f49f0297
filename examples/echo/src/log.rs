//! The lines the service writes, one type for all of them.
//!
//! The lines carry no time: whoever collects them stamps them.

use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// One event in the life of the service; its `Display` is its log line.
///
/// ```
/// use floe_sample_echo::Line;
///
/// let line = Line::BatchStart { id: "01b02bdf:0:1:0:0", rows: 100 };
/// assert_eq!(line.to_string(), "batch start id=01b02bdf:0:1:0:0 rows=100");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// `echo v1 listening on 0.0.0.0:8000`: the service takes requests from now on.
    Listening {
        /// ECHO_VERSION.
        version: &'a str,
        /// The address, with the port that was chosen.
        address: SocketAddr,
    },
    /// `batch start id=… rows=100`: work on a batch begins.
    BatchStart {
        /// The id from `sf-external-function-query-batch-id`, or `-`.
        id: &'a str,
        /// Rows in the batch.
        rows: usize,
    },
    /// `batch done id=… rows=100`: the answer is ready to be sent.
    BatchDone {
        /// As in the start line.
        id: &'a str,
        /// As in the start line.
        rows: usize,
    },
    /// `batch abandoned id=… rows=100`: the caller went away before the answer was ready.
    BatchAbandoned {
        /// As in the start line.
        id: &'a str,
        /// As in the start line.
        rows: usize,
    },
    /// `batch refused id=… code=FLOE-BATCH-0017`: the request is not a batch of texts.
    BatchRefused {
        /// As in the start line.
        id: &'a str,
        /// The code of the error that the caller was told.
        code: &'a str,
    },
    /// `SIGTERM received, in flight: 2`: no more connections are accepted.
    Stopping {
        /// What asked for it.
        cause: &'a str,
        /// Batches that are begun and will be answered.
        in_flight: usize,
    },
    /// `stopped`: every begun batch was answered.
    Stopped,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { version, address } => {
                write!(f, "echo {version} listening on {address}")
            }
            Self::BatchStart { id, rows } => write!(f, "batch start id={id} rows={rows}"),
            Self::BatchDone { id, rows } => write!(f, "batch done id={id} rows={rows}"),
            Self::BatchAbandoned { id, rows } => write!(f, "batch abandoned id={id} rows={rows}"),
            Self::BatchRefused { id, code } => write!(f, "batch refused id={id} code={code}"),
            Self::Stopping { cause, in_flight } => {
                write!(f, "{cause} received, in flight: {in_flight}")
            }
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// Where the lines go; clones go to the same place.
///
/// ```
/// use floe_sample_echo::{Line, Log};
///
/// let log = Log::memory();
/// log.clone().line(Line::Stopped);
/// assert_eq!(log.lines(), ["stopped"]);
/// ```
#[derive(Debug, Clone)]
pub struct Log {
    kept: Option<Arc<Mutex<Vec<String>>>>,
}

impl Log {
    /// Writes to stdout and flushes after every line.
    ///
    /// ```
    /// floe_sample_echo::Log::stdout().line(floe_sample_echo::Line::Stopped);
    /// assert!(floe_sample_echo::Log::stdout().lines().is_empty());
    /// ```
    pub fn stdout() -> Self {
        Self { kept: None }
    }

    /// Keeps the lines, for tests.
    ///
    /// ```
    /// assert!(floe_sample_echo::Log::memory().lines().is_empty());
    /// ```
    pub fn memory() -> Self {
        Self {
            kept: Some(Arc::default()),
        }
    }

    /// Writes one line.
    ///
    /// A stdout that is gone is no reason for a service to end, so its errors are ignored.
    ///
    /// ```
    /// let log = floe_sample_echo::Log::memory();
    /// log.line(floe_sample_echo::Line::Stopping { cause: "SIGTERM", in_flight: 2 });
    /// assert_eq!(log.lines(), ["SIGTERM received, in flight: 2"]);
    /// ```
    pub fn line(&self, line: Line<'_>) {
        match &self.kept {
            Some(kept) => {
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line.to_string());
            }
            None => {
                let mut stdout = io::stdout().lock();
                let _gone = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
            }
        }
    }

    /// The lines kept so far; none for stdout.
    ///
    /// ```
    /// assert!(floe_sample_echo::Log::stdout().lines().is_empty());
    /// ```
    pub fn lines(&self) -> Vec<String> {
        match &self.kept {
            Some(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            None => Vec::new(),
        }
    }
}
