//! One step of the decider: from the state to the commands.

use super::{Entry, Service};
use crate::types::{Command, Instance, InstanceId, Phase};

impl Service {
    /// Decides what to do now and notes that it is being done.
    pub(super) fn step(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        self.stop_unwanted(&mut commands);
        self.replace_broken(&mut commands);
        self.replace_ready(&mut commands);
        self.start_missing(&mut commands);
        self.finish();
        commands
    }

    /// Stops what is surplus or suspended, highest id first, and asks again where a stop was
    /// asked for long ago.
    fn stop_unwanted(&mut self, commands: &mut Vec<Command>) {
        for id in self.ids_descending(|_| true) {
            let Some(entry) = self.instances.get(&id) else {
                continue;
            };
            let terminating = entry.shown.phase == Phase::Terminating;
            let overdue = terminating && self.now >= self.stop_again_at(entry);
            if overdue || (!terminating && !self.is_wanted(id)) {
                self.stop(id, commands);
            }
        }
    }

    /// Replaces outdated instances that are not READY: they cost no availability.
    ///
    /// One that has not been READY under this target goes at once. One that was needs a slot
    /// like a READY one: its probes may fail for a moment only, and a moment in which the probes
    /// of all instances fail must not become an outage as long as all their restarts.
    fn replace_broken(&mut self, commands: &mut Vec<Command>) {
        for id in self.outdated_descending() {
            let Some(entry) = self.instances.get(&id) else {
                continue;
            };
            if entry.shown.phase == Phase::Ready {
                continue;
            }
            if !entry.served || self.take_slot(id) {
                self.stop(id, commands);
            }
        }
    }

    /// Replaces outdated READY instances, highest id first, as far as slots and floor allow.
    fn replace_ready(&mut self, commands: &mut Vec<Command>) {
        for id in self.outdated_descending() {
            if !self.is_ready(id) {
                continue;
            }
            let floor = self.floor.unwrap_or_else(|| self.present_floor());
            if self.available() <= floor || !self.take_slot(id) {
                // The next in order has to wait, and so has everyone after it.
                return;
            }
            self.stop(id, commands);
        }
    }

    /// Starts wanted instances that do not exist, lowest id first.
    fn start_missing(&mut self, commands: &mut Vec<Command>) {
        let Some(target) = self.target.filter(|_| !self.suspended) else {
            return;
        };
        for id in (0..target.count.get()).map(InstanceId) {
            let waits = self
                .setbacks
                .get(&id)
                .is_some_and(|s| s.not_before > self.now);
            if waits || self.instances.contains_key(&id) {
                continue;
            }
            let attempt = self.next_attempt;
            self.next_attempt += 1;
            let revision = target.revision;
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
            commands.push(Command::Start {
                id,
                attempt,
                revision,
            });
        }
    }

    /// Ends the upgrade when every wanted instance is replaced and nothing old is left.
    fn finish(&mut self) {
        let Some(target) = self.target else { return };
        let replaced = |id: InstanceId| {
            self.instances.get(&id).is_some_and(|entry| {
                entry.proved
                    && entry.shown.phase != Phase::Terminating
                    && entry.shown.revision == target.revision
            })
        };
        let none_old = self
            .instances
            .values()
            .all(|entry| !self.is_outdated(&entry.shown));
        if none_old && (0..target.count.get()).map(InstanceId).all(replaced) {
            self.floor = None;
            self.slots.clear();
        }
    }

    /// Marks an instance as down by the upgrade's own action, if one more may be.
    fn take_slot(&mut self, id: InstanceId) -> bool {
        let max = usize::try_from(self.policy.max_unavailable.get()).unwrap_or(usize::MAX);
        if self.slots.contains(&id) {
            return true;
        }
        self.slots.len() < max && self.slots.insert(id)
    }

    fn stop(&mut self, id: InstanceId, commands: &mut Vec<Command>) {
        let Some(entry) = self.instances.get_mut(&id) else {
            return;
        };
        entry.shown.phase = Phase::Terminating;
        entry.shown.ready_since = None;
        entry.terminating_since = self.now;
        entry.asked = true;
        commands.push(Command::Stop {
            id,
            attempt: entry.shown.attempt,
        });
    }

    /// Wanted outdated instances that were not told to stop yet, highest id first.
    fn outdated_descending(&self) -> Vec<InstanceId> {
        self.ids_descending(|entry| {
            self.is_outdated(&entry.shown) && entry.shown.phase != Phase::Terminating
        })
        .into_iter()
        .filter(|id| self.is_wanted(*id))
        .collect()
    }

    fn ids_descending(&self, keep: impl Fn(&Entry) -> bool) -> Vec<InstanceId> {
        let kept = self.instances.iter().rev().filter(|(_, entry)| keep(entry));
        kept.map(|(id, _)| *id).collect()
    }
}
