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

use crate::types::{Command, InstanceId, Phase, Revision};

/// One instance as the predicates see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Which instance.
    pub id: InstanceId,
    /// What it runs.
    pub revision: Revision,
    /// Which deployment of it.
    pub attempt: u64,
    /// Its phase.
    pub phase: Phase,
}

/// The state of a service as the predicates see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// What every instance is to run; `None` before the first target.
    pub desired: Option<Revision>,
    /// How many instances there are to be.
    pub count: u32,
    /// Whether everything is to be stopped.
    pub suspended: bool,
    /// During an upgrade: how many instances must stay available.
    pub floor: Option<u32>,
    /// How many instances the upgrade may have down by its own action.
    pub max_unavailable: u32,
    /// The instances, ascending by id.
    pub instances: Vec<Seen>,
    /// The instances that are down by the upgrade's own action, ascending by id.
    pub slots: Vec<InstanceId>,
    /// The instances that are not listed, in numbers: none when the view is complete.
    pub rest: Rest,
}

/// What a [`View`] that lists some instances only knows of all the others.
///
/// A step of a service with thousands of instances touches one or two of them. Judging it by a
/// view of those, and of the rest in numbers, costs as much as the step and not as much as the
/// service.
///
/// ```
/// use floe_rollout::invariant::{Rest, View};
/// let view = View { rest: Rest { available: 9_999, ..Rest::default() }, ..View::default() };
/// assert_eq!(view.available(), 9_999);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rest {
    /// Wanted instances that are READY.
    pub available: u32,
    /// Instances that are down by the upgrade's own action.
    pub slots: usize,
    /// A number that no attempt is above.
    pub highest_attempt: u64,
    /// The outdated READY instance with the highest id.
    pub first_waiting: Option<InstanceId>,
}

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

impl View {
    /// How many wanted instances (id below the count) are READY.
    ///
    /// ```
    /// use floe_rollout::invariant::{Seen, View};
    /// use floe_rollout::{InstanceId, Phase, Revision};
    ///
    /// let (revision, phase) = (Revision(1), Phase::Ready);
    /// let seen = |id| Seen { id: InstanceId(id), revision, attempt: 1, phase };
    /// let view = View { count: 1, instances: vec![seen(0), seen(1)], ..View::default() };
    /// assert_eq!(view.available(), 1, "instance 1 is surplus");
    /// ```
    #[must_use]
    pub fn available(&self) -> u32 {
        let ready = self
            .instances
            .iter()
            .filter(|i| self.is_wanted(i.id) && is_ready(i))
            .count();
        let listed = u32::try_from(ready).unwrap_or(u32::MAX);
        listed.saturating_add(self.rest.available)
    }

    /// How many instances are down by the upgrade's own action.
    fn down(&self) -> usize {
        self.slots.len() + self.rest.slots
    }

    fn is_wanted(&self, id: InstanceId) -> bool {
        !self.suspended && id.0 < self.count
    }

    fn is_outdated(&self, instance: &Seen) -> bool {
        self.desired != Some(instance.revision)
    }

    fn find(&self, id: InstanceId) -> Option<&Seen> {
        let at = self.instances.binary_search_by_key(&id, |i| i.id).ok()?;
        self.instances.get(at)
    }
}

fn is_ready(instance: &Seen) -> bool {
    instance.phase == Phase::Ready
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
    starts_once(before, commands)?;
    starts_what_is_wanted(after, commands)?;
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

/// At most `max_unavailable` instances are down by the upgrade's own action; after the policy was
/// tightened, not more than before.
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
    let max = usize::try_from(after.max_unavailable).unwrap_or(usize::MAX);
    let allowed = max.max(before.down());
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

/// Only wanted instances are started, and with the desired revision.
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
pub fn starts_what_is_wanted(after: &View, commands: &[Command]) -> Result<(), Violation> {
    for command in commands {
        let Command::Start { id, revision, .. } = *command else {
            continue;
        };
        if !after.is_wanted(id) || after.desired != Some(revision) {
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
