//! Why a path is none that a stream can read.

use crate::codes;

/// A path that no stream can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// The scheme is not known, or the path is relative.
    #[error(
        "'{path}' is of no storage that can be watched: a path begins with s3://, s3a://, \
         abfss://, wasbs://, gs:// or file://, or is an absolute path of this machine"
    )]
    UnknownStorage {
        /// The path as it was given.
        path: String,
    },
    /// A path of Databricks' own file system, which only Databricks can resolve.
    #[error(
        "'{path}' leads through a mount point; give the path in the storage that is mounted there, \
         such as s3://bucket/directory"
    )]
    MountPoint {
        /// The path as it was given.
        path: String,
    },
    /// Azure Data Lake Storage Gen1 has no file notification; it was retired in 2024.
    #[error(
        "'{path}' is in Azure Data Lake Storage Gen1, which has no file notification; move the \
         files to Gen2 and give an abfss:// path"
    )]
    DataLakeGen1 {
        /// The path as it was given.
        path: String,
    },
    /// The bucket, container or account is missing or cannot be a name.
    #[error("'{path}' does not name {what}: {reason}")]
    BadPart {
        /// The path as it was given, without user information in it.
        path: String,
        /// What the part should be, with an article.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl LocationError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let error = floe_notify::Location::parse("ftp://acme/orders").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0020");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownStorage { .. } | Self::MountPoint { .. } => codes::UNKNOWN_STORAGE,
            Self::DataLakeGen1 { .. } => codes::DATA_LAKE_GEN1,
            Self::BadPart { .. } => codes::BAD_LOCATION,
        }
    }
}
