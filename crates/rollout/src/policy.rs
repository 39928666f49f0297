//! How careful an upgrade is.

use std::num::NonZeroU32;
use std::time::Duration;

/// How an upgrade treats availability.
///
/// The default is the behaviour of Snowpark Container Services: one instance at a time, 30
/// seconds between SIGTERM and SIGKILL, and no refusal when the service falls below
/// `MIN_READY_INSTANCES` meanwhile.
///
/// ```
/// use floe_rollout::Policy;
///
/// let policy = Policy { min_ready_instances: 2, ..Policy::default() };
/// assert_eq!(policy.max_unavailable.get(), 1);
/// assert_eq!(policy.grace.as_secs(), 30);
/// assert!(!policy.keep_ready);
/// assert_eq!(policy.max_failures, 0, "a revision that fails stops at the first instance");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How many instances the upgrade itself may have down at one moment.
    pub max_unavailable: NonZeroU32,
    /// How many READY instances make the service ready; below it requests are denied.
    pub min_ready_instances: u32,
    /// Refuse an upgrade whose plan takes a ready service below `min_ready_instances`.
    pub keep_ready: bool,
    /// How long a new instance must stay READY before the upgrade goes on to the next one.
    pub min_ready_time: Duration,
    /// How long a stopping instance may take before its processes are killed.
    pub grace: Duration,
    /// Instances with an id below it keep the revision that they have, and come back with it.
    pub partition: u32,
    /// How many replaced instances may fail before the upgrade stops; each lowers the floor.
    pub max_failures: u32,
    /// After so long without an instance that was proved, an upgrade is stalled.
    pub progress_deadline: Option<Duration>,
    /// Whether a stalled upgrade asks to be rolled back; see
    /// [`Service::rollback_due`](crate::Service::rollback_due).
    pub auto_rollback: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_unavailable: NonZeroU32::MIN,
            min_ready_instances: 1,
            keep_ready: false,
            min_ready_time: Duration::ZERO,
            grace: Duration::from_secs(30),
            partition: 0,
            max_failures: 0,
            progress_deadline: None,
            auto_rollback: false,
        }
    }
}
