//! What an outsider writes down about one service, and judges the decider by.

use std::collections::{BTreeMap, BTreeSet};

use floe_rollout::{Command, Event, Instance, InstanceCount, InstanceId, Millis, Phase, Revision};
use floe_rollout::{Policy, Service};

/// The instances at one moment.
pub(crate) type Snapshot = BTreeMap<InstanceId, Instance>;

#[derive(Default)]
pub(crate) struct Books {
    floor: Option<u32>,
    /// READY instances that were stopped to be replaced and are not back yet.
    down: BTreeSet<InstanceId>,
    /// Since when an instance is READY.
    back_since: BTreeMap<InstanceId, Millis>,
    /// What is under way is a restart.
    restarting: bool,
    restart_before: u64,
    paused: bool,
    /// What each instance was started with last; forgotten when it is not wanted any more.
    ran: BTreeMap<InstanceId, Revision>,
}

pub(crate) fn snapshot(service: &Service) -> Snapshot {
    let instances = service.instances();
    instances
        .map(|(id, instance)| (id, instance.clone()))
        .collect()
}

fn ready(snapshot: &Snapshot) -> impl Iterator<Item = InstanceId> + '_ {
    let ready = snapshot.iter().filter(|(_, i)| i.phase == Phase::Ready);
    ready.map(|(id, _)| *id)
}

impl Books {
    fn allowed(&self, policy: &Policy, count: InstanceCount) -> u32 {
        if self.restarting {
            return (count.get() / 2).max(1);
        }
        policy.max_unavailable.get()
    }

    /// What is available or was until we stopped it, less what may be down or fail.
    fn new_floor(&self, before: &Snapshot, policy: &Policy, count: InstanceCount) -> u32 {
        let kept = ready(before).filter(|id| count.keeps(*id));
        let without_us: BTreeSet<InstanceId> = kept.chain(self.down.iter().copied()).collect();
        u32::try_from(without_us.len())
            .unwrap()
            .saturating_sub(self.allowed(policy, count) + policy.max_failures)
    }

    /// Writes down what an event means, without asking the decider; `before` is the state before.
    pub(crate) fn note(
        &mut self,
        event: Event,
        target: Option<(Revision, InstanceCount)>,
        before: &Snapshot,
        was_suspended: bool,
        policy: &Policy,
    ) {
        match event {
            Event::Suspend => self.end(0),
            Event::Target { revision, count } => {
                self.down.retain(|id| count.keeps(*id));
                self.ran.retain(|id, _| count.keeps(*id));
                if target.is_none_or(|(old, _)| old != revision) {
                    (self.restarting, self.paused) = (false, false);
                    let floor = self.new_floor(before, policy, count);
                    self.floor = (!was_suspended).then_some(floor);
                } else if target.is_some_and(|(_, old)| count < old) {
                    let floor = self.new_floor(before, policy, count);
                    self.floor = self.floor.map(|old| old.min(floor));
                }
            }
            Event::Restart { before: bound } => {
                let concerned = before.values().any(|i| i.attempt < bound);
                if let (Some((_, count)), false) = (target, was_suspended)
                    && concerned
                    && bound > self.restart_before
                {
                    self.restart_before = bound;
                    if self.floor.is_none() {
                        self.restarting = true;
                        self.floor = Some(self.new_floor(before, policy, count));
                    }
                }
            }
            Event::PauseUpgrade => self.paused = self.floor.is_some(),
            Event::ResumeUpgrade => self.paused = false,
            Event::Resume | Event::Observed { .. } | Event::Gone { .. } | Event::Tick => {}
        }
    }

    /// The partition was lowered, so that there is something to replace now.
    pub(crate) fn lowered(&mut self, now: &Snapshot, policy: &Policy, count: InstanceCount) {
        if self.floor.is_none() || self.restarting {
            self.restarting = false;
            self.floor = Some(self.new_floor(now, policy, count));
        }
    }

    pub(crate) fn restart_before(&self) -> u64 {
        self.restart_before
    }

    /// Nothing is under way any more; the deployments that were to be restarted are known still,
    /// or none are.
    fn end(&mut self, restart_before: u64) {
        *self = Self {
            back_since: std::mem::take(&mut self.back_since),
            ran: std::mem::take(&mut self.ran),
            restart_before,
            ..Self::default()
        };
    }

    /// Judges what the decider answered; `fixed` says that the partition never changed.
    pub(crate) fn judge(
        &mut self,
        (event, before, commands): (Event, &Snapshot, &[Command]),
        (service, now, fixed): (&Service, Millis, bool),
    ) {
        let after = snapshot(service);
        self.settle(&after, now, service);
        let Some((revision, count)) = service.target().filter(|_| !service.status().is_suspended)
        else {
            let started = commands.iter().any(|c| matches!(c, Command::Start { .. }));
            assert!(!started, "a suspended service is started");
            return;
        };
        // An instance whose end or readiness is this very event changed by it, not by us.
        let told = match event {
            Event::Observed { id, .. } | Event::Gone { id, .. } => Some(id),
            _ => None,
        };
        let partition = service.policy().partition;
        let mut replaced = Vec::new();
        for command in commands {
            match *command {
                Command::Stop { id, attempt } if count.keeps(id) => {
                    if before[&id].phase == Phase::Terminating || told == Some(id) {
                        continue;
                    }
                    assert!(!self.paused, "{id} was replaced in a pause");
                    assert!(
                        id.0 >= partition || attempt < self.restart_before,
                        "{id} was replaced below the partition"
                    );
                    replaced.extend(Some(id).filter(|id| before[id].phase == Phase::Ready));
                }
                Command::Stop { .. } => {}
                Command::Start {
                    id, revision: with, ..
                } => {
                    let ran = self.ran.insert(id, with);
                    if id.0 >= partition {
                        assert!(with == revision || self.paused, "{id} starts with {with}");
                    } else if fixed {
                        assert!(ran.is_none_or(|ran| ran == with), "{id} starts with {with}");
                    }
                }
            }
        }
        if service.floor().is_some() {
            self.down.extend(&replaced);
        }
        self.judge_availability(&replaced, &after, count, service.policy());
    }

    fn judge_availability(
        &self,
        replaced: &[InstanceId],
        after: &Snapshot,
        count: InstanceCount,
        policy: &Policy,
    ) {
        let allowed = self.allowed(policy, count) + policy.max_failures;
        let down = self.down.len();
        // What was down when a restart became an upgrade may come back first.
        assert!(
            replaced.is_empty() || down <= allowed as usize,
            "{:?} are down",
            self.down
        );
        assert!(replaced.is_sorted_by(|a, b| a > b), "{replaced:?}");
        if let (Some(floor), false) = (self.floor, replaced.is_empty()) {
            let left = ready(after).filter(|id| count.keeps(*id)).count();
            assert!(left >= floor as usize, "{left} left of a floor of {floor}");
        }
    }

    fn settle(&mut self, after: &Snapshot, now: Millis, service: &Service) {
        let ready: BTreeSet<InstanceId> = ready(after).collect();
        self.back_since.retain(|id, _| ready.contains(id));
        for id in ready {
            let since = *self.back_since.entry(id).or_insert(now);
            if now.since(since) >= service.policy().min_ready_time {
                self.down.remove(&id);
            }
        }
        if service.floor().is_none() {
            self.end(self.restart_before);
        }
    }
}
