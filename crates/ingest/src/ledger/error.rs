//! What can go wrong between a consumer and its ledger.

use std::sync::Arc;

use floe_notify::DriverError;

use super::{BatchId, Role};

/// Why a ledger did not do what it was asked.
///
/// ```
/// use floe_ingest::{LedgerError, Role};
/// let error = LedgerError::Fenced { role: Role::new("consumer-0")? };
/// assert_eq!(error.code(), "FLOE-INGEST-0010");
/// assert!(!error.is_retryable());
/// # Ok::<(), LedgerError>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Somebody took the role since. Expected when two processes run with one role, or when one
    /// was believed dead: stop this consumer, without a word to the queue or the sink.
    #[error(
        "another consumer has taken the role {role} of this stream; this one stops, and nothing \
         is lost by it; give every consumer a role of its own"
    )]
    Fenced {
        /// The role.
        role: Role,
    },
    /// Nobody has founded the stream yet.
    #[error("this ledger holds no stream yet; start the stream once before it is read")]
    NotFounded,
    /// A batch of this number was never formed.
    #[error(
        "batch {batch} was never handed out by this ledger; it belongs to another stream, or the \
         ledger is an old copy; do not go on with a restored copy beside a newer sink"
    )]
    NoSuchBatch {
        /// The batch.
        batch: BatchId,
    },
    /// The batch is committed, or somebody else works on it.
    #[error("batch {batch} is no longer held by {role}; somebody else works on it or is done")]
    NotHeld {
        /// The batch.
        batch: BatchId,
        /// Who asked.
        role: Role,
    },
    /// More than the ledger takes.
    #[error("{count} {what} are more than the {limit} that a ledger takes; {remedy}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there would be.
        count: u64,
        /// How many there may be.
        limit: u64,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A role that cannot be.
    #[error(
        "'{name}' cannot name a consumer: use 1 to {} bytes without control characters",
        super::MAX_ROLE_BYTES
    )]
    BadRole {
        /// What was given.
        name: String,
    },
    /// The world that the implementation stands for said no; the code and the words are its own.
    #[error("{error}")]
    Driver {
        /// What happened. It is shown in full above, so it is not repeated as `source`.
        error: Arc<dyn DriverError>,
    },
}

impl LedgerError {
    /// Wraps an error of the world that an implementation stands for.
    ///
    /// ```
    /// # #[derive(Debug, thiserror::Error)]
    /// # #[error("no room on the disk")]
    /// # struct Full;
    /// use floe_ingest::LedgerError;
    /// use floe_notify::DriverError;
    /// impl DriverError for Full {
    ///     fn code(&self) -> &'static str { "PAPER-0001" }
    /// }
    /// assert_eq!(LedgerError::driver(Full).code(), "PAPER-0001");
    /// ```
    pub fn driver(error: impl DriverError) -> Self {
        Self::Driver {
            error: Arc::new(error),
        }
    }

    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// assert_eq!(floe_ingest::LedgerError::NotFounded.code(), "FLOE-INGEST-0011");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fenced { .. } => "FLOE-INGEST-0010",
            Self::NotFounded => "FLOE-INGEST-0011",
            Self::NoSuchBatch { .. } => "FLOE-INGEST-0012",
            Self::NotHeld { .. } => "FLOE-INGEST-0013",
            Self::TooMany { .. } => "FLOE-INGEST-0014",
            Self::BadRole { .. } => "FLOE-INGEST-0015",
            Self::Driver { error, .. } => error.code(),
        }
    }

    /// Returns true when the same call may succeed later without anybody changing anything.
    ///
    /// ```
    /// assert!(!floe_ingest::LedgerError::NotFounded.is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Driver { error, .. } if error.is_retryable())
    }

    /// Returns true when this consumer has to stop because another one has its role.
    ///
    /// ```
    /// use floe_ingest::{LedgerError, Role};
    /// assert!(LedgerError::Fenced { role: Role::new("a")? }.is_fenced());
    /// # Ok::<(), LedgerError>(())
    /// ```
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced { .. })
    }
}
