//! The decider as the model drives it.

use std::num::NonZeroU32;

use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service,
};

/// The moment at which every state of the model stands. Only differences count, and none that
/// matters is longer: ten minutes in READY forgive what was before.
const NOW: Millis = Millis(600_000);

/// A decider that is told events at a standing clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decider {
    service: Service,
    mistake: Option<Mistake>,
    /// What a mistake holds back.
    held: Vec<Event>,
}

/// A mistake made on purpose between the decider and the world, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// Replaces in ascending order.
    Ascending,
    /// Replaces one more at once than allowed.
    OneMoreAtOnce,
    /// Counts one instance as available that is not: the floor is off by one.
    FloorOffByOne,
    /// Takes the readiness of the old revision for that of the new one.
    OldReadiness,
    /// A new target waits until every instance is READY.
    RollbackWaits,
    /// Trusts what it hears of deployments of an earlier run: begins with attempt 1 again.
    StaleTrusted,
    /// Never asks again for a stop that was not answered.
    StopNeverAgain,
    /// A target in the middle of an upgrade is ignored.
    TargetIgnored,
    /// Starts the replacement without waiting for the end of the old one.
    StartBeforeEnd,
    /// Takes news about any attempt for news about the present one.
    AnyAttempt,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Ascending,
        Self::OneMoreAtOnce,
        Self::FloorOffByOne,
        Self::OldReadiness,
        Self::RollbackWaits,
        Self::StaleTrusted,
        Self::StopNeverAgain,
        Self::TargetIgnored,
        Self::StartBeforeEnd,
        Self::AnyAttempt,
    ];
}

impl Decider {
    /// A decider without a target.
    #[must_use]
    pub fn new(max_unavailable: u32, mistake: Option<Mistake>) -> Self {
        let more = u32::from(mistake == Some(Mistake::OneMoreAtOnce));
        Self {
            service: Service::new(policy(max_unavailable + more)),
            mistake,
            held: Vec::new(),
        }
    }

    /// What production runs.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Tells it what happened.
    pub fn tell(&mut self, event: Event) -> Vec<Command> {
        let Some(mistake) = self.mistake else {
            return self.decide(event);
        };
        let mut commands = Vec::new();
        for event in self.twisted(mistake, event) {
            commands.extend(self.decide(event));
        }
        self.follow_up(mistake, &mut commands);
        if mistake == Mistake::Ascending {
            commands = commands
                .into_iter()
                .map(|command| self.mirrored(command))
                .collect();
        }
        commands
    }

    fn decide(&mut self, event: Event) -> Vec<Command> {
        self.service.decide(event, NOW)
    }

    /// Lets time pass until it wants to be woken; `None` when it does not.
    pub fn wake(&mut self) -> Option<Vec<Command>> {
        let at = self.service.next_wakeup()?;
        let commands = self.service.decide(Event::Tick, at);
        let again = |command: &Command| matches!(command, Command::Stop { .. });
        match self.mistake {
            Some(Mistake::StopNeverAgain) => Some(
                commands
                    .into_iter()
                    .filter(|command| !again(command))
                    .collect(),
            ),
            Some(Mistake::Ascending) => Some(
                commands
                    .into_iter()
                    .map(|command| self.mirrored(command))
                    .collect(),
            ),
            _ => Some(commands),
        }
    }

    /// The controller ends and starts again: what it knows is the target and the next attempt.
    pub fn restart(&mut self, revision: Revision, count: InstanceCount) -> Vec<Command> {
        let next = match self.mistake {
            Some(Mistake::StaleTrusted) => 1,
            _ => self.service.next_attempt(),
        };
        self.held.clear();
        self.service = Service::continuing(self.service.policy().clone(), next);
        self.tell(Event::target(revision, count))
    }

    /// The same with other attempt numbers, and at the standing clock again.
    pub fn renumber(&mut self, attempt: impl Fn(u64) -> u64) {
        for event in &mut self.held {
            if let Event::Observed { attempt: known, .. } = event {
                *known = attempt(*known);
            }
        }
        self.service = self.service.renumbered(attempt, NOW);
    }
}

// === mistakes ===

impl Decider {
    /// What the decider hears instead of this event.
    fn twisted(&mut self, mistake: Mistake, event: Event) -> Vec<Event> {
        match (mistake, event) {
            (Mistake::Ascending, Event::Observed { id, attempt, phase }) => {
                let id = self.mirror(id);
                vec![Event::Observed { id, attempt, phase }]
            }
            (Mistake::Ascending, Event::Gone { id, attempt }) => {
                let id = self.mirror(id);
                vec![Event::Gone { id, attempt }]
            }
            (
                Mistake::FloorOffByOne,
                Event::Observed {
                    phase: Phase::Pending,
                    ..
                },
            ) => std::mem::replace(&mut self.held, vec![event]),
            (Mistake::RollbackWaits, Event::Target { .. }) if self.is_waiting() => {
                self.held = vec![event];
                Vec::new()
            }
            (Mistake::TargetIgnored, Event::Target { .. }) if self.service.is_upgrading() => {
                Vec::new()
            }
            (Mistake::AnyAttempt, Event::Observed { id, phase, .. }) => {
                let attempt = self
                    .service
                    .instance(id)
                    .map_or(0, |instance| instance.attempt);
                vec![Event::Observed { id, attempt, phase }]
            }
            _ => vec![event],
        }
    }

    /// What a mistake does after the decider answered.
    fn follow_up(&mut self, mistake: Mistake, commands: &mut Vec<Command>) {
        match mistake {
            Mistake::OldReadiness => {
                let started = commands.clone();
                for command in started {
                    if let Command::Start { id, attempt, .. } = command {
                        let phase = Phase::Ready;
                        commands.extend(self.decide(Event::Observed { id, attempt, phase }));
                    }
                }
            }
            Mistake::StartBeforeEnd => {
                let stopped = commands.clone();
                for command in stopped {
                    if let Command::Stop { id, attempt } = command {
                        commands.extend(self.decide(Event::Gone { id, attempt }));
                    }
                }
            }
            Mistake::RollbackWaits if !self.is_waiting() => {
                for event in std::mem::take(&mut self.held) {
                    commands.extend(self.decide(event));
                }
            }
            _ => {}
        }
    }

    fn is_waiting(&self) -> bool {
        self.service
            .instances()
            .any(|(_, instance)| instance.phase != Phase::Ready)
    }

    fn mirror(&self, id: InstanceId) -> InstanceId {
        let count = self.service.target().map_or(0, |(_, count)| count.get());
        InstanceId(count.saturating_sub(id.0 + 1))
    }

    fn mirrored(&self, command: Command) -> Command {
        match command {
            Command::Start {
                id,
                attempt,
                revision,
            } => {
                let id = self.mirror(id);
                Command::Start {
                    id,
                    attempt,
                    revision,
                }
            }
            Command::Stop { id, attempt } => {
                let id = self.mirror(id);
                Command::Stop { id, attempt }
            }
        }
    }
}

fn policy(max_unavailable: u32) -> Policy {
    Policy {
        max_unavailable: NonZeroU32::new(max_unavailable).unwrap_or(NonZeroU32::MIN),
        ..Policy::default()
    }
}
