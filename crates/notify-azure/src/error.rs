//! What can go wrong before and beside what the traits have words for.

use floe_notify::azure::AzureError as Known;
use floe_notify::{DriverError, Finding};

/// An error of this driver.
///
/// ```
/// use floe_notify_azure::AzureError;
/// assert_eq!(AzureError::NoAccount.code(), "FLOE-AZURE-0009");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AzureError {
    /// Options that cannot be used; all of them at once.
    #[error("the options cannot be used:{}", lines(findings))]
    Options {
        /// What is wrong with them.
        findings: Vec<Finding>,
    },
    /// A connection string that is none. Its text is not shown, because it holds a secret.
    #[error("the connection string cannot be used: {problem}")]
    ConnectionString {
        /// What is wrong with it.
        problem: String,
    },
    /// Azure does not know who asks, or there are no credentials to ask with.
    #[error(
        "Azure does not accept the credentials for {call}: {reason}; check the service principal \
         and its secret, the connection string, or who is signed in, and whether they have expired"
    )]
    Credentials {
        /// The action, for example `Microsoft.EventGrid/eventSubscriptions/write`.
        call: String,
        /// What Azure says.
        reason: String,
    },
    /// Azure refuses a call for a reason that is not about permissions.
    #[error("Azure refuses {call} ({answer}): {reason}")]
    Refused {
        /// The action.
        call: String,
        /// The error code of Azure.
        answer: String,
        /// What Azure says.
        reason: String,
    },
    /// A list does not end.
    #[error(
        "{call} gives more than {pages} pages; nothing was done, because what is not seen could be \
         in use: set `floe.resourcePrefix` so that there are fewer names that begin alike"
    )]
    TooMany {
        /// The action.
        call: String,
        /// How many pages were read.
        pages: usize,
    },
    /// Azure took a change over, and could not make it.
    #[error("Azure began {call} and did not finish it ({answer}): {reason}; run the same again")]
    OperationFailed {
        /// The action.
        call: String,
        /// The error code of Azure.
        answer: String,
        /// What Azure says.
        reason: String,
    },
    /// Azure took a change over, and is still busy with it.
    #[error(
        "Azure is still busy with {call} after having been asked {polls} times; run the same \
         again, it goes on from there"
    )]
    OperationPending {
        /// The action.
        call: String,
        /// How often it was asked.
        polls: u32,
    },
    /// An answer of Azure names another host to ask next; credentials are not sent there.
    #[error(
        "the answer to {call} leads to {url}, which is not on the host that was asked; no request \
         was sent there, because it would carry the credentials"
    )]
    Elsewhere {
        /// The action.
        call: String,
        /// Where it leads; without its query.
        url: String,
    },
    /// Nobody says which storage account the queue is in.
    #[error(
        "the storage account is not known: give `path`, `cloudFiles.connectionString` or the URL \
         of the account's queues"
    )]
    NoAccount,
    /// One of the known failures of a first start.
    #[error("{error}{advice}")]
    Known {
        /// Which one.
        error: Known,
        /// The permission to add, where one is missing; otherwise empty.
        advice: String,
    },
}

impl AzureError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify_azure::AzureError;
    /// let error = AzureError::Options { findings: Vec::new() };
    /// assert_eq!(error.code(), "FLOE-AZURE-0001");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Options { .. } => "FLOE-AZURE-0001",
            Self::ConnectionString { .. } => "FLOE-AZURE-0002",
            Self::Credentials { .. } => "FLOE-AZURE-0003",
            Self::Refused { .. } => "FLOE-AZURE-0004",
            Self::TooMany { .. } => "FLOE-AZURE-0005",
            Self::OperationFailed { .. } => "FLOE-AZURE-0006",
            Self::OperationPending { .. } => "FLOE-AZURE-0007",
            Self::Elsewhere { .. } => "FLOE-AZURE-0008",
            Self::NoAccount => "FLOE-AZURE-0009",
            Self::Known { error, .. } => error.code(),
        }
    }
}

impl DriverError for AzureError {
    fn code(&self) -> &'static str {
        AzureError::code(self)
    }

    fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::OperationFailed { .. } | Self::OperationPending { .. }
        )
    }
}

fn lines(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("\n  {finding}"));
    lines.collect()
}
