//! The decider: the state of one service, and what to do about it next.

mod audit;
mod index;
mod news;
mod renumber;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::invariant::View;
use crate::policy::Policy;
use crate::types::{Command, Event, Instance, InstanceCount, InstanceId, Millis, Phase, Revision};
use index::Index;

/// How much longer than the grace a stop may take before it is asked for again.
const STOP_MARGIN: Duration = Duration::from_secs(5);

/// One service: its target, its instances, and the upgrade under way.
///
/// Feed it with [`Service::decide`]; execute what it answers. It may be told the same thing
/// twice, late, or in any order: attempt numbers say which deployment an event is about.
///
/// ```
/// use floe_rollout::{Event, InstanceCount, Millis, Policy, Revision, Service};
///
/// let mut service = Service::new(Policy::default());
/// let event = Event::target(Revision(1), InstanceCount::new(1)?);
/// assert_eq!(service.decide(event, Millis(0)).len(), 1);
/// assert!(service.decide(event, Millis(1)).is_empty(), "repeating it changes nothing");
/// # Ok::<(), floe_rollout::RolloutError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Service {
    policy: Policy,
    target: Option<Target>,
    suspended: bool,
    instances: BTreeMap<InstanceId, Entry>,
    /// Instances that vanished unasked, and when they may start again.
    setbacks: BTreeMap<InstanceId, Setback>,
    /// Instances that the upgrade took down and that are not back for `min_ready_time` yet.
    slots: BTreeSet<InstanceId>,
    /// Instances of the new revision that failed and are waited for no longer.
    failed: BTreeSet<InstanceId>,
    /// How many instances must stay available; `Some` exactly while an upgrade or a restart is
    /// under way.
    floor: Option<u32>,
    /// What is under way is a restart and no upgrade.
    restarting: bool,
    /// Deployments with a number below it are to be replaced.
    restart_before: u64,
    paused: bool,
    /// When the upgrade began, went on, or last proved an instance.
    progress: Millis,
    /// The revision that all instances had last: what those below the partition keep, and where a
    /// rollback leads.
    stable: Option<Revision>,
    /// What instances that are gone ran, where they are to come back with it.
    last: BTreeMap<InstanceId, Revision>,
    next_attempt: u64,
    /// Who is to be dealt with next; follows from all of the above.
    index: Index,
    /// The latest moment that the decider was told; its time never runs backwards.
    now: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Target {
    revision: Revision,
    count: InstanceCount,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entry {
    shown: Instance,
    /// It has been READY for `min_ready_time` once.
    proved: bool,
    /// It has been READY since the present target was set.
    served: bool,
    /// When it was last told to stop, or seen terminating by itself.
    terminating_since: Millis,
    /// Its end was asked for.
    asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Setback {
    failures: u32,
    not_before: Millis,
}

/// The service in numbers, as `SHOW SERVICES` wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Instances that are READY, also surplus ones that still serve.
    pub ready: u32,
    /// Instances that exist in any phase.
    pub current: u32,
    /// Instances that are to exist; 0 while suspended.
    pub target: u32,
    /// Existing instances that are still to be replaced.
    pub outdated: u32,
    /// Wanted instances that are not to be replaced, have been READY for `min_ready_time` once, and
    /// are not stopping. When it reaches `target` and nothing is outdated, an upgrade is over.
    pub proved: u32,
    /// Whether `ready` reaches `min_ready_instances`, so that requests are served.
    pub is_ready: bool,
    /// Whether an upgrade is under way.
    pub is_upgrading: bool,
    /// Whether a restart of the same revision is under way.
    pub is_restarting: bool,
    /// Whether the upgrade or restart is paused.
    pub is_paused: bool,
    /// Whether the upgrade or restart has proved no instance for `progress_deadline`.
    pub is_stalled: bool,
    /// Replaced instances that failed and are waited for no longer.
    pub failed: u32,
    /// Whether the service is suspended, or on its way there.
    pub is_suspended: bool,
}

impl Service {
    /// A service without a target and without instances.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).status().target, 0);
    /// ```
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::continuing(policy, 1)
    }

    /// A service whose attempt numbers go on at `next_attempt`, for a controller that restarted:
    /// store [`Service::next_attempt`], so that news about deployments of an earlier run are
    /// never taken for news about a new one.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::continuing(Policy::default(), 40).next_attempt(), 40);
    /// ```
    #[must_use]
    pub fn continuing(policy: Policy, next_attempt: u64) -> Self {
        Self {
            policy,
            target: None,
            suspended: false,
            instances: BTreeMap::new(),
            setbacks: BTreeMap::new(),
            slots: BTreeSet::new(),
            failed: BTreeSet::new(),
            floor: None,
            restarting: false,
            restart_before: 0,
            paused: false,
            progress: Millis(0),
            stable: None,
            last: BTreeMap::new(),
            next_attempt: next_attempt.max(1),
            index: Index::default(),
            now: Millis(0),
        }
    }

    /// Takes in one event and answers what to do now, in this order: stops, then starts.
    ///
    /// Deterministic: the same service told the same things gives the same commands. An event
    /// about a deployment that is not the current one of its instance is ignored. Time that runs
    /// backwards is taken as standing still.
    ///
    /// # Panics
    ///
    /// When the decision breaks a rule of [`invariant`](crate::invariant): a bug in this crate.
    ///
    /// ```
    /// use floe_rollout::{Command, Event, InstanceCount, InstanceId, Millis, Policy};
    /// use floe_rollout::{Revision, Service};
    ///
    /// let mut service = Service::new(Policy::default());
    /// let target = Event::target(Revision(5), InstanceCount::new(1)?);
    /// let start = Command::Start { id: InstanceId(0), attempt: 1, revision: Revision(5) };
    /// assert_eq!(service.decide(target, Millis(0)), [start]);
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use = "the commands are to be executed; the decider counts on it"]
    pub fn decide(&mut self, event: Event, now: Millis) -> Vec<Command> {
        self.now = self.now.max(now);
        self.apply(event);
        self.settle();
        let before = self.audit();
        let decision = self.step();
        self.assert_rules(event, &before, &decision);
        decision.commands
    }

    /// When the decider wants to be called with [`Event::Tick`], if nothing happens before.
    ///
    /// ```
    /// use floe_rollout::{Command, Event, InstanceCount, InstanceId, Millis, Policy};
    /// use floe_rollout::{Revision, Service};
    ///
    /// let mut service = Service::new(Policy::default());
    /// let target = Event::target(Revision(1), InstanceCount::new(1)?);
    /// assert_eq!(service.decide(target, Millis(0)).len(), 1);
    /// assert_eq!(service.next_wakeup(), None);
    ///
    /// assert_eq!(service.decide(Event::Suspend, Millis(0)).len(), 1);
    /// assert_eq!(service.next_wakeup(), Some(Millis(35_000)), "the stop is asked for again");
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Millis> {
        let index = &self.index;
        let stop_again = index
            .terminating
            .first()
            .map(|(since, _)| self.stop_again_at(*since));
        let settled = |(since, _): &(Millis, InstanceId)| since.plus(self.policy.min_ready_time);
        let proved = index.unproved.first().map(settled);
        let start = index.delayed.first().map(|(until, _)| *until);
        let stalls = self.stalls_at().filter(|at| *at > self.now);
        [stop_again, proved, start, stalls]
            .into_iter()
            .flatten()
            .min()
    }

    /// The revision that a stalled upgrade is to be rolled back to, when the policy says
    /// `auto_rollback`: the one that all instances had last. The decider does not turn back by
    /// itself, so that the caller can write it down first and then send [`Event::Target`].
    ///
    /// A rollback that stalls is not rolled back.
    ///
    /// ```
    /// use floe_rollout::{Event, InstanceCount, InstanceId, Millis, Phase, Policy};
    /// use floe_rollout::{Revision, Service};
    /// use std::time::Duration;
    ///
    /// let progress_deadline = Some(Duration::from_secs(600));
    /// let policy = Policy { progress_deadline, auto_rollback: true, ..Policy::default() };
    /// let mut service = Service::new(policy);
    /// let one = InstanceCount::new(1)?;
    /// assert_eq!(service.decide(Event::target(Revision(1), one), Millis(0)).len(), 1);
    /// let ready = Event::Observed { id: InstanceId(0), attempt: 1, phase: Phase::Ready };
    /// assert!(service.decide(ready, Millis(0)).is_empty());
    ///
    /// assert_eq!(service.decide(Event::target(Revision(2), one), Millis(1_000)).len(), 1);
    /// assert_eq!(service.rollback_due(), None);
    /// let gone = Event::Gone { id: InstanceId(0), attempt: 1 };
    /// assert_eq!(service.decide(gone, Millis(2_000)).len(), 1);
    /// assert_eq!(service.next_wakeup(), Some(Millis(601_000)));
    /// assert!(service.decide(Event::Tick, Millis(601_000)).is_empty());
    /// assert!(service.status().is_stalled);
    /// assert_eq!(service.rollback_due(), Some(Revision(1)));
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn rollback_due(&self) -> Option<Revision> {
        let due = self.policy.auto_rollback && !self.restarting && self.status().is_stalled;
        let target = self.target.map(|target| target.revision);
        self.stable.filter(|stable| due && Some(*stable) != target)
    }

    /// The revision that all instances ran last, each of them proved; where a rollback leads. The
    /// first target counts as such from the beginning: there is nothing else to go back to.
    ///
    /// ```
    /// use floe_rollout::{Event, InstanceCount, InstanceId, Millis, Phase, Policy};
    /// use floe_rollout::{Revision, Service};
    ///
    /// let mut service = Service::new(Policy::default());
    /// assert_eq!(service.stable(), None);
    /// let one = InstanceCount::new(1)?;
    /// assert_eq!(service.decide(Event::target(Revision(7), one), Millis(0)).len(), 1);
    /// let ready = Event::Observed { id: InstanceId(0), attempt: 1, phase: Phase::Ready };
    /// assert!(service.decide(ready, Millis(0)).is_empty());
    ///
    /// assert_eq!(service.decide(Event::target(Revision(8), one), Millis(0)).len(), 1);
    /// assert_eq!(service.stable(), Some(Revision(7)), "until every instance runs 8");
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn stable(&self) -> Option<Revision> {
        self.stable
    }

    /// Whether an upgrade is under way: until every wanted instance runs the desired revision,
    /// has been READY for `min_ready_time`, and nothing of an older revision is left.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert!(!Service::new(Policy::default()).is_upgrading());
    /// ```
    #[must_use]
    pub fn is_upgrading(&self) -> bool {
        self.floor.is_some() && !self.restarting
    }

    /// How many instances stay available during the present upgrade or restart as far as its own
    /// action is concerned; `None` when none is under way.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).floor(), None);
    /// ```
    #[must_use]
    pub fn floor(&self) -> Option<u32> {
        self.floor
    }

    /// The service in numbers.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// let status = Service::new(Policy::default()).status();
    /// assert_eq!((status.ready, status.current, status.is_ready), (0, 0, false));
    /// ```
    #[must_use]
    pub fn status(&self) -> Status {
        let ready = self.index.ready;
        Status {
            ready,
            current: u32::try_from(self.instances.len()).unwrap_or(u32::MAX),
            target: self.wanted_count(),
            outdated: self.index.outdated,
            proved: self.index.replaced,
            is_ready: !self.suspended && ready >= self.policy.min_ready_instances,
            is_upgrading: self.is_upgrading(),
            is_restarting: self.restarting,
            is_paused: self.paused,
            is_stalled: self.stalls_at().is_some_and(|at| at <= self.now),
            failed: u32::try_from(self.failed.len()).unwrap_or(u32::MAX),
            is_suspended: self.suspended,
        }
    }

    /// One instance, if it exists.
    ///
    /// ```
    /// use floe_rollout::{Event, InstanceCount, InstanceId, Millis, Phase, Policy};
    /// use floe_rollout::{Revision, Service};
    ///
    /// let mut service = Service::new(Policy::default());
    /// let target = Event::target(Revision(1), InstanceCount::new(1)?);
    /// assert_eq!(service.decide(target, Millis(0)).len(), 1);
    /// let phase = |id| service.instance(InstanceId(id)).map(|instance| instance.phase);
    /// assert_eq!(phase(0), Some(Phase::Pending));
    /// assert_eq!(phase(1), None);
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.get(&id).map(|entry| &entry.shown)
    }

    /// The instances that exist, ascending by id.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).instances().count(), 0);
    /// ```
    pub fn instances(&self) -> impl Iterator<Item = (InstanceId, &Instance)> {
        self.instances.iter().map(|(id, entry)| (*id, &entry.shown))
    }

    /// The desired revision and number of instances, also while suspended.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).target(), None);
    /// ```
    #[must_use]
    pub fn target(&self) -> Option<(Revision, InstanceCount)> {
        self.target.map(|target| (target.revision, target.count))
    }

    /// The number of the next deployment; above every number given out so far.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).next_attempt(), 1);
    /// ```
    #[must_use]
    pub fn next_attempt(&self) -> u64 {
        self.next_attempt
    }

    /// How careful upgrades of this service are.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).policy(), &Policy::default());
    /// ```
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Replaces the policy; it holds from the next [`Service::decide`] on. The floor of an
    /// upgrade under way stays. A lower `partition` begins an upgrade when there is something to
    /// replace now.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// let mut service = Service::new(Policy::default());
    /// service.set_policy(Policy { min_ready_instances: 3, ..Policy::default() });
    /// assert_eq!(service.policy().min_ready_instances, 3);
    /// ```
    pub fn set_policy(&mut self, policy: Policy) {
        let partition = std::mem::replace(&mut self.policy, policy).partition;
        self.take_back_failures();
        if self.policy.partition == partition {
            return;
        }
        self.reindex();
        let lowered = self.policy.partition < partition && !self.suspended;
        if lowered && self.index.outdated > 0 && (self.floor.is_none() || self.restarting) {
            self.restarting = false;
            self.progress = self.now;
            self.floor = Some(self.present_floor());
        }
    }

    /// The state as the predicates of [`invariant`](crate::invariant) see it.
    ///
    /// ```
    /// use floe_rollout::{Policy, Service};
    /// assert_eq!(Service::new(Policy::default()).view().max_unavailable, 1);
    /// ```
    #[must_use]
    pub fn view(&self) -> View {
        View {
            instances: self
                .instances
                .keys()
                .filter_map(|id| self.seen(*id))
                .collect(),
            slots: self.slots.iter().copied().collect(),
            last: self.last.iter().map(|(id, last)| (*id, *last)).collect(),
            ..self.bare_view()
        }
    }

    /// The latest moment that the decider was told.
    pub(crate) fn now(&self) -> Millis {
        self.now
    }

    // === questions ===

    fn is_wanted(&self, id: InstanceId) -> bool {
        id.0 < self.wanted_count()
    }

    fn is_outdated(&self, id: InstanceId, instance: &Instance) -> bool {
        let desired = self.target.map(|target| target.revision);
        let upgraded = id.0 >= self.policy.partition && desired != Some(instance.revision);
        upgraded || instance.attempt < self.restart_before
    }

    /// What a wanted instance that does not exist is started with.
    fn start_revision(&self, id: InstanceId) -> Option<Revision> {
        let desired = self.target.map(|target| target.revision);
        let last = || self.last.get(&id).copied();
        if id.0 < self.policy.partition {
            last().or(self.stable).or(desired)
        } else if self.paused {
            last().or(desired)
        } else {
            desired
        }
    }

    /// When what is under way will have proved nothing for too long.
    fn stalls_at(&self) -> Option<Millis> {
        let deadline = self.policy.progress_deadline;
        let deadline = deadline.filter(|_| self.floor.is_some() && !self.paused)?;
        Some(self.progress.plus(deadline))
    }

    fn is_ready(&self, id: InstanceId) -> bool {
        self.instances
            .get(&id)
            .is_some_and(|entry| entry.shown.phase == Phase::Ready)
    }

    /// How many instances there are to be now; the wanted ones have the ids below it.
    fn wanted_count(&self) -> u32 {
        let target = self.target.filter(|_| !self.suspended);
        target.map_or(0, |target| target.count.get())
    }

    fn stop_again_at(&self, terminating_since: Millis) -> Millis {
        terminating_since.plus(self.policy.grace).plus(STOP_MARGIN)
    }
}
