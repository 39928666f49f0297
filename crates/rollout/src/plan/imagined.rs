//! The runtime that plans are run against: everything works, and as late as possible.

use std::collections::{BTreeSet, VecDeque};

use super::{Action, Step};
use crate::service::Service;
use crate::types::{Command, Event, InstanceCount, InstanceId, Millis, Phase, Revision};

/// What the imagined run found.
pub(super) struct Run {
    pub(super) steps: Vec<Step>,
    /// Instances that were replaced although they were not READY, in the order of their stops.
    pub(super) broken: Vec<InstanceId>,
}

struct Imagined {
    service: Service,
    now: Millis,
    /// Commands not yet executed.
    commands: VecDeque<Command>,
    /// Deployments that are stopping.
    stopping: VecDeque<(InstanceId, u64)>,
    /// Deployments that were started and are not READY yet.
    starting: VecDeque<(InstanceId, u64)>,
    ready: BTreeSet<InstanceId>,
    /// Instances that existed and were stopped to be replaced.
    replaced: BTreeSet<InstanceId>,
    run: Run,
}

/// Runs a copy of `service` until nothing is left to do.
pub(super) fn run(service: &Service, revision: Revision, count: InstanceCount) -> Run {
    let mut world = Imagined::of(service);
    world.tell(Event::Target { revision, count });
    // Each instance is stopped, gone, started, READY, and waited for once; twice that leaves
    // room for the ones that are on their way already.
    let rounds = 10 * (u64::from(count.get()) + u64::from(service.status().current)) + 10;
    for _ in 0..rounds {
        if !world.turn() {
            return world.run;
        }
    }
    assert!(
        !world.turn(),
        "the decider does not reach {revision} from {service:?}"
    );
    world.run
}

impl Imagined {
    fn of(service: &Service) -> Self {
        let in_phase = |phase| service.instances().filter(move |(_, i)| i.phase == phase);
        Self {
            ready: in_phase(Phase::Ready).map(|(id, _)| id).collect(),
            // A deployment that is stopping already needs its end to be seen.
            stopping: in_phase(Phase::Terminating)
                .map(|(id, i)| (id, i.attempt))
                .collect(),
            replaced: in_phase(Phase::Terminating).map(|(id, _)| id).collect(),
            now: service.now(),
            service: service.clone(),
            commands: VecDeque::new(),
            starting: VecDeque::new(),
            run: Run {
                steps: Vec::new(),
                broken: Vec::new(),
            },
        }
    }

    /// Does the next thing; false when there is none. What makes an instance available comes
    /// last, so that the lowest availability is seen.
    fn turn(&mut self) -> bool {
        if let Some(command) = self.commands.pop_front() {
            self.execute(command);
        } else if let Some((id, attempt)) = self.stopping.pop_front() {
            self.tell(Event::Gone { id, attempt });
        } else if let Some((id, attempt)) = self.starting.pop_front() {
            let action = if self.replaced.contains(&id) {
                Action::Redeploy
            } else {
                Action::Start
            };
            self.becomes_ready(id, attempt, action);
        } else if let Some((id, attempt)) = self.first_awaited() {
            self.becomes_ready(id, attempt, Action::Await);
        } else if let Some(at) = self.service.next_wakeup() {
            self.now = self.now.max(at);
            self.tell(Event::Tick);
        } else {
            return false;
        }
        true
    }

    fn tell(&mut self, event: Event) {
        let commands = self.service.decide(event, self.now);
        self.commands.extend(commands);
    }

    fn execute(&mut self, command: Command) {
        match command {
            Command::Start { id, attempt, .. } => self.starting.push_back((id, attempt)),
            Command::Stop { id, attempt } => {
                if self.stopping.contains(&(id, attempt)) {
                    return;
                }
                self.starting.retain(|started| *started != (id, attempt));
                let was_ready = self.ready.remove(&id);
                let action = if self.is_wanted(id) {
                    Action::Terminate
                } else {
                    Action::Remove
                };
                if action == Action::Terminate {
                    self.replaced.insert(id);
                    if !was_ready {
                        self.run.broken.push(id);
                    }
                }
                self.note(action, id);
                self.stopping.push_back((id, attempt));
            }
        }
    }

    fn becomes_ready(&mut self, id: InstanceId, attempt: u64, action: Action) {
        self.tell(Event::Observed {
            id,
            attempt,
            phase: Phase::Ready,
        });
        self.ready.insert(id);
        self.note(action, id);
        let settled = self.now.plus(self.service.policy().min_ready_time);
        if settled > self.now {
            self.now = settled;
            self.tell(Event::Tick);
        }
    }

    /// The first instance that the upgrade waits for although it was not started by the plan.
    fn first_awaited(&self) -> Option<(InstanceId, u64)> {
        if !self.service.is_upgrading() {
            return None;
        }
        let waiting = |phase| matches!(phase, Phase::Pending | Phase::Failed);
        let found = self.service.instances().find(|(_, i)| waiting(i.phase));
        found.map(|(id, instance)| (id, instance.attempt))
    }

    fn is_wanted(&self, id: InstanceId) -> bool {
        self.service
            .target()
            .is_some_and(|(_, count)| count.keeps(id))
    }

    fn note(&mut self, action: Action, id: InstanceId) {
        let available_after = u32::try_from(self.ready.len()).unwrap_or(u32::MAX);
        self.run.steps.push(Step {
            action,
            id,
            available_after,
        });
    }
}
