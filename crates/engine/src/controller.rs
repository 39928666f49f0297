//! The controller of one service: what is wanted, what is seen, and what to do about it.
//!
//! It puts two deciders together: [`floe_rollout::Service`] says which instances run what, in which
//! order they are replaced, and [`Autoscaler`] says how many there are to be, or that there are to
//! be none. Like them it is a state machine `(state, input, now) → answer`: it starts nothing,
//! reads no clock and writes nothing.
//!
//! What it wants to be different from what is on record (an upgrade that is over, a way back, a
//! number of instances, a suspension) it *asks* for, as a [`Change`]. It acts on it only when it
//! is told by [`Input::Wanted`] that the change is on record, and asks again when nobody tells it.
//! So a process that is killed at any point leaves a record from which the next one goes on.

mod record;

use std::collections::BTreeMap;
use std::time::Duration;

use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Plan, Policy, Revision, RolloutError,
    Service as Rollout,
};
use floe_scale::{Autoscaler, Bounds, EVALUATION_INTERVAL, Observation, Past, Reading, Rules};

/// After so long without an answer a change is asked for again; the catalog may have been full.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What the catalog says about a service. It is on record before a controller hears of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// What every instance is to run.
    pub(crate) revision: Revision,
    /// MIN_INSTANCES and MAX_INSTANCES.
    pub(crate) bounds: Bounds,
    /// How many instances there are to be; within the bounds.
    pub(crate) count: InstanceCount,
    /// MIN_READY_INSTANCES.
    pub(crate) min_ready: u32,
    pub(crate) suspended: bool,
    /// An upgrade has begun whose end is not on record.
    pub(crate) upgrading: bool,
    /// How the service scales and when it is suspended.
    pub(crate) rules: Rules,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// This is on record now.
    Wanted(Box<Wanted>),
    /// The runtime reports a deployment in this phase.
    Observed {
        id: InstanceId,
        attempt: u64,
        phase: Phase,
    },
    /// A deployment is gone, or could not be started.
    Gone { id: InstanceId, attempt: u64 },
    /// A query that calls a function of the service begins.
    QueryBegan,
    /// Such a query is over, whatever came of it.
    QueryEnded,
    /// It was time for a look at the service ([`Controller::next_look`]): the cores that each
    /// instance uses.
    Looked { cpu: Reading },
    /// Nothing but time has passed ([`Controller::next_wakeup`]).
    Tick,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    /// To be carried out in this order.
    pub(crate) commands: Vec<Command>,
    /// What people are told.
    pub(crate) happened: Vec<Happening>,
    /// To be put on record; then the controller is to be told.
    pub(crate) change: Option<Change>,
}

/// What the controller wants to be on record.
///
/// Each names what it starts from: when the record says something else by now, somebody wanted
/// something newer, and the change is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The upgrade to this revision is over.
    UpgradeDone { revision: Revision },
    /// The upgrade made no progress: the service is to run what it ran before.
    RollBack { from: Revision, to: Revision },
    /// The service is to have another number of instances.
    Scale { from: u32, to: u32 },
    /// The service is to be suspended.
    Suspend,
}

/// Something that people who watch are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// An upgrade begins.
    Upgrading,
    /// An upgrade is over, and that is on record.
    Upgraded,
    /// No instance was proved for the progress deadline.
    Stalled,
    /// The way back is on record.
    RollingBack { from: Revision, to: Revision },
    /// Another number of instances is on record; the reason in words.
    Scaling { from: u32, to: u32, reason: String },
    /// The suspension that a rule asked for is on record; the reason in words.
    Suspending { reason: String },
    /// An instance changed its phase.
    Instance {
        id: InstanceId,
        phase: Phase,
        revision: Option<Revision>,
    },
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Controller {
    rollout: Rollout,
    /// None until something is wanted.
    told: Option<Told>,
    /// What was asked for last, and when; none once something newer is wanted.
    asked: Option<(Change, Millis)>,
    /// Queries that run now.
    queries: u32,
    /// Queries that ran at any time since the last look.
    queries_seen: u32,
    looked: Option<Millis>,
    now: Millis,
}

/// What is wanted, and who decides on the number of instances from there.
#[derive(Debug)]
struct Told {
    wanted: Wanted,
    scaler: Autoscaler,
    /// Why the scaler decided what it decided last.
    reason: String,
}

impl Controller {
    /// A controller of a service of which nothing is wanted or known yet.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            rollout: Rollout::new(policy),
            told: None,
            asked: None,
            queries: 0,
            queries_seen: 0,
            looked: None,
            now: Millis(0),
        }
    }

    /// Takes in one input and answers what to do now.
    pub(crate) fn decide(&mut self, input: Input, now: Millis) -> Answer {
        self.now = self.now.max(now);
        let before = Seen::of(&self.rollout);
        let mut answer = Answer::default();
        match input {
            Input::Wanted(wanted) => self.take_in(*wanted, &mut answer),
            Input::Observed { id, attempt, phase } => {
                self.roll(Event::Observed { id, attempt, phase }, &mut answer);
            }
            Input::Gone { id, attempt } => self.roll(Event::Gone { id, attempt }, &mut answer),
            Input::Tick => self.roll(Event::Tick, &mut answer),
            Input::Looked { cpu } => self.look(cpu),
            Input::QueryBegan => self.query_began(),
            Input::QueryEnded => self.queries = self.queries.saturating_sub(1),
        }
        before.changes(&self.rollout, &mut answer.happened);
        answer.change = self.ask();
        answer
    }

    /// When [`Input::Tick`] is due, if nothing happens before.
    pub(crate) fn next_wakeup(&self) -> Option<Millis> {
        let again = self.asked.map(|(_, at)| at.plus(ASK_AGAIN));
        [again, self.rollout.next_wakeup()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When [`Input::Looked`] is due; `None` while no rule needs it.
    pub(crate) fn next_look(&self) -> Option<Millis> {
        let told = self.told.as_ref()?;
        if told.wanted.rules.is_empty() || told.wanted.suspended {
            return None;
        }
        let next = |at: Millis| at.plus(EVALUATION_INTERVAL);
        Some(self.looked.map_or(self.now, next))
    }

    /// The plan of an upgrade or of another number of instances, before it is on record.
    ///
    /// # Errors
    ///
    /// When the policy keeps the service ready and this would not.
    pub(crate) fn admit(
        &self,
        revision: Revision,
        count: InstanceCount,
    ) -> Result<Plan, RolloutError> {
        self.rollout.admit(revision, count)
    }

    /// The instances, and how their upgrade stands.
    pub(crate) fn rollout(&self) -> &Rollout {
        &self.rollout
    }

    /// Queries that call the service now.
    pub(crate) fn queries(&self) -> u32 {
        self.queries
    }

    fn roll(&mut self, event: Event, answer: &mut Answer) {
        answer.commands.extend(self.rollout.decide(event, self.now));
    }

    // === what is wanted ===

    fn take_in(&mut self, wanted: Wanted, answer: &mut Answer) {
        let asked = self.asked.map(|(change, _)| change);
        let (was_suspended, was_upgrading) = self.told.as_ref().map_or((false, false), |told| {
            (told.wanted.suspended, told.wanted.upgrading)
        });
        let target = Event::target(wanted.revision, wanted.count);
        let suspends = wanted.suspended && !was_suspended;
        let resumes = was_suspended && !wanted.suspended;
        self.rollout.set_policy(Policy {
            min_ready_instances: wanted.min_ready,
            ..self.rollout.policy().clone()
        });
        let told = match self.told.take() {
            Some(told) => told.now_wants(wanted, self.now),
            None => Told::first(wanted),
        };
        if let Some(happening) = told.carried_out(asked, was_upgrading) {
            answer.happened.push(happening);
        }
        self.told = Some(told);
        if suspends {
            self.roll(Event::Suspend, answer);
        }
        self.roll(target, answer);
        if resumes {
            self.looked = None;
            self.roll(Event::Resume, answer);
        }
    }

    // === what is seen ===

    fn query_began(&mut self) {
        self.queries = self.queries.saturating_add(1);
        self.queries_seen = self.queries_seen.saturating_add(1);
        // A suspension that is not on record yet is void: the service is in use.
        if let Some(told) = &mut self.told
            && told.scaler.past().suspended
            && !told.wanted.suspended
        {
            told.scaler
                .decide(&floe_scale::Event::Resume, scale(self.now));
            self.asked = None;
        }
    }

    fn look(&mut self, cpu: Reading) {
        self.looked = Some(self.now);
        let status = self.rollout.status();
        let observation = Observation {
            current: status.current,
            running: status.is_ready,
            queries: self.queries_seen,
            cpu,
            metrics: BTreeMap::new(),
        };
        self.queries_seen = self.queries;
        if let Some(told) = &mut self.told {
            let event = floe_scale::Event::Observed(observation);
            let decision = told.scaler.decide(&event, scale(self.now));
            if decision.before != decision.after {
                told.reason = decision.reason.to_string();
            }
        }
    }

    // === what is asked for ===

    /// What is to be on record and is not, unless it was asked for a moment ago.
    fn ask(&mut self) -> Option<Change> {
        let Some(due) = self.due() else {
            self.asked = None;
            return None;
        };
        if let Some((change, at)) = self.asked
            && change == due
            && self.now.since(at) < ASK_AGAIN
        {
            return None;
        }
        self.asked = Some((due, self.now));
        Some(due)
    }

    fn due(&self) -> Option<Change> {
        let Told { wanted, scaler, .. } = self.told.as_ref()?;
        if let Some(to) = self.rollout.rollback_due() {
            let from = wanted.revision;
            return Some(Change::RollBack { from, to });
        }
        let decided = scaler.past();
        if decided.suspended && !wanted.suspended {
            return Some(Change::Suspend);
        }
        if decided.count != wanted.count.get() {
            let (from, to) = (wanted.count.get(), decided.count);
            return Some(Change::Scale { from, to });
        }
        let status = self.rollout.status();
        let whole = status.proved == status.target && status.outdated == 0;
        let done = whole && !status.is_upgrading && !status.is_suspended;
        let revision = wanted.revision;
        (wanted.upgrading && done).then_some(Change::UpgradeDone { revision })
    }
}

// === impl Told ===

impl Told {
    fn first(wanted: Wanted) -> Self {
        let past = Past {
            count: wanted.count.get(),
            suspended: wanted.suspended,
            last_change: None,
        };
        Self {
            scaler: Autoscaler::continuing(wanted.rules.clone(), wanted.bounds, past),
            wanted,
            reason: String::new(),
        }
    }

    /// The scaler learns what is on record now. What it decided and what is not on record yet
    /// stands, unless the record changed in that very thing.
    fn now_wants(mut self, wanted: Wanted, now: Millis) -> Self {
        let now = scale(now);
        let before = std::mem::replace(&mut self.wanted, wanted);
        let Self { wanted, scaler, .. } = &mut self;
        if before.rules != wanted.rules {
            scaler.set_rules(wanted.rules.clone());
        }
        let same_bounds = before.bounds == wanted.bounds;
        if !same_bounds {
            let bounds = floe_scale::Event::Bounds(wanted.bounds);
            scaler.decide(&bounds, now);
        }
        if before.suspended != wanted.suspended {
            let event = if wanted.suspended {
                floe_scale::Event::Suspend
            } else {
                floe_scale::Event::Resume
            };
            scaler.decide(&event, now);
        }
        let count = wanted.count.get();
        let written = before.count != wanted.count && same_bounds;
        let void = scaler.past().count != count && (wanted.suspended || before.suspended);
        if written || void || (!same_bounds && scaler.past().count != count) {
            // A number counts from when it is on record: the disk may have been full for long.
            scaler.set_count(count, now);
        }
        self
    }

    /// What people are told now that this is on record.
    fn carried_out(&self, asked: Option<Change>, was_upgrading: bool) -> Option<Happening> {
        let wanted = &self.wanted;
        let reason = || self.reason.clone();
        match asked {
            Some(Change::RollBack { from, to }) if wanted.revision == to => {
                Some(Happening::RollingBack { from, to })
            }
            Some(Change::Scale { from, to }) if wanted.count.get() == to => {
                let reason = reason();
                Some(Happening::Scaling { from, to, reason })
            }
            Some(Change::Suspend) if wanted.suspended => {
                Some(Happening::Suspending { reason: reason() })
            }
            _ if was_upgrading && !wanted.upgrading && !wanted.suspended => {
                Some(Happening::Upgraded)
            }
            _ => None,
        }
    }
}

/// The deciders have a type of moments each; both count milliseconds of the same clock.
fn scale(now: Millis) -> floe_scale::Millis {
    floe_scale::Millis(now.0)
}

/// What was seen of a service before an input.
struct Seen {
    phases: BTreeMap<InstanceId, (u64, Phase)>,
    upgrading: bool,
    stalled: bool,
}

impl Seen {
    fn of(rollout: &Rollout) -> Self {
        let instances = rollout.instances();
        let status = rollout.status();
        Self {
            phases: instances
                .map(|(id, instance)| (id, (instance.attempt, instance.phase)))
                .collect(),
            upgrading: status.is_upgrading,
            stalled: status.is_stalled,
        }
    }

    /// Tells what is different now: first what was observed, then what was made of it.
    fn changes(&self, rollout: &Rollout, happened: &mut Vec<Happening>) {
        let status = rollout.status();
        if status.is_upgrading && !self.upgrading {
            happened.push(Happening::Upgrading);
        }
        let changed = rollout.instances().filter(|(id, instance)| {
            self.phases.get(id) != Some(&(instance.attempt, instance.phase))
        });
        let (stopped, others): (Vec<_>, Vec<_>) =
            changed.partition(|(_, instance)| instance.phase == Phase::Terminating);
        for (id, instance) in others.into_iter().chain(stopped) {
            happened.push(Happening::Instance {
                id,
                phase: instance.phase,
                revision: Some(instance.revision),
            });
        }
        if status.is_stalled && !self.stalled {
            happened.push(Happening::Stalled);
        }
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
