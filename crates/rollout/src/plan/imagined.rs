//! The runtime that plans are run against: everything works, and as late as possible.

use std::collections::VecDeque;

use super::{Action, Step};
use crate::service::Service;
use crate::types::{Command, Event, InstanceId, Millis, Phase, Revision};

/// What the imagined run found.
pub(super) struct Run {
    pub(super) steps: Vec<Step>,
    /// Instances that were replaced although they were not READY, in the order of their stops.
    pub(super) broken: Vec<InstanceId>,
    /// What the upgrade leaves available.
    pub(super) floor: Option<u32>,
    pub(super) paused: bool,
}

/// One deployment: an instance and an attempt.
type Deployed = (InstanceId, u64);

/// What is remembered of one instance; attempts are numbered from 1, so 0 is none.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// The attempt that serves.
    serving: u64,
    /// The last attempt that was stopped.
    stopped: u64,
    /// It existed and was stopped to be replaced.
    replaced: bool,
}

struct Imagined {
    service: Service,
    now: Millis,
    /// Commands not yet executed.
    commands: VecDeque<Command>,
    /// Deployments that are stopping.
    stopping: VecDeque<Deployed>,
    /// Deployments that were started. One that is stopped before its turn stays in the queue and
    /// is passed over.
    starting: VecDeque<Deployed>,
    /// Deployments that were on their way before the plan began.
    awaited: VecDeque<Deployed>,
    /// How many deployments there are that serve.
    ready: u32,
    /// By the instances' ids, which are dense and below `MAX_INSTANCES`.
    known: Vec<Known>,
    run: Run,
}

/// Runs a copy of `service` until nothing is left to do.
pub(super) fn run(service: &Service, event: Event) -> Run {
    let mut world = Imagined::of(service);
    world.tell(event);
    let count = world.service.target().map_or(0, |(_, count)| count.get());
    world.run.floor = world.service.floor();
    world.run.paused = world.service.status().is_paused;
    // Each instance is stopped, gone, started, READY, and waited for once; twice that leaves
    // room for the ones that are on their way already.
    let rounds = 10 * (u64::from(count) + u64::from(service.status().current)) + 10;
    for _ in 0..rounds {
        if !world.turn() {
            return world.run;
        }
    }
    assert!(
        !world.turn(),
        "the decider does not come to an end after {event:?} from {service:?}"
    );
    world.run
}

impl Imagined {
    fn of(service: &Service) -> Self {
        let in_phases = |phases: &'static [Phase]| {
            let instances = service.instances();
            let kept = instances.filter(move |(_, i)| phases.contains(&i.phase));
            kept.map(|(id, i)| (id, i.attempt))
        };
        // A deployment that is stopping already needs its end to be seen.
        let stopping: VecDeque<Deployed> = in_phases(&[Phase::Terminating]).collect();
        let mut world = Self {
            ready: service.status().ready,
            awaited: in_phases(&[Phase::Pending, Phase::Failed]).collect(),
            known: Vec::new(),
            stopping,
            now: service.now(),
            service: service.clone(),
            commands: VecDeque::new(),
            starting: VecDeque::new(),
            run: Run {
                steps: Vec::new(),
                broken: Vec::new(),
                floor: None,
                paused: false,
            },
        };
        for (id, instance) in service.instances() {
            let known = world.known(id);
            match instance.phase {
                Phase::Ready => known.serving = instance.attempt,
                Phase::Terminating => (known.stopped, known.replaced) = (instance.attempt, true),
                Phase::Pending | Phase::Failed => {}
            }
        }
        world
    }

    fn known(&mut self, id: InstanceId) -> &mut Known {
        let at = usize::try_from(id.0).unwrap_or(usize::MAX);
        if self.known.len() <= at {
            self.known.resize(at + 1, Known::default());
        }
        // It was made long enough just now.
        &mut self.known[at]
    }

    /// Does the next thing; false when there is none. What makes an instance available comes
    /// last, so that the lowest availability is seen.
    fn turn(&mut self) -> bool {
        if let Some(command) = self.commands.pop_front() {
            self.execute(command);
        } else if let Some((id, attempt)) = self.stopping.pop_front() {
            self.tell(Event::Gone { id, attempt });
        } else if let Some(deployed) = self.next_started() {
            let action = if self.known(deployed.0).replaced {
                Action::Redeploy
            } else {
                Action::Start
            };
            self.becomes_ready(deployed, action);
        } else if let Some(deployed) = self.next_awaited() {
            self.becomes_ready(deployed, Action::Await);
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
            Command::Stop { id, attempt } => self.stops((id, attempt)),
        }
    }

    fn stops(&mut self, deployed: Deployed) {
        let (id, attempt) = deployed;
        let wanted = self.is_wanted(id);
        let known = self.known(id);
        if known.stopped == attempt {
            return;
        }
        known.stopped = attempt;
        known.replaced |= wanted;
        let was_ready = known.serving == attempt;
        self.ready -= u32::from(was_ready);
        if wanted && !was_ready {
            self.run.broken.push(id);
        }
        let action = if wanted {
            Action::Terminate
        } else {
            Action::Remove
        };
        self.note(action, id);
        self.stopping.push_back(deployed);
    }

    fn becomes_ready(&mut self, (id, attempt): Deployed, action: Action) {
        self.tell(Event::Observed {
            id,
            attempt,
            phase: Phase::Ready,
        });
        self.known(id).serving = attempt;
        self.ready += 1;
        self.note(action, id);
        let settled = self.now.plus(self.service.policy().min_ready_time);
        if settled > self.now {
            self.now = settled;
            self.tell(Event::Tick);
        }
    }

    /// The next deployment that the plan started and that is still on its way.
    fn next_started(&mut self) -> Option<Deployed> {
        while let Some(deployed) = self.starting.pop_front() {
            if self.is_on_its_way(deployed) {
                return Some(deployed);
            }
        }
        None
    }

    /// The next deployment that the upgrade waits for although the plan did not start it.
    fn next_awaited(&mut self) -> Option<Deployed> {
        while self.service.floor().is_some() {
            let deployed = self.awaited.pop_front()?;
            if self.is_on_its_way(deployed) {
                return Some(deployed);
            }
        }
        None
    }

    fn is_on_its_way(&self, (id, attempt): Deployed) -> bool {
        self.service.instance(id).is_some_and(|instance| {
            instance.attempt == attempt && matches!(instance.phase, Phase::Pending | Phase::Failed)
        })
    }

    fn is_wanted(&self, id: InstanceId) -> bool {
        self.service
            .target()
            .is_some_and(|(_, count)| count.keeps(id))
    }

    /// The instance exists: it was just told to stop, or became READY.
    fn note(&mut self, action: Action, id: InstanceId) {
        let deployed = self.service.instance(id);
        self.run.steps.push(Step {
            action,
            id,
            revision: deployed.map_or(Revision(0), |instance| instance.revision),
            available_after: self.ready,
        });
    }
}
