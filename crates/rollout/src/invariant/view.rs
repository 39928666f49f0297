//! The state of a service as the predicates see it.

use crate::types::{InstanceId, Phase, Revision};

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
    /// How many instances an upgrade may have down by its own action.
    pub max_unavailable: u32,
    /// The instances, ascending by id.
    pub instances: Vec<Seen>,
    /// The instances that are down by the upgrade's own action, ascending by id.
    pub slots: Vec<InstanceId>,
    /// Instances with an id below it keep their revision.
    pub partition: u32,
    /// The revision that all instances had last.
    pub stable: Option<Revision>,
    /// Whether what is under way is a restart of the same revision.
    pub restarting: bool,
    /// Deployments with a number below it are to be replaced.
    pub restart_before: u64,
    /// Whether nothing is to be replaced for now.
    pub paused: bool,
    /// How many replaced instances failed and are waited for no longer.
    pub failed: usize,
    /// How many may.
    pub max_failures: u32,
    /// What missing instances ran, where it was kept in mind; ascending by id.
    pub last: Vec<(InstanceId, Revision)>,
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
    pub(super) fn down(&self) -> usize {
        self.slots.len() + self.rest.slots
    }

    pub(super) fn is_wanted(&self, id: InstanceId) -> bool {
        !self.suspended && id.0 < self.count
    }

    pub(super) fn is_outdated(&self, instance: &Seen) -> bool {
        let upgraded = instance.id.0 >= self.partition && self.desired != Some(instance.revision);
        upgraded || instance.attempt < self.restart_before
    }

    /// How many instances may be down by own action: half of them, but at least one, for a restart.
    pub(super) fn allowed_down(&self) -> usize {
        let allowed = if self.restarting {
            (self.count / 2).max(1)
        } else {
            self.max_unavailable
        };
        usize::try_from(allowed).unwrap_or(usize::MAX)
    }

    /// What a missing instance is to be started with: below the partition what it ran or what all
    /// ran last; in a pause what it ran, if it went unasked; otherwise what is desired.
    pub(super) fn start_revision(&self, id: InstanceId) -> Option<Revision> {
        let at = self.last.binary_search_by_key(&id, |(known, _)| *known);
        let last = at.ok().and_then(|at| self.last.get(at));
        let last = last.map(|(_, revision)| *revision);
        if id.0 < self.partition {
            last.or(self.stable).or(self.desired)
        } else if self.paused {
            last.or(self.desired)
        } else {
            self.desired
        }
    }

    pub(super) fn find(&self, id: InstanceId) -> Option<&Seen> {
        let at = self.instances.binary_search_by_key(&id, |i| i.id).ok()?;
        self.instances.get(at)
    }
}

pub(super) fn is_ready(instance: &Seen) -> bool {
    instance.phase == Phase::Ready
}
