//! What can go wrong between a stream and the store that its files lie in.

use std::sync::Arc;

use floe_notify::DriverError;

/// Why a store did not do what it was asked.
///
/// ```
/// use floe_ingest::SourceError;
/// let error = SourceError::NotFound { key: "in/a.csv".to_owned() };
/// assert_eq!(error.code(), "FLOE-INGEST-0030");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file is gone.
    #[error(
        "{key} is not there any more; it was deleted or renamed after it was discovered. To go \
         on without such files, set ignoreMissingFiles to true"
    )]
    NotFound {
        /// Its key.
        key: String,
    },
    /// The store refused.
    #[error("{what} is refused by the store: {reason}; give the stream's identity access to it")]
    Denied {
        /// What was asked for.
        what: String,
        /// The words of the store.
        reason: String,
    },
    /// The store does not answer; trying again may help.
    #[error("{what} did not work, and is tried again: {reason}")]
    Unavailable {
        /// What was asked for.
        what: String,
        /// The words of the store.
        reason: String,
    },
    /// The store has a file that cannot be asked for by its key.
    #[error(
        "the key {key} cannot be used: {reason}; copy the file to another key, or keep such files \
         out of the stream's path"
    )]
    Unaddressable {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The path is not one of a file in this directory.
    #[error(
        "{key} is no path of a file below {root}, and nothing else may be reached here; links to \
         directories are not followed"
    )]
    Outside {
        /// The path.
        key: String,
        /// What paths have to begin with.
        root: String,
    },
    /// The store does not list in the order of the bytes of keys, though it is said to.
    #[error(
        "the store lists {before} before {after}, so a listing that goes on behind a key would \
         miss files; list the store as a whole"
    )]
    Unordered {
        /// What came first.
        before: String,
        /// What came after it.
        after: String,
    },
    /// The world that the implementation stands for said no; the code and the words are its own.
    #[error("{error}")]
    Driver {
        /// What happened. It is shown in full above, so it is not repeated as `source`.
        error: Arc<dyn DriverError>,
    },
}

impl SourceError {
    /// Wraps an error of the world that an implementation stands for.
    ///
    /// ```
    /// # #[derive(Debug, thiserror::Error)]
    /// # #[error("no such bucket")]
    /// # struct NoBucket;
    /// use floe_ingest::SourceError;
    /// use floe_notify::DriverError;
    /// impl DriverError for NoBucket {
    ///     fn code(&self) -> &'static str { "PAPER-0003" }
    /// }
    /// assert_eq!(SourceError::driver(NoBucket).code(), "PAPER-0003");
    /// ```
    pub fn driver(error: impl DriverError) -> Self {
        Self::Driver {
            error: Arc::new(error),
        }
    }

    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_ingest::SourceError;
    /// let error = SourceError::Denied { what: "listing".to_owned(), reason: "403".to_owned() };
    /// assert_eq!(error.code(), "FLOE-INGEST-0031");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "FLOE-INGEST-0030",
            Self::Denied { .. } => "FLOE-INGEST-0031",
            Self::Unavailable { .. } => "FLOE-INGEST-0032",
            Self::Unaddressable { .. } => "FLOE-INGEST-0033",
            Self::Outside { .. } => "FLOE-INGEST-0034",
            Self::Unordered { .. } => "FLOE-INGEST-0035",
            Self::Driver { error, .. } => error.code(),
        }
    }

    /// Returns true when the same call may succeed later without anybody changing anything.
    ///
    /// ```
    /// use floe_ingest::SourceError;
    /// let (what, reason) = ("a listing".to_owned(), "503".to_owned());
    /// let error = SourceError::Unavailable { what, reason };
    /// assert!(error.is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Driver { error, .. } => error.is_retryable(),
            Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::Unaddressable { .. }
            | Self::Outside { .. }
            | Self::Unordered { .. } => false,
        }
    }
}

impl DriverError for SourceError {
    fn code(&self) -> &'static str {
        self.code()
    }

    fn is_retryable(&self) -> bool {
        self.is_retryable()
    }
}
