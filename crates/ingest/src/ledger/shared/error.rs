//! What can go wrong with a ledger in an object store.

use std::sync::Arc;

use floe_notify::DriverError;

/// Why a ledger in an object store cannot be used, or did not do what it was asked.
///
/// ```
/// use floe_ingest::SharedError;
/// let error = SharedError::Contended { ledger: "s3://state/orders".to_owned(), races: 64 };
/// assert_eq!(error.code(), "FLOE-INGEST-0054");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharedError {
    /// The store does not do what a shared ledger stands on.
    #[error(
        "{store} cannot hold a ledger that several machines share: {what}; use a store that \
         honours If-Match and If-None-Match of writes, or keep the stream's ledger in a directory of one \
         machine"
    )]
    NoConditions {
        /// The store.
        store: String,
        /// What it did.
        what: String,
    },
    /// An object of the ledger is not as it was written.
    #[error(
        "{object} of the shared ledger is damaged ({what}); it is never taken for an empty one; \
         restore the ledger together with what the sink holds, or begin a new stream"
    )]
    Damaged {
        /// The object.
        object: String,
        /// What does not fit.
        what: String,
    },
    /// A newer version wrote the object.
    #[error(
        "{object} of the shared ledger has format {found}, and this version knows formats up to \
         {known}; run one version on all machines, the newest"
    )]
    NewerFormat {
        /// The object.
        object: String,
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// The store cannot be reached, or failed.
    #[error("the store of the shared ledger does not do what it is asked with {object}: {source}")]
    Store {
        /// The object.
        object: String,
        /// What the store said.
        source: Arc<object_store::Error>,
    },
    /// Others changed the ledger each time before this consumer could.
    #[error(
        "{ledger} was changed by others {races} times in a row before this consumer had its turn; \
         nothing is lost, and it tries again; let fewer consumers share one ledger if this stays"
    )]
    Contended {
        /// The ledger.
        ledger: String,
        /// How often.
        races: u32,
    },
    /// Nobody knows whether it took place.
    #[error(
        "it cannot be told whether a change of {ledger} took place, because the store did not \
         answer and others have gone far since; it is asked for again, which does no harm"
    )]
    Unknown {
        /// The ledger.
        ledger: String,
    },
    /// The head is gone, or an older one is in its place.
    #[error(
        "{object} of the shared ledger is gone or older than it was ({what}); it is never taken \
         for an empty one; put the newest back, or begin a new stream in another place"
    )]
    Lost {
        /// The object.
        object: String,
        /// What is there, and what was.
        what: String,
    },
    /// The store refuses.
    #[error(
        "the store refuses {object} of the shared ledger: {source}; allow this consumer to read, \
         write, list and delete objects under the ledger's prefix"
    )]
    Denied {
        /// The object.
        object: String,
        /// What the store said.
        source: Arc<object_store::Error>,
    },
}

impl SharedError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_ingest::SharedError;
    /// let (store, what) = ("LocalFileSystem".to_owned(), "it has no If-Match".to_owned());
    /// assert_eq!(SharedError::NoConditions { store, what }.code(), "FLOE-INGEST-0050");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoConditions { .. } => "FLOE-INGEST-0050",
            Self::Damaged { .. } => "FLOE-INGEST-0051",
            Self::NewerFormat { .. } => "FLOE-INGEST-0052",
            Self::Store { .. } => "FLOE-INGEST-0053",
            Self::Contended { .. } => "FLOE-INGEST-0054",
            Self::Unknown { .. } => "FLOE-INGEST-0055",
            Self::Lost { .. } => "FLOE-INGEST-0056",
            Self::Denied { .. } => "FLOE-INGEST-0057",
        }
    }

    pub(super) fn store(object: &str, error: object_store::Error) -> Self {
        let object = object.to_owned();
        let source = Arc::new(error);
        match *source {
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. } => Self::Denied { object, source },
            _ => Self::Store { object, source },
        }
    }

    /// Whether asking the store again at once may help.
    pub(super) const fn is_transient(&self) -> bool {
        matches!(self, Self::Store { .. })
    }
}

impl DriverError for SharedError {
    fn code(&self) -> &'static str {
        self.code()
    }

    fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Store { .. } | Self::Contended { .. } | Self::Unknown { .. }
        )
    }
}
