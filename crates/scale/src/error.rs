//! Why rules and bounds are refused.

use crate::policy::{MAX_CONDITIONS, MAX_STABILIZATION_SECS, MAX_STEPS};
use crate::rules::MIN_AUTO_SUSPEND_SECS;
use crate::types::MAX_INSTANCES;

/// Rules or bounds that are refused before anything is decided by them.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScaleError {
    /// MIN_INSTANCES is zero, or above MAX_INSTANCES.
    #[error(
        "MIN_INSTANCES is {min} and MAX_INSTANCES is {max}; the least must be 1 or more, and not \
         above the most"
    )]
    BadBounds {
        /// MIN_INSTANCES.
        min: u32,
        /// MAX_INSTANCES.
        max: u32,
    },
    /// More instances than one service may have.
    #[error("{count} instances are too many; one service runs at most {MAX_INSTANCES}")]
    TooManyInstances {
        /// The number that was asked for.
        count: u32,
    },
    /// AUTO_SUSPEND_SECS is neither 0 nor long enough.
    #[error(
        "AUTO_SUSPEND_SECS is {secs}; it must be 0 (never) or {MIN_AUTO_SUSPEND_SECS} seconds or \
         more"
    )]
    AutoSuspendTooShort {
        /// The number that was asked for.
        secs: u32,
    },
    /// A job ends by itself and is not suspended.
    #[error("AUTO_SUSPEND_SECS is {secs}, but a job cannot be suspended")]
    AutoSuspendOfJob {
        /// The number that was asked for.
        secs: u32,
    },
    /// Nobody counts the requests that come through a public endpoint.
    #[error(
        "AUTO_SUSPEND_SECS is {secs}, but the service has a public endpoint, and requests from \
         there do not count as use"
    )]
    AutoSuspendOfPublic {
        /// The number that was asked for.
        secs: u32,
    },
    /// A job has as many instances as it was started with.
    #[error("a job cannot have autoscaling policies")]
    PoliciesOfJob,
    /// A policy that cannot be followed.
    #[error("{place}: {problem}")]
    BadPolicy {
        /// Which condition of which policy, such as `scaleUp.anyConditions[0]`.
        place: String,
        /// What is wrong with it.
        problem: PolicyProblem,
    },
    /// The CPU request is no number of cores.
    #[error("a CPU request of {cores} cores is none; it must be more than zero")]
    BadCpuRequest {
        /// What was given.
        cores: f64,
    },
}

/// What is wrong with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// No conditions, or too many.
    #[error("a policy has between 1 and {MAX_CONDITIONS} conditions")]
    Conditions,
    /// No window, or one that is too long.
    #[error("the stabilisation period is between 1 and {MAX_STABILIZATION_SECS} seconds")]
    Window,
    /// A target or bound that is negative where it must not be, infinite, or no number.
    #[error("a target is a number that is not negative, and bounds are numbers")]
    Number,
    /// No steps, or too many.
    #[error("step scaling has between 1 and {MAX_STEPS} steps")]
    Steps,
    /// A step that holds for no value, or has no bound at all.
    #[error("a step has a lower bound, an upper bound above it, or both")]
    Bounds,
    /// A suspension has no steps.
    #[error("a policy to suspend has a target, no steps: it goes to no instance at all")]
    SuspendSteps,
}

impl ScaleError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// assert_eq!(floe_scale::Bounds::new(0, 1).unwrap_err().code(), "FLOE-SCALE-0001");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadBounds { .. } => "FLOE-SCALE-0001",
            Self::TooManyInstances { .. } => "FLOE-SCALE-0002",
            Self::AutoSuspendTooShort { .. } => "FLOE-SCALE-0003",
            Self::AutoSuspendOfJob { .. } => "FLOE-SCALE-0004",
            Self::AutoSuspendOfPublic { .. } => "FLOE-SCALE-0005",
            Self::PoliciesOfJob => "FLOE-SCALE-0006",
            Self::BadPolicy { .. } => "FLOE-SCALE-0007",
            Self::BadCpuRequest { .. } => "FLOE-SCALE-0008",
        }
    }
}
