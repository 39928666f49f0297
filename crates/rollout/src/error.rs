//! Why the planner refuses a request.

use crate::types::MAX_INSTANCES;

/// A request that is refused before anything is stopped or started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// The policy says `keep_ready`, and the upgrade would take the service below its minimum.
    #[error(
        "this upgrade would leave {lowest} of {count} instances available for a while, but the \
         service is only ready with {min_ready} (MIN_READY_INSTANCES); run more instances, lower \
         MIN_READY_INSTANCES, or upgrade without keep_ready"
    )]
    WouldNotStayReady {
        /// The lowest number of available instances that the plan predicts.
        lowest: u32,
        /// How many instances the service is to have.
        count: u32,
        /// How many available instances make the service ready.
        min_ready: u32,
    },
    /// More instances than one service may have.
    #[error("{count} instances are too many; one service runs at most {MAX_INSTANCES}")]
    TooManyInstances {
        /// The number that was asked for.
        count: u32,
    },
}

impl RolloutError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_rollout::InstanceCount;
    ///
    /// let error = InstanceCount::new(1_000_000).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-ROLLOUT-0002");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WouldNotStayReady { .. } => "FLOE-ROLLOUT-0001",
            Self::TooManyInstances { .. } => "FLOE-ROLLOUT-0002",
        }
    }
}
