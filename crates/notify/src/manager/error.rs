//! What can go wrong between a stream and the plumbing of its events.

use std::fmt;
use std::sync::Arc;

use crate::{DriverError, IdError};

/// Why a resource manager did not do what it was asked.
///
/// ```
/// use floe_notify::{Conflict, ResourceError};
/// let conflicts = vec![Conflict::new("bucket logs", "an entry for 'in/' sends elsewhere")];
/// let error = ResourceError::Conflicts { conflicts };
/// assert_eq!(error.code(), "FLOE-NOTIFY-0065");
/// assert!(error.to_string().contains("bucket logs: an entry for 'in/'"));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The manager was made without the path whose files are to be notified of.
    #[error(
        "no path was given; set-up needs the same `path` that the stream reads, so give it to the \
         resource manager when it is made"
    )]
    NoPath,
    /// The suffix is fine for some other cloud.
    #[error("'{suffix}' cannot be a resource suffix on {manager}: {rule}")]
    UnsuitableSuffix {
        /// What was given.
        suffix: String,
        /// The name of the resource manager.
        manager: String,
        /// What the suffix may be.
        rule: String,
    },
    /// What is there already does not go together with what is asked; nothing was changed.
    #[error(
        "set-up cannot go on beside what is there already; nothing was changed:{}",
        list(conflicts)
    )]
    Conflicts {
        /// All that is in the way, at least one.
        conflicts: Vec<Conflict>,
    },
    /// Somebody else changed the same configuration again and again.
    #[error(
        "{resource} was changed by somebody else each time, {attempts} times; run the same again \
         when they have finished"
    )]
    LostRace {
        /// What was to be changed.
        resource: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The credentials do not allow it, or the file system does not.
    #[error("not allowed to {action} on {resource}: {reason}")]
    Denied {
        /// What was tried, by the name that policies use, such as `sqs:CreateQueue`.
        action: String,
        /// What it was tried on.
        resource: String,
        /// What the service said, and what gives the right where that is known.
        reason: String,
    },
    /// The service could not be reached, or failed by itself.
    #[error("{service} cannot be reached now: {reason}; run the same again, it goes on from there")]
    Unavailable {
        /// What could not be reached.
        service: String,
        /// What happened.
        reason: String,
    },
    /// A name that came from outside is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The world that the driver stands for said no; the code and the words are its own.
    #[error("{resource}: {error}")]
    Driver {
        /// What it was about.
        resource: String,
        /// What happened. It is shown in full above, so it is not repeated as `source`.
        error: Arc<dyn DriverError>,
    },
}

impl ResourceError {
    /// Wraps an error of the world that a driver stands for.
    ///
    /// ```
    /// # #[derive(Debug, thiserror::Error)]
    /// # #[error("no room on the disk")]
    /// # struct Full;
    /// use floe_notify::{DriverError, ResourceError};
    /// impl DriverError for Full {
    ///     fn code(&self) -> &'static str { "PAPER-0001" }
    /// }
    /// let error = ResourceError::driver("queue a", Full);
    /// assert_eq!(error.code(), "PAPER-0001");
    /// assert_eq!(error.to_string(), "queue a: no room on the disk");
    /// ```
    pub fn driver(resource: impl Into<String>, error: impl DriverError) -> Self {
        Self::Driver {
            resource: resource.into(),
            error: Arc::new(error),
        }
    }

    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// assert_eq!(floe_notify::ResourceError::NoPath.code(), "FLOE-NOTIFY-0063");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPath => "FLOE-NOTIFY-0063",
            Self::UnsuitableSuffix { .. } => "FLOE-NOTIFY-0060",
            Self::Conflicts { .. } => "FLOE-NOTIFY-0065",
            Self::LostRace { .. } => "FLOE-NOTIFY-0066",
            Self::Denied { .. } => "FLOE-NOTIFY-0067",
            Self::Unavailable { .. } => "FLOE-NOTIFY-0068",
            Self::Id(error) => error.code(),
            Self::Driver { error, .. } => error.code(),
        }
    }

    /// Returns true when the same request may succeed later without anybody changing anything.
    ///
    /// ```
    /// assert!(!floe_notify::ResourceError::NoPath.is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::LostRace { .. } | Self::Unavailable { .. } => true,
            Self::Driver { error, .. } => error.is_retryable(),
            Self::NoPath
            | Self::UnsuitableSuffix { .. }
            | Self::Conflicts { .. }
            | Self::Denied { .. }
            | Self::Id(_) => false,
        }
    }
}

/// Something that is there already and does not go together with what is asked.
///
/// ```
/// let conflict = floe_notify::Conflict::new("queue a", "it serves another path");
/// assert_eq!(conflict.to_string(), "queue a: it serves another path");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    resource: String,
    reason: String,
}

impl Conflict {
    /// Makes a conflict of the resource that is in the way, and of why it is and what to do.
    ///
    /// ```
    /// assert_eq!(floe_notify::Conflict::new("queue a", "b").resource(), "queue a");
    /// ```
    #[must_use]
    pub fn new(resource: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            reason: reason.into(),
        }
    }

    /// Returns what is in the way.
    ///
    /// ```
    /// assert_eq!(floe_notify::Conflict::new("queue a", "b").resource(), "queue a");
    /// ```
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Returns why it is in the way, and what to do.
    ///
    /// ```
    /// assert_eq!(floe_notify::Conflict::new("queue a", "b").reason(), "b");
    /// ```
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.resource, self.reason)
    }
}

fn list(conflicts: &[Conflict]) -> String {
    let lines = conflicts.iter().map(|conflict| format!("\n  {conflict}"));
    lines.collect()
}
