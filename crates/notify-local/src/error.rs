//! What can go wrong with a local directory and its queue.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use floe_notify::DriverError;

use crate::{MAX_MESSAGE_BYTES, MAX_MESSAGES};

/// Why a local queue, watcher or resource manager did not do what it was asked.
///
/// ```
/// use floe_notify::DriverError;
/// let error = floe_notify_local::LocalError::TooLarge { bytes: 2_000_000 };
/// assert_eq!(error.code(), "FLOE-LOCAL-0005");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// Another process has the queue open.
    #[error(
        "{} is open in another process{}; a queue has one process at a time, stop the other one",
        path.display(),
        pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    Held {
        /// The directory of the queue.
        path: PathBuf,
        /// The process, where it is known.
        pid: Option<u32>,
    },
    /// The file system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the file system said.
        source: Arc<io::Error>,
    },
    /// There is no room on the disk, or within the limit of the process.
    #[error(
        "no room to write {}: {source}; free some space, nothing that was confirmed is lost",
        path.display()
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: Arc<io::Error>,
    },
    /// The queue holds as many messages as it may.
    #[error(
        "the queue {} holds {MAX_MESSAGES} messages, the most it may; let a consumer acknowledge \
         some",
        path.display()
    )]
    Full {
        /// The directory of the queue.
        path: PathBuf,
    },
    /// A message is too large.
    #[error("a message of {bytes} bytes is too large; {MAX_MESSAGE_BYTES} are allowed")]
    TooLarge {
        /// Its size, attributes included.
        bytes: usize,
    },
    /// The directory holds something else than a queue that this version understands.
    #[error("{} is not a queue that this version can read: {reason}", path.display())]
    NotAQueue {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A write failed in a way that leaves open what is on the disk.
    #[error(
        "the queue {} was closed because writing to it failed: {reason}; open it again, it reads \
         what is on the disk",
        path.display()
    )]
    Broken {
        /// The directory of the queue.
        path: PathBuf,
        /// What the file system said.
        reason: String,
    },
    /// The directory cannot be watched.
    #[error("cannot watch {}: {reason}", path.display())]
    Unwatchable {
        /// The directory.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The path cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    BadPath {
        /// The path.
        path: PathBuf,
        /// Why, and what it may be.
        reason: &'static str,
    },
    /// The directory of an open queue was deleted.
    #[error("the queue {} was deleted while it was open", path.display())]
    Gone {
        /// The directory of the queue.
        path: PathBuf,
    },
    /// A message is not one that a watcher wrote.
    #[error("this message is no event of a local directory: {reason}")]
    BadEvent {
        /// What is wrong with it.
        reason: String,
    },
}

impl LocalError {
    /// Wraps what the file system said.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let (path, source) = (path.into(), Arc::new(source));
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoRoom { path, source },
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }

    /// Whether the file or directory is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Returns true when the user that this process runs as lacks a right.
    ///
    /// ```
    /// let error = floe_notify_local::LocalError::TooLarge { bytes: 0 };
    /// assert!(!error.is_permission());
    /// ```
    #[must_use]
    pub fn is_permission(&self) -> bool {
        let read_only = io::ErrorKind::ReadOnlyFilesystem;
        match self {
            Self::Io { source, .. } => {
                source.kind() == io::ErrorKind::PermissionDenied || source.kind() == read_only
            }
            _ => false,
        }
    }
}

impl DriverError for LocalError {
    fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "FLOE-LOCAL-0001",
            Self::Io { .. } => "FLOE-LOCAL-0002",
            Self::NoRoom { .. } => "FLOE-LOCAL-0003",
            Self::Full { .. } => "FLOE-LOCAL-0004",
            Self::TooLarge { .. } => "FLOE-LOCAL-0005",
            Self::NotAQueue { .. } => "FLOE-LOCAL-0006",
            Self::Broken { .. } => "FLOE-LOCAL-0007",
            Self::Unwatchable { .. } => "FLOE-LOCAL-0008",
            Self::BadPath { .. } => "FLOE-LOCAL-0009",
            Self::BadEvent { .. } => "FLOE-LOCAL-0010",
            Self::Gone { .. } => "FLOE-LOCAL-0011",
        }
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::Held { .. } | Self::NoRoom { .. } | Self::Full { .. } => true,
            Self::Io { .. }
            | Self::TooLarge { .. }
            | Self::NotAQueue { .. }
            | Self::Broken { .. }
            | Self::Unwatchable { .. }
            | Self::BadPath { .. }
            | Self::BadEvent { .. }
            | Self::Gone { .. } => false,
        }
    }
}
