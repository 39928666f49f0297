//! What can go wrong between a controller and a runtime.

use std::error::Error;

use crate::NeedKind;

/// Why a runtime did not do what it was asked.
///
/// ```
/// use floe_runtime::{InstanceKey, RuntimeError};
/// let error = RuntimeError::UnknownInstance { key: InstanceKey::new("ECHO", 0, 3) };
/// assert_eq!(error.code(), "FLOE-RUNTIME-0005");
/// assert!(error.to_string().contains("ECHO/0#3"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The plan asks something that this runtime cannot honour.
    #[error(
        "{instance} cannot run here: `{field}` asks for {need}, which the {runtime} runtime does \
         not provide; remove the field or use another runtime"
    )]
    Unsupported {
        /// The instance as messages call it.
        instance: String,
        /// The runtime's name.
        runtime: String,
        /// The field of the specification.
        field: String,
        /// What it asks.
        need: NeedKind,
    },
    /// The plan is not whole.
    #[error("the plan of {instance} cannot be run: `{field}`: {reason}")]
    InvalidPlan {
        /// The instance as messages call it.
        instance: String,
        /// The field of the plan.
        field: String,
        /// What is wrong with it and what it may be.
        reason: &'static str,
    },
    /// This very deployment is already there.
    #[error("{key} is already there; stop it first, or start it under a new attempt number")]
    AlreadyStarted {
        /// The deployment.
        key: crate::InstanceKey,
    },
    /// The instance has no container of this name.
    #[error("{key} has no container `{container}`; it has: {known}")]
    UnknownContainer {
        /// The deployment.
        key: crate::InstanceKey,
        /// The name that was asked for.
        container: String,
        /// The names that exist, separated by commas.
        known: String,
    },
    /// There is no such deployment now.
    #[error("{key} is not there: it was never started, or it has been stopped")]
    UnknownInstance {
        /// The deployment.
        key: crate::InstanceKey,
    },
    /// The runtime has been shut down and starts nothing any more.
    #[error("{key} was not started because the {runtime} runtime has been shut down")]
    ShutDown {
        /// The deployment.
        key: crate::InstanceKey,
        /// The runtime's name.
        runtime: String,
    },
    /// The instance was stopped while it was being started.
    #[error("{key} was stopped while it was starting")]
    Stopped {
        /// The deployment.
        key: crate::InstanceKey,
    },
    /// The world that the runtime drives said no; the code and the words are the runtime's own.
    #[error("{instance}: {error}")]
    Driver {
        /// The instance as messages call it.
        instance: String,
        /// What happened. It is shown in full above, so it is not repeated as `source`.
        error: Box<dyn DriverError>,
    },
}

impl RuntimeError {
    /// Wraps an error of the world that a runtime drives.
    ///
    /// ```
    /// # #[derive(Debug, thiserror::Error)]
    /// # #[error("no room on the disk")]
    /// # struct Full;
    /// use floe_runtime::{DriverError, RuntimeError};
    /// impl DriverError for Full {
    ///     fn code(&self) -> &'static str { "PAPER-0001" }
    /// }
    /// let error = RuntimeError::driver("ECHO/0", Full);
    /// assert_eq!(error.code(), "PAPER-0001");
    /// assert_eq!(error.to_string(), "ECHO/0: no room on the disk");
    /// ```
    pub fn driver(instance: impl Into<String>, error: impl DriverError) -> Self {
        Self::Driver {
            instance: instance.into(),
            error: Box::new(error),
        }
    }

    /// Returns the stable code, for example `FLOE-RUNTIME-0001`.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, RuntimeError};
    /// let key = InstanceKey::new("ECHO", 0, 1);
    /// assert_eq!(RuntimeError::AlreadyStarted { key }.code(), "FLOE-RUNTIME-0003");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "FLOE-RUNTIME-0001",
            Self::InvalidPlan { .. } => "FLOE-RUNTIME-0002",
            Self::AlreadyStarted { .. } => "FLOE-RUNTIME-0003",
            Self::UnknownContainer { .. } => "FLOE-RUNTIME-0004",
            Self::UnknownInstance { .. } => "FLOE-RUNTIME-0005",
            Self::ShutDown { .. } => "FLOE-RUNTIME-0006",
            Self::Stopped { .. } => "FLOE-RUNTIME-0007",
            Self::Driver { error, .. } => error.code(),
        }
    }

    /// Returns true when the same request may succeed later without any change to the plan.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, RuntimeError};
    /// let key = InstanceKey::new("ECHO", 0, 1);
    /// assert!(!RuntimeError::AlreadyStarted { key }.is_retryable());
    /// ```
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Driver { error, .. } => error.is_retryable(),
            Self::Unsupported { .. }
            | Self::InvalidPlan { .. }
            | Self::AlreadyStarted { .. }
            | Self::UnknownContainer { .. }
            | Self::UnknownInstance { .. }
            | Self::ShutDown { .. }
            | Self::Stopped { .. } => false,
        }
    }
}

/// An error of the world that a runtime drives, with a stable code of its own.
///
/// ```
/// # #[derive(Debug, thiserror::Error)]
/// # #[error("busy")]
/// # struct Busy;
/// use floe_runtime::DriverError;
/// impl DriverError for Busy {
///     fn code(&self) -> &'static str { "PAPER-0002" }
/// }
/// assert!(!Busy.is_retryable());
/// ```
pub trait DriverError: Error + Send + Sync + 'static {
    /// Returns the stable code, for example `FLOE-PROCESS-0003`.
    fn code(&self) -> &'static str;

    /// Returns true when the same request may succeed later; false unless the driver knows.
    fn is_retryable(&self) -> bool {
        false
    }
}
