//! What the decider must never do, as plain predicates.
//!
//! Each predicate looks at the state before ([`View`]), the commands, and the state after. The
//! decider asserts [`check`] on every call; the simulation calls the same functions, and so may
//! any other controller that wants to be judged by them.
//!
//! ```
//! use floe_rollout::invariant::{Seen, View, check};
//! use floe_rollout::{Command, InstanceId, Phase, Revision};
//!
//! let seen = |id, phase| Seen { id: InstanceId(id), revision: Revision(1), attempt: 1, phase };
//! let before = View {
//!     desired: Some(Revision(2)),
//!     count: 2,
//!     floor: Some(1),
//!     max_unavailable: 1,
//!     instances: vec![seen(0, Phase::Ready), seen(1, Phase::Ready)],
//!     ..View::default()
//! };
//! // Replacing instance 0 while instance 1 is still outdated is out of order.
//! let mut after = before.clone();
//! after.instances[0].phase = Phase::Terminating;
//! after.slots = vec![InstanceId(0)];
//! let commands = [Command::Stop { id: InstanceId(0), attempt: 1 }];
//! let violation = check(&before, &commands, &after).unwrap_err();
//! assert!(violation.to_string().contains("instance 1 is replaced first"));
//! ```

mod view;

use crate::types::{Command, InstanceId, Phase};
use view::is_ready;
pub use view::{Rest, Seen, View};

/// A rule that was broken: a bug of the decider, never of its user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The upgrade itself took available instances below its floor.
    #[error("{after} instances stay available after this step, below the floor of {floor}")]
    BelowFloor {
        /// Available instances that the step leaves.
        after: u32,
        /// What had to stay available.
        floor: u32,
    },
    /// A READY instance was replaced before one with a higher id.
    #[error("instance {stopped} was stopped, but instance {first} is replaced first")]
    OutOfOrder {
        /// The instance that was stopped.
        stopped: InstanceId,
        /// The outdated READY instance whose turn it was.
        first: InstanceId,
    },
    /// More instances are down by the upgrade's own action than allowed.
    #[error("{down} instances are down by the upgrade, more than the {allowed} allowed")]
    TooManyDown {
        /// Instances down by the upgrade.
        down: usize,
        /// How many may be.
        allowed: usize,
    },
    /// A READY instance was stopped for its replacement and not counted.
    #[error("instance {id} was READY and was stopped without being counted as down")]
    Uncounted {
        /// The instance that was stopped.
        id: InstanceId,
    },
    /// A deployment was started while another one of the same instance may still run.
    #[error("instance {id} was started (attempt {attempt}) while another attempt of it is alive")]
    TwoAttempts {
        /// The instance.
        id: InstanceId,
        /// The attempt that was started.
        attempt: u64,
    },
    /// An instance was started that is not wanted, or with another revision than the target's.
    #[error("instance {id} was started although the target does not ask for it")]
    Unwanted {
        /// The instance.
        id: InstanceId,
    },
    /// A stop names a deployment that does not exist.
    #[error("attempt {attempt} of instance {id} was stopped, but it does not exist")]
    UnknownStop {
        /// The instance.
        id: InstanceId,
        /// The attempt.
        attempt: u64,
    },
    /// An instance that is current and wanted was stopped.
    #[error("instance {id} was stopped although it is wanted and runs the desired revision")]
    NeedlessStop {
        /// The instance.
        id: InstanceId,
    },
    /// An instance was replaced although the upgrade is paused.
    #[error("instance {id} was replaced although the upgrade is paused")]
    Paused {
        /// The instance.
        id: InstanceId,
    },
    /// More instances of the new revision were given up than may fail.
    #[error("{failed} instances failed and were passed over, more than the {allowed} allowed")]
    TooManyFailed {
        /// Instances that were given up.
        failed: usize,
        /// How many may be.
        allowed: usize,
    },
    /// Starts ascend and removals descend by id; these commands do not.
    #[error("the commands are not sorted at instance {id}")]
    Unsorted {
        /// The first instance out of order.
        id: InstanceId,
    },
}

impl Violation {
    /// The stable code of a broken rule; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_rollout::invariant::Violation;
    /// let violation = Violation::TooManyDown { down: 2, allowed: 1 };
    /// assert_eq!(violation.code(), "FLOE-ROLLOUT-0003");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        "FLOE-ROLLOUT-0003"
    }
}

/// All predicates of this module.
///
/// # Errors
///
/// The first [`Violation`] found.
///
/// ```
/// use floe_rollout::invariant::{View, check};
/// let view = View::default();
/// assert!(check(&view, &[], &view).is_ok());
/// ```
pub fn check(before: &View, commands: &[Command], after: &View) -> Result<(), Violation> {
    keeps_floor(before, after)?;
    keeps_slots(before, after)?;
    replaces_descending(before, commands, after)?;
    counts_own_stops(before, commands, after)?;
    stops_with_reason(before, commands)?;
    keeps_pauses(before, commands)?;
    keeps_failures(after)?;
    starts_once(before, commands)?;
    starts_what_is_wanted(before, commands)?;
    is_sorted(before, commands)
}

/// During an upgrade, a step leaves at least `floor` instances available, or as many as there
/// were when fewer were available already.
///
/// # Errors
///
/// [`Violation::BelowFloor`].
///
/// ```
/// use floe_rollout::invariant::{View, keeps_floor};
/// let view = View { floor: Some(3), ..View::default() };
/// assert!(keeps_floor(&view, &view).is_ok(), "already below, but not by this step");
/// ```
pub fn keeps_floor(before: &View, after: &View) -> Result<(), Violation> {
    let Some(floor) = before.floor else {
        return Ok(());
    };
    let left = after.available();
    if left < floor.min(before.available()) {
        return Err(Violation::BelowFloor { after: left, floor });
    }
    Ok(())
}

/// At most `max_unavailable` instances are down by the upgrade's own action, for a restart at most
/// half of them but at least one; after the policy was tightened, not more than before.
///
/// # Errors
///
/// [`Violation::TooManyDown`].
///
/// ```
/// use floe_rollout::InstanceId;
/// use floe_rollout::invariant::{View, keeps_slots};
/// let one = View { max_unavailable: 1, slots: vec![InstanceId(2)], ..View::default() };
/// let two = View { slots: vec![InstanceId(1), InstanceId(2)], ..one.clone() };
/// assert!(keeps_slots(&one, &one).is_ok());
/// assert!(keeps_slots(&one, &two).is_err());
/// ```
pub fn keeps_slots(before: &View, after: &View) -> Result<(), Violation> {
    let allowed = before.allowed_down().max(before.down());
    if after.down() > allowed {
        return Err(Violation::TooManyDown {
            down: after.down(),
            allowed,
        });
    }
    Ok(())
}

/// A READY outdated instance is stopped only when no READY outdated one with a higher id stays.
///
/// # Errors
///
/// [`Violation::OutOfOrder`].
///
/// ```
/// use floe_rollout::invariant::{View, replaces_descending};
/// let view = View::default();
/// assert!(replaces_descending(&view, &[], &view).is_ok());
/// ```
pub fn replaces_descending(
    before: &View,
    commands: &[Command],
    after: &View,
) -> Result<(), Violation> {
    let waiting = after
        .instances
        .iter()
        .filter(|i| after.is_wanted(i.id) && after.is_outdated(i) && is_ready(i))
        .map(|i| i.id)
        .max()
        .max(after.rest.first_waiting);
    let Some(first) = waiting else { return Ok(()) };
    for stopped in ready_stops(before, commands) {
        if before.is_wanted(stopped) && stopped < first {
            return Err(Violation::OutOfOrder { stopped, first });
        }
    }
    Ok(())
}

/// Every READY instance that is stopped to be replaced is counted as down by the upgrade.
///
/// # Errors
///
/// [`Violation::Uncounted`].
///
/// ```
/// use floe_rollout::invariant::{View, counts_own_stops};
/// let view = View::default();
/// assert!(counts_own_stops(&view, &[], &view).is_ok());
/// ```
pub fn counts_own_stops(
    before: &View,
    commands: &[Command],
    after: &View,
) -> Result<(), Violation> {
    for id in ready_stops(before, commands) {
        if before.is_wanted(id) && after.slots.binary_search(&id).is_err() {
            return Err(Violation::Uncounted { id });
        }
    }
    Ok(())
}

/// A stop names a known deployment, and one that is surplus, outdated, or already terminating.
///
/// # Errors
///
/// [`Violation::UnknownStop`] or [`Violation::NeedlessStop`].
///
/// ```
/// use floe_rollout::invariant::{View, stops_with_reason};
/// use floe_rollout::{Command, InstanceId};
/// let stop = Command::Stop { id: InstanceId(0), attempt: 1 };
/// assert!(stops_with_reason(&View::default(), &[stop]).is_err());
/// ```
pub fn stops_with_reason(before: &View, commands: &[Command]) -> Result<(), Violation> {
    for command in commands {
        let Command::Stop { id, attempt } = *command else {
            continue;
        };
        let Some(instance) = before.find(id).filter(|i| i.attempt == attempt) else {
            return Err(Violation::UnknownStop { id, attempt });
        };
        let terminating = instance.phase == Phase::Terminating;
        if before.is_wanted(id) && !before.is_outdated(instance) && !terminating {
            return Err(Violation::NeedlessStop { id });
        }
    }
    Ok(())
}

/// While the upgrade is paused, no wanted instance is stopped but those that are stopping already.
///
/// # Errors
///
/// [`Violation::Paused`].
///
/// ```
/// use floe_rollout::invariant::{Seen, View, keeps_pauses};
/// use floe_rollout::{Command, InstanceId, Phase, Revision};
/// let (id, attempt) = (InstanceId(0), 1);
/// let seen = Seen { id, revision: Revision(1), attempt, phase: Phase::Ready };
/// let view = View { count: 1, paused: true, instances: vec![seen], ..View::default() };
/// assert!(keeps_pauses(&view, &[Command::Stop { id, attempt }]).is_err());
/// ```
pub fn keeps_pauses(before: &View, commands: &[Command]) -> Result<(), Violation> {
    for command in commands.iter().filter(|_| before.paused) {
        let Command::Stop { id, .. } = *command else {
            continue;
        };
        let stopping = before
            .find(id)
            .is_some_and(|i| i.phase == Phase::Terminating);
        if before.is_wanted(id) && !stopping {
            return Err(Violation::Paused { id });
        }
    }
    Ok(())
}

/// At most `max_failures` instances of the new revision are given up.
///
/// # Errors
///
/// [`Violation::TooManyFailed`].
///
/// ```
/// use floe_rollout::invariant::{View, keeps_failures};
/// let view = View { failed: 2, max_failures: 2, ..View::default() };
/// assert!(keeps_failures(&view).is_ok());
/// assert!(keeps_failures(&View { max_failures: 1, ..view }).is_err());
/// ```
pub fn keeps_failures(after: &View) -> Result<(), Violation> {
    let allowed = usize::try_from(after.max_failures).unwrap_or(usize::MAX);
    if after.failed > allowed {
        let failed = after.failed;
        return Err(Violation::TooManyFailed { failed, allowed });
    }
    Ok(())
}

/// No two attempts of one instance are alive: a start needs an id without any deployment, and an
/// attempt number above all that are alive.
///
/// # Errors
///
/// [`Violation::TwoAttempts`].
///
/// ```
/// use floe_rollout::invariant::{View, starts_once};
/// use floe_rollout::{Command, InstanceId, Revision};
/// let start = Command::Start { id: InstanceId(0), attempt: 1, revision: Revision(1) };
/// assert!(starts_once(&View::default(), &[start]).is_ok());
/// assert!(starts_once(&View::default(), &[start, start]).is_err());
/// ```
pub fn starts_once(before: &View, commands: &[Command]) -> Result<(), Violation> {
    let mut highest = before
        .instances
        .iter()
        .map(|i| i.attempt)
        .max()
        .unwrap_or(0)
        .max(before.rest.highest_attempt);
    for command in commands {
        let Command::Start { id, attempt, .. } = *command else {
            continue;
        };
        if before.find(id).is_some() || attempt <= highest {
            return Err(Violation::TwoAttempts { id, attempt });
        }
        highest = attempt;
    }
    Ok(())
}

/// Only wanted instances are started: with the desired revision, below the partition with the one
/// they had, and in a pause, when they went unasked, with the one they had.
///
/// # Errors
///
/// [`Violation::Unwanted`].
///
/// ```
/// use floe_rollout::invariant::{View, starts_what_is_wanted};
/// use floe_rollout::{Command, InstanceId, Revision};
/// let view = View { desired: Some(Revision(2)), count: 1, ..View::default() };
/// let start = |revision| Command::Start { id: InstanceId(0), attempt: 1, revision };
/// assert!(starts_what_is_wanted(&view, &[start(Revision(2))]).is_ok());
/// assert!(starts_what_is_wanted(&view, &[start(Revision(1))]).is_err());
/// ```
pub fn starts_what_is_wanted(before: &View, commands: &[Command]) -> Result<(), Violation> {
    for command in commands {
        let Command::Start { id, revision, .. } = *command else {
            continue;
        };
        if !before.is_wanted(id) || before.start_revision(id) != Some(revision) {
            return Err(Violation::Unwanted { id });
        }
    }
    Ok(())
}

/// Starts ascend by id; removals of unwanted instances descend.
///
/// # Errors
///
/// [`Violation::Unsorted`].
///
/// ```
/// use floe_rollout::invariant::{View, is_sorted};
/// use floe_rollout::{Command, InstanceId};
/// let stop = |id| Command::Stop { id: InstanceId(id), attempt: 1 };
/// assert!(is_sorted(&View::default(), &[stop(2), stop(1)]).is_ok());
/// assert!(is_sorted(&View::default(), &[stop(1), stop(2)]).is_err());
/// ```
pub fn is_sorted(before: &View, commands: &[Command]) -> Result<(), Violation> {
    let (mut last_start, mut last_removal) = (None, None);
    for command in commands {
        match *command {
            Command::Start { id, .. } => {
                if last_start.is_some_and(|last| last >= id) {
                    return Err(Violation::Unsorted { id });
                }
                last_start = Some(id);
            }
            Command::Stop { id, .. } if !before.is_wanted(id) => {
                if last_removal.is_some_and(|last| last <= id) {
                    return Err(Violation::Unsorted { id });
                }
                last_removal = Some(id);
            }
            Command::Stop { .. } => {}
        }
    }
    Ok(())
}

/// The instances that were READY and are stopped by these commands.
fn ready_stops<'a>(
    before: &'a View,
    commands: &'a [Command],
) -> impl Iterator<Item = InstanceId> + 'a {
    commands.iter().filter_map(|command| match *command {
        Command::Stop { id, .. } => before.find(id).filter(|i| is_ready(i)).map(|i| i.id),
        Command::Start { .. } => None,
    })
}
