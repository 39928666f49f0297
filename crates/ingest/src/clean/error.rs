//! Why a stream cannot clean up behind itself.

use floe_notify::DriverError;
use floe_notify::options::Interval;

/// Why options say nothing that a [`Cleaner`](super::Cleaner) could do.
///
/// ```
/// use floe_ingest::CleanError;
/// let error = CleanError::NoDestination;
/// assert_eq!(error.code(), "FLOE-INGEST-0061");
/// assert!(error.to_string().contains("moveDestination"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CleanError {
    /// Moved files would be found again.
    #[error(
        "files that are processed cannot be moved to {destination}: it lies in {path}, where they \
         would be found again; give cloudFiles.cleanSource.moveDestination a directory beside it"
    )]
    Inside {
        /// Where they were to be moved.
        destination: String,
        /// What the stream watches.
        path: String,
    },
    /// Nobody said whereto.
    #[error(
        "files that are processed are to be moved, but it is not said where; set \
         cloudFiles.cleanSource.moveDestination"
    )]
    NoDestination,
    /// The destination is in another container.
    #[error(
        "files of {path} cannot be moved to {destination}, which is another bucket, container or \
         kind of store; give cloudFiles.cleanSource.moveDestination a directory of the same one"
    )]
    OtherStore {
        /// Where they were to be moved.
        destination: String,
        /// What the stream watches.
        path: String,
    },
    /// The destination names no directory.
    #[error("files that are processed cannot be moved to {destination}: {reason}")]
    BadDestination {
        /// Where they were to be moved.
        destination: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Files would be deleted before anybody can miss them.
    #[error(
        "files that are processed are deleted after more than {least}, not after {given}; set \
         cloudFiles.cleanSource.retentionDuration to more"
    )]
    TooSoon {
        /// The shortest time that is too short.
        least: Interval,
        /// The time of the options.
        given: Interval,
    },
}

impl CleanError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_ingest::CleanError;
    /// let (destination, path) = ("s3://b/in".to_owned(), "s3://a/in".to_owned());
    /// let error = CleanError::OtherStore { destination, path };
    /// assert_eq!(error.code(), "FLOE-INGEST-0062");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Inside { .. } => "FLOE-INGEST-0060",
            Self::NoDestination => "FLOE-INGEST-0061",
            Self::OtherStore { .. } => "FLOE-INGEST-0062",
            Self::BadDestination { .. } => "FLOE-INGEST-0063",
            Self::TooSoon { .. } => "FLOE-INGEST-0064",
        }
    }
}

impl DriverError for CleanError {
    fn code(&self) -> &'static str {
        self.code()
    }
}
