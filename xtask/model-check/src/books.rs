//! What an outsider writes down, and judges the decider by.
//!
//! The books know what the decider was told and what it answered, and draw conclusions of their
//! own: they never ask it.

use std::collections::{BTreeMap, BTreeSet};

use floe_rollout::{Command, InstanceId, Phase, Revision};

/// A rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// A READY instance was replaced before one with a higher id.
    Order,
    /// The upgrade itself went below its floor.
    Floor,
    /// More instances than allowed are down by the upgrade.
    TooManyDown,
    /// Two attempts of one instance are alive.
    TwoAlive,
    /// An instance was started with another revision than the target's, or is not wanted.
    WrongStart,
    /// An instance that is as it should be was stopped.
    NeedlessStop,
}

/// One instance as the outsider knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Known {
    attempt: u64,
    revision: Revision,
    phase: Phase,
}

/// The books of one service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Books {
    known: BTreeMap<InstanceId, Known>,
    revision: Revision,
    count: u32,
    max_unavailable: u32,
    floor: Option<u32>,
    /// READY instances that were stopped to be replaced and are not READY again.
    down: BTreeSet<InstanceId>,
}

impl Books {
    /// Books of a service that is to have `count` instances and has none.
    #[must_use]
    pub fn new(revision: Revision, count: u32, max_unavailable: u32) -> Self {
        Self {
            known: BTreeMap::new(),
            revision,
            count,
            max_unavailable,
            floor: None,
            down: BTreeSet::new(),
        }
    }

    /// What the service is to run.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The user wants another revision.
    pub fn target(&mut self, revision: Revision) {
        self.revision = revision;
        let down = self.down.len() as u32;
        let without_us = self.available() + down;
        self.floor = Some(without_us.saturating_sub(self.max_unavailable));
    }

    /// The controller started again and knows of no instance.
    pub fn restarted(&mut self) {
        *self = Self::new(self.revision, self.count, self.max_unavailable);
    }

    /// The decider was told the phase of an attempt.
    pub fn observed(&mut self, id: InstanceId, attempt: u64, phase: Phase) {
        let Some(known) = self.known.get_mut(&id) else {
            return;
        };
        if known.attempt != attempt || known.phase == Phase::Terminating {
            return;
        }
        known.phase = phase;
        if phase == Phase::Ready {
            self.down.remove(&id);
        }
    }

    /// The decider was told that an attempt is gone.
    pub fn gone(&mut self, id: InstanceId, attempt: u64) {
        if self
            .known
            .get(&id)
            .is_some_and(|known| known.attempt == attempt)
        {
            self.known.remove(&id);
        }
    }

    /// Judges what the decider answered, and writes it down.
    pub fn answered(&mut self, commands: &[Command]) -> Option<Broken> {
        let mut broken = None;
        let mut stopped = Vec::new();
        for command in commands {
            let verdict = match *command {
                Command::Stop { id, attempt } => self.stops(id, attempt, &mut stopped),
                Command::Start {
                    id,
                    attempt,
                    revision,
                } => self.starts(id, attempt, revision),
            };
            broken = broken.or(verdict);
        }
        broken.or_else(|| self.judge(&stopped))
    }

    fn stops(
        &mut self,
        id: InstanceId,
        attempt: u64,
        ready: &mut Vec<InstanceId>,
    ) -> Option<Broken> {
        let revision = self.revision;
        let known = self
            .known
            .get_mut(&id)
            .filter(|known| known.attempt == attempt);
        let Some(known) = known else {
            return Some(Broken::NeedlessStop);
        };
        let before = std::mem::replace(&mut known.phase, Phase::Terminating);
        if before == Phase::Ready {
            ready.push(id);
            self.down.insert(id);
        }
        let needless = before != Phase::Terminating && known.revision == revision;
        needless.then_some(Broken::NeedlessStop)
    }

    fn starts(&mut self, id: InstanceId, attempt: u64, revision: Revision) -> Option<Broken> {
        let phase = Phase::Pending;
        let started = Known {
            attempt,
            revision,
            phase,
        };
        if self.known.insert(id, started).is_some() {
            return Some(Broken::TwoAlive);
        }
        let wrong = revision != self.revision || id.0 >= self.count;
        wrong.then_some(Broken::WrongStart)
    }

    /// READY instances were stopped: was it their turn, and is enough left?
    fn judge(&self, stopped: &[InstanceId]) -> Option<Broken> {
        let lowest = stopped.iter().min()?;
        let waiting = self
            .known
            .iter()
            .rev()
            .find(|(_, known)| known.phase == Phase::Ready && known.revision != self.revision);
        if waiting.is_some_and(|(first, _)| first > lowest) {
            return Some(Broken::Order);
        }
        if self.down.len() as u32 > self.max_unavailable {
            return Some(Broken::TooManyDown);
        }
        let floor = self.floor.unwrap_or(0);
        (self.available() < floor).then_some(Broken::Floor)
    }

    fn available(&self) -> u32 {
        let ready = self
            .known
            .values()
            .filter(|known| known.phase == Phase::Ready);
        ready.count() as u32
    }

    /// All attempts that are written down.
    pub fn attempts(&self) -> impl Iterator<Item = u64> + '_ {
        self.known.values().map(|known| known.attempt)
    }

    /// The same with other attempt numbers.
    pub fn renumber(&mut self, attempt: impl Fn(u64) -> u64) {
        for known in self.known.values_mut() {
            known.attempt = attempt(known.attempt);
        }
    }
}
