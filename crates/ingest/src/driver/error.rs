//! Why a stream does not start, or does not go on.

use floe_notify::{Finding, QueueError, ResourceError};

use crate::{CleanError, LedgerError, SinkError, SourceError};

/// Why a stream does not start, or does not go on. What may pass by itself is tried again and is
/// no such error: an [observer](crate::Observer) is told of it.
///
/// ```
/// use floe_ingest::{FileStream, StreamError};
/// let error = FileStream::builder("/srv/in").option("cloudFiles.maxFiles", "7").build();
/// let error = error.unwrap_err();
/// assert_eq!(error.code(), "FLOE-INGEST-0040");
/// assert!(error.to_string().contains("cloudFiles.maxFiles"), "{error}");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// Options that cannot be, alone or together.
    #[error("the options of this stream cannot be:{}", lines(.findings))]
    Options {
        /// All that was found, errors first.
        findings: Vec<Finding>,
    },
    /// The builder was not given all that a stream needs.
    #[error("a stream needs {what}: call `{method}` of the builder")]
    Incomplete {
        /// What is missing.
        what: &'static str,
        /// What gives it.
        method: &'static str,
    },
    /// The ledger is of a stream on another path.
    #[error(
        "this checkpoint belongs to a stream on {was}, and the path is now {is}; files of the new \
         path that are known by their old names would be missed or repeated. Use a new checkpoint \
         for a new stream; or, within one container, allow the move, and the new path is listed"
    )]
    PathChanged {
        /// The path that the ledger knows.
        was: String,
        /// The path that was given.
        is: String,
    },
    /// Files cannot be cleaned away as the options say.
    #[error(transparent)]
    Clean(#[from] CleanError),
    /// The ledger says no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store that the files lie in says no.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The sink says no.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The queue says no.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The queue cannot be set up.
    #[error(transparent)]
    SetUp(#[from] ResourceError),
}

impl StreamError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_ingest::{FileStream, StreamError};
    /// let error = FileStream::builder("/srv/in").build().unwrap_err();
    /// assert_eq!(error.code(), "FLOE-INGEST-0041");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Options { .. } => "FLOE-INGEST-0040",
            Self::Incomplete { .. } => "FLOE-INGEST-0041",
            Self::PathChanged { .. } => "FLOE-INGEST-0042",
            Self::Clean(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::Sink(error) => error.code(),
            Self::Queue(error) => error.code(),
            Self::SetUp(error) => error.code(),
        }
    }

    /// Returns true when the same may succeed later without anybody changing anything.
    ///
    /// ```
    /// assert!(!floe_ingest::FileStream::builder("/srv/in").build().unwrap_err().is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Options { .. }
            | Self::Incomplete { .. }
            | Self::PathChanged { .. }
            | Self::Clean(_) => false,
            Self::Ledger(error) => error.is_retryable(),
            Self::Source(error) => error.is_retryable(),
            Self::Sink(error) => error.is_retryable(),
            Self::Queue(error) => error.is_retryable(),
            Self::SetUp(error) => error.is_retryable(),
        }
    }

    /// Returns true when another consumer has taken the role of this one, which then has nothing
    /// left to do.
    ///
    /// ```
    /// use floe_ingest::{LedgerError, Role, StreamError};
    /// let fenced = LedgerError::Fenced { role: Role::new("a")? };
    /// assert!(StreamError::from(fenced).is_fenced());
    /// # Ok::<(), LedgerError>(())
    /// ```
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Ledger(error) if error.is_fenced())
    }
}

fn lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| match &finding.hint {
        Some(hint) => format!("\n  {finding}\n    {hint}"),
        None => format!("\n  {finding}"),
    };
    findings.iter().map(line).collect()
}
