//! Why a bucket's configuration cannot be read or changed.

use super::MAX_ENTRIES;
use crate::codes;
use crate::finding::Finding;

/// A notification configuration that cannot be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// S3 would refuse our entry beside one that is there.
    #[error(
        "the entry '{entry}' cannot be added to the bucket's notifications: {}",
        findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ")
    )]
    Overlap {
        /// The name of our entry.
        entry: String,
        /// One finding for each entry that stands in the way.
        findings: Vec<Finding>,
    },
    /// The bucket is full.
    #[error(
        "the bucket has {MAX_ENTRIES} notifications already, the most that S3 takes; remove one, \
         or let several streams share one queue or topic for the whole bucket"
    )]
    TooMany,
    /// An entry with our id sends to somebody else.
    #[error(
        "the bucket's notification '{id}' sends to {arn}, which is not ours; remove it, or choose \
         another resource suffix"
    )]
    ForeignEntry {
        /// The id.
        id: String,
        /// Where the entry sends to.
        arn: String,
    },
    /// The JSON is no notification configuration.
    #[error(
        "the bucket's notification configuration cannot be read: {reason}; nothing is changed \
         that is not understood"
    )]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
}

impl BucketError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::aws::bucket::JsonConfiguration;
    ///
    /// assert_eq!(JsonConfiguration::parse("[]").unwrap_err().code(), "FLOE-NOTIFY-0034");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Overlap { .. } => codes::OVERLAPPING_ENTRIES,
            Self::TooMany => codes::TOO_MANY_ENTRIES,
            Self::ForeignEntry { .. } => codes::FOREIGN_ENTRY,
            Self::Unreadable { .. } => codes::BAD_CONFIGURATION,
        }
    }
}
