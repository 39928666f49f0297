//! What can go wrong before and beside what the traits have words for.

use floe_notify::aws::bucket::BucketError;
use floe_notify::{DriverError, Finding};

/// An error of this driver.
///
/// ```
/// use floe_notify_aws::AwsError;
/// assert_eq!(AwsError::NoRegion.code(), "FLOE-AWS-0002");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// Options that cannot be used; all of them at once.
    #[error("the options cannot be used:{}", lines(findings))]
    Options {
        /// What is wrong with them.
        findings: Vec<Finding>,
    },
    /// Nobody says in which region to work.
    #[error(
        "the region is not known: give `cloudFiles.region`, set AWS_REGION, or name a region in \
         the profile; it is the region of the bucket"
    )]
    NoRegion,
    /// AWS does not know who asks, or there are no credentials to ask with.
    #[error(
        "AWS does not accept the credentials for {call}: {reason}; check the access key, the \
         profile or the role, and whether they have expired"
    )]
    Credentials {
        /// The call, for example `sqs:ReceiveMessage`.
        call: String,
        /// What AWS says.
        reason: String,
    },
    /// AWS refuses a call for a reason that is not about permissions.
    #[error("AWS refuses {call} ({answer}): {reason}")]
    Refused {
        /// The call, for example `sns:Subscribe`.
        call: String,
        /// The error code of AWS.
        answer: String,
        /// What AWS says.
        reason: String,
    },
    /// A list does not end.
    #[error(
        "{call} gives more than {pages} pages; nothing was done, because what is not seen could be \
         in use: set `floe.resourcePrefix` so that there are fewer names that begin alike"
    )]
    TooMany {
        /// The call, for example `sqs:ListQueues`.
        call: String,
        /// How many pages were read.
        pages: usize,
    },
    /// The notification configuration of a bucket cannot be read or changed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl AwsError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify_aws::AwsError;
    /// let error = AwsError::Options { findings: Vec::new() };
    /// assert_eq!(error.code(), "FLOE-AWS-0001");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Options { .. } => "FLOE-AWS-0001",
            Self::NoRegion => "FLOE-AWS-0002",
            Self::Credentials { .. } => "FLOE-AWS-0003",
            Self::Refused { .. } => "FLOE-AWS-0004",
            Self::TooMany { .. } => "FLOE-AWS-0005",
            Self::Bucket(error) => error.code(),
        }
    }
}

impl DriverError for AwsError {
    fn code(&self) -> &'static str {
        AwsError::code(self)
    }
}

fn lines(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("\n  {finding}"));
    lines.collect()
}
