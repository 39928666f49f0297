//! What can go wrong between a batch and where its rows go.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use datafusion::common::DataFusionError;
use floe_ingest::floe_notify::DriverError;
use floe_ingest::{LedgerError, SinkError, SourceError};

use crate::error::{QueryError, external};

/// Why the rows of a batch are not where they belong, or a stream's memory cannot be shown.
///
/// ```
/// use floe_datafusion::ingest::StreamError;
/// let error = StreamError::Unreadable {
///     file: "/in/a.csv".into(),
///     line: Some(3),
///     format: "CSV".into(),
///     reason: "2 fields, not 3".into(),
/// };
/// assert_eq!(error.code(), "FLOE-QUERY-0020");
/// assert!(error.to_string().starts_with("/in/a.csv, line 3, cannot be read as CSV"));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A file of a batch is not what it should be.
    #[error(
        "{file}{} cannot be read as {format}: {reason}; correct the file, or give the columns \
         with schema => '…', or set ignoreCorruptFiles to true",
        at(*line)
    )]
    Unreadable {
        /// The path of the file.
        file: String,
        /// The line, from 1, where it is known.
        line: Option<u64>,
        /// What it should be.
        format: String,
        /// What is wrong.
        reason: String,
    },
    /// A file lies in another bucket than the stream's.
    #[error(
        "{file} is in another container than the path of the stream, and cannot be read through \
         it; give it a stream of its own"
    )]
    OtherContainer {
        /// The path of the file.
        file: String,
    },
    /// The columns of the stream cannot be kept, or what is kept is no columns.
    #[error("the columns of the stream cannot be kept in {}: {reason}", .path.display())]
    Schema {
        /// The file that they are kept in.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The output cannot be written.
    #[error("{} cannot be written: {reason}", .path.display())]
    Output {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is no room left for the output.
    #[error(
        "there is no room left for {}: {reason}; the batch is written again later",
        .path.display()
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A column has a type that the format of the output has not.
    #[error("the rows cannot be written as {format}: {reason}; convert the column in the query")]
    Encoding {
        /// The format.
        format: String,
        /// What is wrong.
        reason: String,
    },
    /// The memory of a stream cannot be opened; the code is that of the ledger.
    #[error("the memory of a stream in '{checkpoint}' cannot be opened: {error}")]
    Ledger {
        /// The checkpoint as it is written.
        checkpoint: String,
        /// What the ledger says.
        error: LedgerError,
    },
    /// There is no stream where one was looked for.
    #[error("there is no stream in '{checkpoint}'; give the checkpoint directory of one")]
    NoStream {
        /// The checkpoint as it is written.
        checkpoint: String,
    },
    /// The query failed; the code is its own.
    #[error("{0}")]
    Query(QueryError),
    /// The store failed; the code is its own.
    #[error("{0}")]
    Source(SourceError),
}

impl StreamError {
    /// The stable code of the error, which has a page in `docs/errors`; queries, stores and ledgers
    /// keep theirs.
    ///
    /// ```
    /// use floe_datafusion::{QueryError, ingest::StreamError};
    /// let error = StreamError::Query(QueryError::NotOneStatement { count: 2 });
    /// assert_eq!(error.code(), "FLOE-QUERY-0002");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "FLOE-QUERY-0020",
            Self::OtherContainer { .. } => "FLOE-QUERY-0021",
            Self::Schema { .. } => "FLOE-QUERY-0022",
            Self::Output { .. } => "FLOE-QUERY-0023",
            Self::NoRoom { .. } => "FLOE-QUERY-0024",
            Self::Encoding { .. } => "FLOE-QUERY-0025",
            Self::NoStream { .. } => "FLOE-QUERY-0026",
            Self::Ledger { error, .. } => error.code(),
            Self::Query(error) => error.code(),
            Self::Source(error) => error.code(),
        }
    }

    /// Whether the same may succeed later without anybody changing anything.
    ///
    /// ```
    /// use floe_datafusion::ingest::StreamError;
    /// let error = StreamError::NoStream { checkpoint: "/state".into() };
    /// assert!(!error.is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NoRoom { .. } => true,
            Self::Ledger { error, .. } => error.is_retryable(),
            Self::Source(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// What the system says about a file that is written.
    pub(super) fn io(path: impl Into<PathBuf>, error: &io::Error) -> Self {
        let (path, reason) = (path.into(), error.to_string());
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoRoom { path, reason },
            _ => Self::Output { path, reason },
        }
    }
}

impl DriverError for StreamError {
    fn code(&self) -> &'static str {
        self.code()
    }

    fn is_retryable(&self) -> bool {
        self.is_retryable()
    }
}

impl From<StreamError> for SinkError {
    fn from(error: StreamError) -> Self {
        Self::new(error)
    }
}

impl From<StreamError> for DataFusionError {
    fn from(error: StreamError) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<QueryError> for StreamError {
    fn from(error: QueryError) -> Self {
        match &error {
            QueryError::Execution { source } | QueryError::Planning { source } => {
                external::<Self>(source)
                    .cloned()
                    .unwrap_or(Self::Query(error))
            }
            _ => Self::Query(error),
        }
    }
}

impl From<DataFusionError> for StreamError {
    fn from(error: DataFusionError) -> Self {
        Self::from(QueryError::from(error))
    }
}

impl From<SourceError> for StreamError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

/// The error of type `T` that an error is or was caused by.
pub(super) fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(", line {line},"))
        .unwrap_or_default()
}
