//! What can go wrong between a stream and its sink.

use std::sync::Arc;

use floe_notify::DriverError;

/// Why a sink did not take a batch. The code and the words are the sink's own.
///
/// ```
/// # #[derive(Debug, thiserror::Error)]
/// # #[error("no room on the disk")]
/// # struct Full;
/// use floe_ingest::SinkError;
/// use floe_notify::DriverError;
/// impl DriverError for Full {
///     fn code(&self) -> &'static str { "PAPER-0001" }
/// }
/// let error = SinkError::new(Full);
/// assert_eq!((error.code(), error.to_string().as_str()), ("PAPER-0001", "no room on the disk"));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct SinkError(Arc<dyn DriverError>);

impl SinkError {
    /// Wraps an error of a sink.
    ///
    /// ```
    /// use floe_ingest::{SinkError, SourceError};
    /// let gone = SourceError::NotFound { key: "a".to_owned() };
    /// assert_eq!(SinkError::new(gone).code(), "FLOE-INGEST-0030");
    /// ```
    pub fn new(error: impl DriverError) -> Self {
        Self(Arc::new(error))
    }

    /// Returns the stable code.
    ///
    /// ```
    /// use floe_ingest::{SinkError, SourceError};
    /// let gone = SourceError::NotFound { key: "a".to_owned() };
    /// assert!(SinkError::from(gone).code().starts_with("FLOE-"));
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// Returns true when the same delivery may succeed later without anybody changing anything.
    ///
    /// ```
    /// use floe_ingest::{SinkError, SourceError};
    /// let gone = SourceError::NotFound { key: "a".to_owned() };
    /// assert!(!SinkError::new(gone).is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable()
    }
}

impl From<crate::SourceError> for SinkError {
    fn from(error: crate::SourceError) -> Self {
        Self::new(error)
    }
}
