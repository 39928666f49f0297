//! What can go wrong with a ledger in a directory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_notify::DriverError;

/// Why a ledger in a directory cannot be used, or did not do what it was asked.
///
/// ```
/// use floe_ingest::{EmbeddedError, EmbeddedLedger};
/// let error = EmbeddedLedger::open("/no/such/directory".as_ref()).unwrap_err();
/// assert!(matches!(error, EmbeddedError::BadPath { .. }));
/// assert_eq!(error.code(), "FLOE-INGEST-0021");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// Another process, or another handle of this one, has the ledger.
    #[error(
        "the ledger in {} is in use{}; one process has it at a time, so stop the other one, or \
         give this stream a directory of its own",
        path.display(),
        pid.map(|pid| format!(" by process {pid}")).unwrap_or_default()
    )]
    Held {
        /// The directory.
        path: PathBuf,
        /// Who has it, if that can be told.
        pid: Option<u32>,
    },
    /// The path is none of a directory.
    #[error("{} cannot hold a ledger: {reason}", path.display())]
    BadPath {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// The file is none of a ledger.
    #[error(
        "{} is no ledger ({reason}); nothing was changed; move it away if it is not needed, or \
         restore the ledger that was there",
        path.display()
    )]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is instead, as far as it can be told.
        reason: String,
    },
    /// The file is a ledger's and not as it was written.
    #[error(
        "the ledger {} is damaged ({what}); it is never taken for an empty one; restore it \
         together with what the sink holds, or begin a new stream",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// A newer version wrote the file.
    #[error(
        "the ledger {} has format {found}, and this version knows formats up to {known}; run the \
         version that wrote it, or a newer one",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// The operating system said no.
    #[error("the ledger {} cannot be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: Arc<io::Error>,
    },
    /// The disk is full.
    #[error(
        "no room is left on the disk for the ledger {}; nothing is lost; make room, and it goes on",
        path.display()
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
    },
    /// The disk could not be made to keep what was written.
    #[error(
        "the disk does not confirm what was written to the ledger {}, so nobody knows what it \
         holds; stop this process, look at the disk, and start again",
        path.display()
    )]
    Unconfirmed {
        /// The file.
        path: PathBuf,
    },
    /// The thread that has the file is gone.
    #[error("the ledger {} is closed; open it again", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
}

impl EmbeddedError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_ingest::EmbeddedError;
    /// let full = EmbeddedError::NoRoom { path: "/srv/ledger".into() };
    /// assert_eq!(full.code(), "FLOE-INGEST-0026");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "FLOE-INGEST-0020",
            Self::BadPath { .. } => "FLOE-INGEST-0021",
            Self::NotALedger { .. } => "FLOE-INGEST-0022",
            Self::Damaged { .. } => "FLOE-INGEST-0023",
            Self::NewerFormat { .. } => "FLOE-INGEST-0024",
            Self::Io { .. } => "FLOE-INGEST-0025",
            Self::NoRoom { .. } => "FLOE-INGEST-0026",
            Self::Unconfirmed { .. } => "FLOE-INGEST-0027",
            Self::Closed { .. } => "FLOE-INGEST-0028",
        }
    }

    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoRoom { path },
            io::ErrorKind::InvalidData => Self::NotALedger {
                path,
                reason: error.to_string(),
            },
            io::ErrorKind::UnexpectedEof => Self::Damaged {
                path,
                what: "the file is cut off".to_owned(),
            },
            _ => Self::Io {
                path,
                source: Arc::new(error),
            },
        }
    }

    pub(super) fn store(path: &Path, error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::io(path, error),
            redb::Error::DatabaseAlreadyOpen => Self::Held {
                path: path.to_owned(),
                pid: None,
            },
            redb::Error::UpgradeRequired(version) => Self::NotALedger {
                path: path.to_owned(),
                reason: format!("the format {version} of the store is none that a ledger had"),
            },
            redb::Error::PreviousIo => {
                Self::io(path, io::Error::other("an earlier read or write failed"))
            }
            error => Self::Damaged {
                path: path.to_owned(),
                what: error.to_string(),
            },
        }
    }
}

impl DriverError for EmbeddedError {
    fn code(&self) -> &'static str {
        self.code()
    }

    fn is_retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::NoRoom { .. })
    }
}
