//! What can go wrong before and beside what the traits have words for.

use floe_notify::gcp::GcpError as ConfigurationError;
use floe_notify::{DriverError, Finding};

/// An error of this driver.
///
/// ```
/// use floe_notify_gcp::GcpError;
/// assert_eq!(GcpError::NoProject.code(), "FLOE-GCP-0002");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GcpError {
    /// Options that cannot be used; all of them at once.
    #[error("the options cannot be used:{}", lines(findings))]
    Options {
        /// What is wrong with them.
        findings: Vec<Finding>,
    },
    /// Nobody says in which project to work.
    #[error(
        "the project is not known: give `cloudFiles.projectId` or set GOOGLE_CLOUD_PROJECT; it is \
         the project of the bucket, and the subscription is made there, too"
    )]
    NoProject,
    /// Google does not know who asks, or there are no credentials to ask with.
    #[error(
        "Google Cloud does not accept the credentials for {call}: {reason}; check the service \
         account and its key, or what the default chain finds, and whether they have expired"
    )]
    Credentials {
        /// The permission that the call needs, for example `pubsub.topics.get`.
        call: String,
        /// What Google says.
        reason: String,
    },
    /// Google refuses a call for a reason that is not about permissions.
    #[error("Google Cloud refuses {call} ({answer}): {reason}")]
    Refused {
        /// The permission that the call needs, for example `pubsub.topics.create`.
        call: String,
        /// The status of Google, for example `INVALID_ARGUMENT`.
        answer: String,
        /// What Google says.
        reason: String,
    },
    /// A list does not end.
    #[error(
        "{call} gives more than {pages} pages; nothing was done, because what is not seen could be \
         in use: delete topics and subscriptions that nobody needs"
    )]
    TooMany {
        /// The permission that the call needs, for example `pubsub.topics.list`.
        call: String,
        /// How many pages were read.
        pages: usize,
    },
    /// Nothing says which bucket tells a topic that is to be deleted.
    #[error(
        "Auto Loader's topic {topic} does not say which bucket tells it, and the bucket would go \
         on telling it: give the resource manager the `path` that the stream reads"
    )]
    NoBucket {
        /// The topic.
        topic: String,
    },
    /// What the call was answered with cannot be read.
    #[error("the answer to {call} cannot be read: {reason}; look at what stands in between")]
    Unreadable {
        /// The permission that the call needs, for example `pubsub.subscriptions.consume`.
        call: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The notification configurations of a bucket cannot be read or added to.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
}

impl GcpError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify_gcp::GcpError;
    /// let error = GcpError::Options { findings: Vec::new() };
    /// assert_eq!(error.code(), "FLOE-GCP-0001");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Options { .. } => "FLOE-GCP-0001",
            Self::NoProject => "FLOE-GCP-0002",
            Self::Credentials { .. } => "FLOE-GCP-0003",
            Self::Refused { .. } => "FLOE-GCP-0004",
            Self::TooMany { .. } => "FLOE-GCP-0005",
            Self::NoBucket { .. } => "FLOE-GCP-0006",
            Self::Unreadable { .. } => "FLOE-GCP-0007",
            Self::Configuration(error) => error.code(),
        }
    }
}

impl DriverError for GcpError {
    fn code(&self) -> &'static str {
        GcpError::code(self)
    }
}

fn lines(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("\n  {finding}"));
    lines.collect()
}
