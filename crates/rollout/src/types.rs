//! The words between the decider and its driver.

use std::fmt;
use std::time::Duration;

use crate::error::RolloutError;

/// The most instances that one service may have; it bounds the decider's state and the plan.
pub const MAX_INSTANCES: u32 = 100_000;

/// The number of an instance inside its service: `0`, `1`, … `count - 1`.
///
/// ```
/// assert_eq!(floe_rollout::InstanceId(3).to_string(), "3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u32);

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an instance runs, as an opaque number; the caller maps it to a specification digest.
///
/// ```
/// assert_eq!(floe_rollout::Revision(7).to_string(), "r7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// A moment in milliseconds on any clock that the caller keeps using; only differences count.
///
/// ```
/// use floe_rollout::Millis;
/// use std::time::Duration;
///
/// assert_eq!(Millis(1_000).plus(Duration::from_secs(2)), Millis(3_000));
/// assert_eq!(Millis(3_000).since(Millis(1_000)), Duration::from_secs(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// The moment `span` later, at most the end of the clock.
    ///
    /// ```
    /// use floe_rollout::Millis;
    /// assert_eq!(Millis(u64::MAX).plus(std::time::Duration::from_secs(1)), Millis(u64::MAX));
    /// ```
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(span))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    ///
    /// ```
    /// use floe_rollout::Millis;
    /// assert!(Millis(1).since(Millis(5)).is_zero());
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// How many instances a service is to have, at most [`MAX_INSTANCES`].
///
/// ```
/// use floe_rollout::InstanceCount;
///
/// assert_eq!(InstanceCount::new(3)?.get(), 3);
/// assert!(InstanceCount::new(u32::MAX).is_err());
/// # Ok::<(), floe_rollout::RolloutError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceCount(u32);

impl InstanceCount {
    /// Checks a number of instances.
    ///
    /// # Errors
    ///
    /// [`RolloutError::TooManyInstances`] above [`MAX_INSTANCES`].
    ///
    /// ```
    /// use floe_rollout::{InstanceCount, MAX_INSTANCES};
    /// assert!(InstanceCount::new(MAX_INSTANCES).is_ok());
    /// assert!(InstanceCount::new(MAX_INSTANCES + 1).is_err());
    /// ```
    pub fn new(count: u32) -> Result<Self, RolloutError> {
        if count > MAX_INSTANCES {
            return Err(RolloutError::TooManyInstances { count });
        }
        Ok(Self(count))
    }

    /// The number.
    ///
    /// ```
    /// assert_eq!(floe_rollout::InstanceCount::new(2)?.get(), 2);
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// Whether an instance with this id is wanted.
    ///
    /// ```
    /// use floe_rollout::{InstanceCount, InstanceId};
    /// let two = InstanceCount::new(2)?;
    /// assert!(two.keeps(InstanceId(1)));
    /// assert!(!two.keeps(InstanceId(2)));
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn keeps(self, id: InstanceId) -> bool {
        id.0 < self.0
    }
}

impl TryFrom<u32> for InstanceCount {
    type Error = RolloutError;

    fn try_from(count: u32) -> Result<Self, RolloutError> {
        Self::new(count)
    }
}

/// What the runtime says about one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Being deployed, or its readiness probe fails: it serves no requests.
    Pending,
    /// All its containers are ready: it serves requests and counts as available.
    Ready,
    /// A container ended with a failure; the runtime restarts it by its own policy.
    Failed,
    /// It was told to stop and is not yet gone.
    Terminating,
}

/// One instance as the decider knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// What it runs.
    pub revision: Revision,
    /// Which deployment of this id it is; no number is ever used twice.
    pub attempt: u64,
    /// Its phase, `Terminating` from the moment the decider asks for its end.
    pub phase: Phase,
    /// Since when it has been READY without interruption.
    pub ready_since: Option<Millis>,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The service is to have `count` instances of `revision`; repeating it changes nothing.
    Target {
        /// What every instance is to run.
        revision: Revision,
        /// How many instances there are to be.
        count: InstanceCount,
    },
    /// All instances are to stop; the target is remembered.
    Suspend,
    /// The service is to run again, with the remembered target.
    Resume,
    /// The upgrade or restart under way is to replace nothing more for now. It ends with
    /// [`Event::ResumeUpgrade`], with a target of another revision, or with a suspension.
    PauseUpgrade,
    /// The upgrade or restart goes on.
    ResumeUpgrade,
    /// Every deployment with a number below `before` is to be replaced by one of the same
    /// revision, at most half of the instances at once: a restart for maintenance.
    Restart {
        /// Usually [`Service::next_attempt`](crate::Service::next_attempt) of the moment; repeating
        /// it changes nothing.
        before: u64,
    },
    /// The runtime says that this deployment is in this phase.
    Observed {
        /// Which instance.
        id: InstanceId,
        /// Which deployment of it; news about any other than the current one is ignored.
        attempt: u64,
        /// Its phase.
        phase: Phase,
    },
    /// This deployment is gone, whether it was asked to stop, died, or never came up.
    Gone {
        /// Which instance.
        id: InstanceId,
        /// Which deployment of it; news about any other than the current one is ignored.
        attempt: u64,
    },
    /// Nothing but time has passed; see [`Service::next_wakeup`](crate::Service::next_wakeup).
    Tick,
}

impl Event {
    /// Shorthand for [`Event::Target`].
    ///
    /// ```
    /// use floe_rollout::{Event, InstanceCount, Revision};
    /// let count = InstanceCount::new(1)?;
    /// let event = Event::target(Revision(1), count);
    /// assert_eq!(event, Event::Target { revision: Revision(1), count });
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn target(revision: Revision, count: InstanceCount) -> Self {
        Self::Target { revision, count }
    }
}

/// Something the driver is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Deploy an instance; when that is impossible, answer with [`Event::Gone`].
    Start {
        /// Which instance.
        id: InstanceId,
        /// The number of this deployment, to be given back in every event about it.
        attempt: u64,
        /// What it is to run.
        revision: Revision,
    },
    /// Stop a deployment and answer with [`Event::Gone`] when it is gone; may be repeated.
    Stop {
        /// Which instance.
        id: InstanceId,
        /// Which deployment of it.
        attempt: u64,
    },
}
