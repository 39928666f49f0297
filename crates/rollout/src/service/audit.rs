//! How `decide` holds itself to [`invariant`](crate::invariant) without looking at every
//! instance.
//!
//! The predicates are the same for a view of everything and for a view that lists only the
//! instances that the commands name and says the [`Rest`] in numbers. Small services are looked at
//! as a whole at every step, their index included; large ones only where debug assertions are on.

use super::index::Index;
use super::step::Decision;
use super::{Entry, Service};
use crate::invariant::{self, Rest, Seen, View};
use crate::types::{Command, Event, InstanceId, Phase};

/// Services of up to so many instances are checked as a whole at every step, in every build.
const CHECKED_WHOLE: usize = 16;

/// What is remembered of the state before a step.
#[derive(Debug)]
pub(super) enum Before {
    Whole(View),
    Part(View),
}

impl Service {
    pub(super) fn audit(&self) -> Before {
        if cfg!(debug_assertions) || self.instances.len() <= CHECKED_WHOLE {
            return Before::Whole(self.view());
        }
        let rest = Rest {
            available: self.index.available,
            slots: self.slots.len(),
            highest_attempt: self.next_attempt - 1,
            first_waiting: None,
        };
        Before::Part(View {
            rest,
            ..self.bare_view()
        })
    }

    /// # Panics
    ///
    /// When the step broke a rule, or the index is not what follows from the instances.
    pub(super) fn assert_rules(&self, event: Event, before: &Before, decision: &Decision) {
        let commands = &decision.commands;
        let (before, after) = match before {
            Before::Whole(before) => {
                let index = Index::of(self);
                assert!(
                    self.index == index,
                    "after {event:?} the index is {:?} and not {index:?}",
                    self.index
                );
                (before.clone(), self.view())
            }
            // Nothing was decided, so nothing changed but that an upgrade may have ended.
            Before::Part(_) if commands.is_empty() => return,
            Before::Part(before) => (listing(before, decision), self.part(commands)),
        };
        let verdict = invariant::check(&before, commands, &after);
        assert!(
            verdict.is_ok(),
            "{verdict:?} after {event:?}: {commands:?} from {before:?}"
        );
    }

    /// The state in numbers, without any instance.
    pub(super) fn bare_view(&self) -> View {
        View {
            desired: self.target.map(|target| target.revision),
            count: self.target.map_or(0, |target| target.count.get()),
            suspended: self.suspended,
            floor: self.floor,
            max_unavailable: self.policy.max_unavailable.get(),
            partition: self.policy.partition,
            stable: self.stable,
            restarting: self.restarting,
            restart_before: self.restart_before,
            paused: self.paused,
            failed: self.failed.len(),
            max_failures: self.policy.max_failures,
            ..View::default()
        }
    }

    pub(super) fn seen(&self, id: InstanceId) -> Option<Seen> {
        self.instances.get(&id).map(|entry| see(id, entry))
    }

    /// The state with the instances that these commands name, and the rest in numbers.
    fn part(&self, commands: &[Command]) -> View {
        let ids = commands.iter().map(|command| match command {
            Command::Start { id, .. } | Command::Stop { id, .. } => *id,
        });
        let mut ids: Vec<InstanceId> = ids.collect();
        ids.sort_unstable();
        let instances: Vec<Seen> = ids.iter().filter_map(|id| self.seen(*id)).collect();
        let slots = ids.iter().filter(|id| self.slots.contains(id)).copied();
        let slots: Vec<InstanceId> = slots.collect();
        let view = self.bare_view();
        let rest = Rest {
            available: self
                .index
                .available
                .saturating_sub(listed_ready(&view, &instances)),
            slots: self.slots.len().saturating_sub(slots.len()),
            highest_attempt: self.next_attempt - 1,
            first_waiting: self.index.ready_old.last().copied(),
        };
        View {
            instances,
            slots,
            rest,
            ..view
        }
    }
}

fn see(id: InstanceId, entry: &Entry) -> Seen {
    Seen {
        id,
        revision: entry.shown.revision,
        attempt: entry.shown.attempt,
        phase: entry.shown.phase,
    }
}

/// The state before, with the instances that the decision stopped.
fn listing(before: &View, decision: &Decision) -> View {
    let mut instances = decision.stopped.clone();
    instances.sort_unstable_by_key(|instance| instance.id);
    let mut view = before.clone();
    let listed = listed_ready(&view, &instances);
    view.rest.available = view.rest.available.saturating_sub(listed);
    view.instances = instances;
    view.last.clone_from(&decision.last);
    view
}

fn listed_ready(view: &View, instances: &[Seen]) -> u32 {
    let wanted = |id: InstanceId| !view.suspended && id.0 < view.count;
    let ready = instances
        .iter()
        .filter(|seen| seen.phase == Phase::Ready && wanted(seen.id));
    u32::try_from(ready.count()).unwrap_or(u32::MAX)
}
