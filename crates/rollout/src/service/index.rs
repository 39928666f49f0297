//! Who is to be dealt with next, kept up to date so that no decision looks at every instance.
//!
//! Whatever is decided follows from [`Entry`] and the target; the index only remembers it. It is
//! changed by taking out what it says about one instance, changing the instance, and putting in
//! what then holds, so that it can not drift: [`Index::of`] builds the same from nothing, and
//! small services compare the two at every step.

use std::collections::BTreeSet;

use super::{Entry, Service};
use crate::types::{InstanceId, Millis, Phase};

/// Instances by what the next step may do with them, and their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Index {
    /// Alive and not wanted: to be stopped.
    pub(super) unwanted: BTreeSet<InstanceId>,
    /// Outdated and replaced at once: not READY since the target was set, or down already.
    pub(super) at_once: BTreeSet<InstanceId>,
    /// Outdated, not READY, but READY at some time since the target was set: needs a slot.
    pub(super) in_turn: BTreeSet<InstanceId>,
    /// Outdated and READY.
    pub(super) ready_old: BTreeSet<InstanceId>,
    /// Stopping, by when the stop was decided.
    pub(super) terminating: BTreeSet<(Millis, InstanceId)>,
    /// READY, but not for `min_ready_time` yet, by since when.
    pub(super) unproved: BTreeSet<(Millis, InstanceId)>,
    /// Wanted, without a deployment, and to be started at once.
    pub(super) missing: BTreeSet<InstanceId>,
    /// Wanted, and vanished unasked, by when it may be started again.
    pub(super) delayed: BTreeSet<(Millis, InstanceId)>,
    /// READY, wanted or not.
    pub(super) ready: u32,
    /// READY and wanted.
    pub(super) available: u32,
    /// To be replaced, in any phase.
    pub(super) outdated: u32,
    /// Wanted, not to be replaced, proved, and not stopping.
    pub(super) replaced: u32,
}

/// What the index holds about one instance.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    place: Place,
    unproved: Option<Millis>,
    ready: bool,
    available: bool,
    outdated: bool,
    replaced: bool,
}

/// The set that an instance is in.
#[derive(Debug, Clone, Copy, Default)]
enum Place {
    #[default]
    Nowhere,
    Unwanted,
    AtOnce,
    InTurn,
    ReadyOld,
    Terminating(Millis),
    Missing,
    Delayed(Millis),
}

impl Index {
    /// The index of a service, from nothing; linear in its instances.
    pub(super) fn of(service: &Service) -> Self {
        let mut index = Self::default();
        let wanted = service.wanted_count();
        for id in (0..wanted).map(InstanceId) {
            index.add(id, service.facts(id));
        }
        for (id, _) in service.instances.range(InstanceId(wanted)..) {
            index.add(*id, service.facts(*id));
        }
        index
    }

    fn add(&mut self, id: InstanceId, facts: Facts) {
        match facts.place {
            Place::Nowhere => true,
            Place::Unwanted => self.unwanted.insert(id),
            Place::AtOnce => self.at_once.insert(id),
            Place::InTurn => self.in_turn.insert(id),
            Place::ReadyOld => self.ready_old.insert(id),
            Place::Terminating(since) => self.terminating.insert((since, id)),
            Place::Missing => self.missing.insert(id),
            Place::Delayed(until) => self.delayed.insert((until, id)),
        };
        if let Some(since) = facts.unproved {
            self.unproved.insert((since, id));
        }
        self.ready += u32::from(facts.ready);
        self.available += u32::from(facts.available);
        self.outdated += u32::from(facts.outdated);
        self.replaced += u32::from(facts.replaced);
    }

    fn remove(&mut self, id: InstanceId, facts: Facts) {
        match facts.place {
            Place::Nowhere => true,
            Place::Unwanted => self.unwanted.remove(&id),
            Place::AtOnce => self.at_once.remove(&id),
            Place::InTurn => self.in_turn.remove(&id),
            Place::ReadyOld => self.ready_old.remove(&id),
            Place::Terminating(since) => self.terminating.remove(&(since, id)),
            Place::Missing => self.missing.remove(&id),
            Place::Delayed(until) => self.delayed.remove(&(until, id)),
        };
        if let Some(since) = facts.unproved {
            self.unproved.remove(&(since, id));
        }
        self.ready -= u32::from(facts.ready);
        self.available -= u32::from(facts.available);
        self.outdated -= u32::from(facts.outdated);
        self.replaced -= u32::from(facts.replaced);
    }
}

impl Service {
    /// Changes what is known about one instance, and the index with it.
    pub(super) fn change<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Self) -> T) -> T {
        let facts = self.facts(id);
        self.index.remove(id, facts);
        let answer = change(self);
        let facts = self.facts(id);
        self.index.add(id, facts);
        answer
    }

    /// Builds the index anew, after a change that concerns every instance.
    pub(super) fn reindex(&mut self) {
        self.index = Index::of(self);
    }

    fn facts(&self, id: InstanceId) -> Facts {
        let wanted = self.is_wanted(id);
        let Some(entry) = self.instances.get(&id) else {
            let place = match self.setbacks.get(&id) {
                _ if !wanted => Place::Nowhere,
                Some(setback) => Place::Delayed(setback.not_before),
                None => Place::Missing,
            };
            return Facts {
                place,
                ..Facts::default()
            };
        };
        let outdated = self.is_outdated(id, &entry.shown);
        let ready = entry.shown.phase == Phase::Ready;
        let stopping = entry.shown.phase == Phase::Terminating;
        Facts {
            place: self.place(id, entry, wanted, outdated),
            unproved: entry.shown.ready_since.filter(|_| ready && !entry.proved),
            ready,
            available: ready && wanted,
            outdated,
            replaced: wanted && !outdated && !stopping && entry.proved,
        }
    }

    fn place(&self, id: InstanceId, entry: &Entry, wanted: bool, outdated: bool) -> Place {
        match entry.shown.phase {
            Phase::Terminating => Place::Terminating(entry.terminating_since),
            _ if !wanted => Place::Unwanted,
            _ if !outdated => Place::Nowhere,
            Phase::Ready => Place::ReadyOld,
            Phase::Pending | Phase::Failed => {
                if entry.served && !self.slots.contains(&id) {
                    Place::InTurn
                } else {
                    Place::AtOnce
                }
            }
        }
    }
}
