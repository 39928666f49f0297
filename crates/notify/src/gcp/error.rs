//! Why a bucket cannot be told to notify a topic.

use super::{MAX_CONFIGS, MAX_CONFIGS_FOR_EVENT};
use crate::codes;

/// A bucket that cannot be told to notify a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GcpError {
    /// The bucket takes no more configurations, and no topic can be shared.
    #[error(
        "the bucket has {count} notification configurations, {for_event} of them for new objects, \
         and takes {MAX_CONFIGS} and {MAX_CONFIGS_FOR_EVENT}; none of ours covers '{prefix}'. Set \
         up one topic for the whole bucket in place of several and give each stream a subscription \
         of it"
    )]
    TooMany {
        /// All configurations of the bucket.
        count: usize,
        /// Those that are about new objects.
        for_event: usize,
        /// The prefix that was to be watched.
        prefix: String,
    },
    /// The topic is told of another prefix; one topic serves one prefix.
    #[error(
        "the topic {topic} is told of '{has}', not of '{wanted}'; tear down its services, or \
         choose another resource suffix"
    )]
    OtherPrefix {
        /// The topic.
        topic: String,
        /// What it is told of.
        has: String,
        /// What it should be told of.
        wanted: String,
    },
    /// The list of configurations is not what the service returns.
    #[error("the list of the bucket's notification configurations cannot be read: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
}

impl GcpError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::gcp::Existing;
    ///
    /// assert_eq!(Existing::parse_list("[]").unwrap_err().code(), "FLOE-NOTIFY-0034");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => codes::TOO_MANY_FOR_EVENT,
            Self::OtherPrefix { .. } => codes::OTHER_PREFIX,
            Self::Unreadable { .. } => codes::BAD_CONFIGURATION,
        }
    }
}
