//! What an event does to the state, before anything is decided about it.

use std::time::Duration;

use super::{Entry, Service, Setback, Target};
use crate::types::{Event, InstanceId, Phase};

/// The delay before the second restart of an instance that keeps vanishing; it doubles from
/// there. The figures are those of Kubernetes' back-off for crashing containers.
const FIRST_RESTART_DELAY: Duration = Duration::from_secs(10);

/// The longest delay between two restarts of an instance that keeps vanishing.
const MAX_RESTART_DELAY: Duration = Duration::from_secs(300);

/// After so long in READY, an instance that vanishes is treated as if it never had before.
const STEADY_AFTER: Duration = Duration::from_secs(600);

impl Service {
    pub(super) fn apply(&mut self, event: Event) {
        match event {
            Event::Target { revision, count } => self.aim(Target { revision, count }),
            Event::Suspend => self.suspend(),
            Event::Resume => {
                self.suspended = false;
                self.reindex();
            }
            Event::PauseUpgrade => self.paused = self.floor.is_some(),
            Event::ResumeUpgrade => {
                self.progress = if self.paused { self.now } else { self.progress };
                self.paused = false;
            }
            Event::Restart { before } => self.restart(before),
            Event::Observed { id, attempt, phase } => {
                self.change(id, |service| service.observe(id, attempt, phase));
            }
            Event::Gone { id, attempt } => {
                self.change(id, |service| service.forget(id, attempt));
            }
            Event::Tick => {}
        }
    }

    fn suspend(&mut self) {
        self.suspended = true;
        self.end_work();
        self.restart_before = 0;
        self.setbacks.clear();
        self.reindex();
    }

    fn aim(&mut self, target: Target) {
        let previous = self.target.replace(target);
        if previous == Some(target) {
            return;
        }
        self.stable.get_or_insert(target.revision);
        self.slots.retain(|id| target.count.keeps(*id));
        self.failed.retain(|id| target.count.keeps(*id));
        self.setbacks.retain(|id, _| target.count.keeps(*id));
        self.last.retain(|id, _| target.count.keeps(*id));
        if previous.is_none_or(|previous| previous.revision != target.revision) {
            self.restarting = false;
            self.paused = false;
            self.begin();
            return;
        }
        self.reindex();
        if previous.is_some_and(|previous| target.count < previous.count) {
            // Instances that are removed can no longer count towards the floor.
            let floor = self.present_floor();
            self.floor = self.floor.map(|previous| previous.min(floor));
        }
    }

    fn restart(&mut self, before: u64) {
        let before = before.min(self.next_attempt);
        let concerned = |entry: &Entry| entry.shown.attempt < before;
        let any = before > self.restart_before && self.instances.values().any(concerned);
        if self.suspended || !any {
            return;
        }
        self.restart_before = before;
        if self.floor.is_none() {
            self.restarting = true;
            self.begin();
        } else {
            self.reindex();
        }
    }

    /// Begins an upgrade or a restart.
    fn begin(&mut self) {
        self.setbacks.clear();
        for entry in self.instances.values_mut() {
            entry.served = entry.shown.phase == Phase::Ready;
        }
        self.reindex();
        self.progress = self.now;
        // A service that is suspended has nothing to keep available.
        let works = !self.suspended && !self.instances.is_empty();
        self.floor = works.then(|| self.present_floor());
    }

    /// What is under way is done with, or given up.
    pub(super) fn end_work(&mut self) {
        self.floor = None;
        self.slots.clear();
        self.failed.clear();
        self.restarting = false;
        self.paused = false;
    }

    /// What would be available without the upgrade's own action, less what it may take down.
    ///
    /// Counting the instances that an upgrade has down already is what keeps one target after
    /// another from taking down one more instance each.
    pub(super) fn present_floor(&self) -> u32 {
        let ours = self.slots.iter().chain(&self.failed);
        let down = ours.filter(|id| !self.is_ready(**id)).count();
        let down = u32::try_from(down).unwrap_or(u32::MAX);
        let without_us = self.index.available.saturating_add(down);
        let allowed = u32::try_from(self.max_down()).unwrap_or(u32::MAX);
        without_us
            .saturating_sub(allowed)
            .saturating_sub(self.policy.max_failures)
    }

    /// Waits for an instance of the new revision no longer, if so many may fail.
    fn give_up(&mut self, id: InstanceId) {
        let most = usize::try_from(self.policy.max_failures).unwrap_or(usize::MAX);
        if self.failed.len() < most && self.slots.remove(&id) {
            self.failed.insert(id);
        }
    }

    /// Waits for them again when fewer may fail than did.
    pub(super) fn take_back_failures(&mut self) {
        let most = usize::try_from(self.policy.max_failures).unwrap_or(usize::MAX);
        while self.failed.len() > most {
            let Some(id) = self.failed.first().copied() else {
                return;
            };
            self.change(id, |service| {
                service.failed.remove(&id);
                service.slots.insert(id);
            });
        }
    }

    fn observe(&mut self, id: InstanceId, attempt: u64, phase: Phase) {
        let now = self.now;
        let Some(entry) = self.instances.get_mut(&id) else {
            return;
        };
        // An instance that was told to stop no longer serves, whatever its probes still say.
        if entry.shown.attempt != attempt || entry.shown.phase == Phase::Terminating {
            return;
        }
        match phase {
            Phase::Ready => {
                entry.shown.ready_since.get_or_insert(now);
                entry.served = true;
            }
            Phase::Pending | Phase::Failed => entry.shown.ready_since = None,
            Phase::Terminating => entry.terminating_since = now,
        }
        entry.shown.phase = phase;
        let revision = entry.shown.revision;
        if phase == Phase::Failed && self.target.is_some_and(|t| t.revision == revision) {
            self.give_up(id);
        }
    }

    fn forget(&mut self, id: InstanceId, attempt: u64) {
        let current = self
            .instances
            .get(&id)
            .is_some_and(|e| e.shown.attempt == attempt);
        if !current {
            return;
        }
        let Some(entry) = self.instances.remove(&id) else {
            return;
        };
        if !entry.asked || id.0 < self.policy.partition {
            self.last.insert(id, entry.shown.revision);
        }
        if entry.asked || !self.is_wanted(id) {
            return;
        }
        if self
            .target
            .is_some_and(|target| target.revision == entry.shown.revision)
        {
            self.give_up(id);
        }
        let steady = entry
            .shown
            .ready_since
            .is_some_and(|at| self.now.since(at) >= STEADY_AFTER);
        let earlier = self
            .setbacks
            .get(&id)
            .filter(|_| !steady)
            .map_or(0, |s| s.failures);
        let failures = earlier.saturating_add(1);
        let not_before = self.now.plus(restart_delay(failures));
        self.setbacks.insert(
            id,
            Setback {
                failures,
                not_before,
            },
        );
    }

    /// Frees the slots of instances that are back for long enough.
    pub(super) fn settle(&mut self) {
        while let Some((since, id)) = self.index.unproved.first().copied() {
            if self.now.since(since) < self.policy.min_ready_time {
                return;
            }
            self.change(id, |service| {
                if let Some(entry) = service.instances.get_mut(&id) {
                    entry.proved = true;
                }
                service.slots.remove(&id);
                service.failed.remove(&id);
            });
            self.progress = self.now;
        }
    }
}

/// How long to wait after so many unasked ends in a row: not at all after the first one.
fn restart_delay(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(2) else {
        return Duration::ZERO;
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    FIRST_RESTART_DELAY
        .saturating_mul(factor)
        .min(MAX_RESTART_DELAY)
}
