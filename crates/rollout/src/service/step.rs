//! One step of the decider: from the state to the commands.

use super::{Entry, Service};
use crate::invariant::Seen;
use crate::types::{Command, Instance, InstanceId, Phase, Revision};

/// What is to be done, and how the stopped instances were before.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub(super) commands: Vec<Command>,
    pub(super) stopped: Vec<Seen>,
    /// What the started instances ran before, where it was kept in mind.
    pub(super) last: Vec<(InstanceId, Revision)>,
}

impl Service {
    /// Decides what to do now and notes that it is being done.
    pub(super) fn step(&mut self) -> Decision {
        let mut decision = Decision::default();
        self.stop_unwanted(&mut decision);
        if !self.paused {
            self.replace_broken(&mut decision);
            self.replace_ready(&mut decision);
        }
        self.start_missing(&mut decision);
        self.finish();
        decision
    }

    /// Stops what is surplus or suspended, highest id first, and asks again where a stop was
    /// asked for long ago.
    fn stop_unwanted(&mut self, decision: &mut Decision) {
        let stopping = self.index.terminating.iter();
        let overdue = stopping.take_while(|(since, _)| self.now >= self.stop_again_at(*since));
        let mut ids: Vec<InstanceId> = overdue.map(|(_, id)| *id).collect();
        ids.extend(&self.index.unwanted);
        ids.sort_unstable_by(|a, b| b.cmp(a));
        for id in ids {
            self.stop(id, decision);
        }
    }

    /// Replaces outdated instances that are not READY: they cost no availability.
    ///
    /// One that has not been READY under this target goes at once. One that was needs a slot
    /// like a READY one: its probes may fail for a moment only, and a moment in which the probes
    /// of all instances fail must not become an outage as long as all their restarts.
    fn replace_broken(&mut self, decision: &mut Decision) {
        let mut ids: Vec<InstanceId> = self.index.at_once.iter().copied().collect();
        let free = self.max_down().saturating_sub(self.slots.len());
        ids.extend(self.index.in_turn.iter().rev().take(free));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        for id in ids {
            if self.index.at_once.contains(&id) || self.take_slot(id) {
                self.stop(id, decision);
            }
        }
    }

    /// Replaces outdated READY instances, highest id first, as far as slots and floor allow.
    fn replace_ready(&mut self, decision: &mut Decision) {
        while let Some(id) = self.index.ready_old.last().copied() {
            let floor = self.floor.unwrap_or_else(|| self.present_floor());
            if self.index.available <= floor || !self.take_slot(id) {
                // The next in order has to wait, and so has everyone after it.
                return;
            }
            self.stop(id, decision);
        }
    }

    /// Starts wanted instances that do not exist, lowest id first.
    fn start_missing(&mut self, decision: &mut Decision) {
        let delayed = self.index.delayed.iter();
        let due = delayed.take_while(|(until, _)| *until <= self.now);
        let mut ids: Vec<InstanceId> = due.map(|(_, id)| *id).collect();
        ids.extend(&self.index.missing);
        ids.sort_unstable();
        for id in ids {
            self.change(id, |service| service.start(id, decision));
        }
    }

    fn start(&mut self, id: InstanceId, decision: &mut Decision) {
        let Some(revision) = self.start_revision(id) else {
            return;
        };
        let last = self.last.remove(&id);
        decision.last.extend(last.map(|last| (id, last)));
        let attempt = self.next_attempt;
        self.next_attempt += 1;
        let shown = Instance {
            revision,
            attempt,
            phase: Phase::Pending,
            ready_since: None,
        };
        let entry = Entry {
            shown,
            proved: false,
            served: false,
            terminating_since: self.now,
            asked: false,
        };
        self.instances.insert(id, entry);
        decision.commands.push(Command::Start {
            id,
            attempt,
            revision,
        });
    }

    /// Ends the upgrade when every wanted instance is replaced and nothing old is left.
    fn finish(&mut self) {
        let Some(target) = self.target else { return };
        if self.index.outdated == 0 && self.index.replaced == target.count.get() {
            self.end_work();
            if self.policy.partition == 0 {
                self.stable = Some(target.revision);
            }
        }
    }

    /// How many instances may be down by our own action.
    pub(super) fn max_down(&self) -> usize {
        let allowed = if self.restarting {
            (self.wanted_count() / 2).max(1)
        } else {
            self.policy.max_unavailable.get()
        };
        usize::try_from(allowed).unwrap_or(usize::MAX)
    }

    /// Marks an instance as down by the upgrade's own action, if one more may be.
    fn take_slot(&mut self, id: InstanceId) -> bool {
        if self.slots.contains(&id) {
            return true;
        }
        let free = self.slots.len() < self.max_down();
        free && self.change(id, |service| {
            // Whoever was passed over for a failure is waited for again.
            service.failed.remove(&id);
            service.slots.insert(id)
        })
    }

    fn stop(&mut self, id: InstanceId, decision: &mut Decision) {
        decision.stopped.extend(self.seen(id));
        self.change(id, |service| {
            let now = service.now;
            let Some(entry) = service.instances.get_mut(&id) else {
                return;
            };
            entry.shown.phase = Phase::Terminating;
            entry.shown.ready_since = None;
            entry.terminating_since = now;
            entry.asked = true;
            decision.commands.push(Command::Stop {
                id,
                attempt: entry.shown.attempt,
            });
        });
    }
}
