//! What an upgrade would do, before it does it.

mod imagined;
mod json;
mod show;
mod svg;
mod timeline;

use crate::error::RolloutError;
use crate::service::Service;
use crate::types::{Event, Instance, InstanceCount, InstanceId, Revision};

/// A dry run: the steps to a target, and how many instances are available meanwhile.
///
/// Its [`Display`](std::fmt::Display) is a small table for people; [`Plan::json`] is for programs
/// and [`Plan::svg`] a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What every instance is to run.
    pub revision: Revision,
    /// How many instances there are to be.
    pub count: InstanceCount,
    /// The instances before the first step, ascending by id.
    pub instances: Vec<(InstanceId, Instance)>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// How many instances are READY before the first step.
    pub available_now: u32,
    /// The lowest number of READY instances from now until the target is reached.
    pub lowest_available: u32,
    /// How many instances the upgrade leaves available whatever it does; `None` when nothing is
    /// upgraded.
    pub floor: Option<u32>,
    /// How many READY instances make the service ready.
    pub min_ready_instances: u32,
    /// The service is ready now and will not be for a while: requests are denied meanwhile.
    pub below_min_ready: bool,
    /// What the reader should know before agreeing.
    pub notices: Vec<Notice>,
}

/// One step of a [`Plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// To which instance.
    pub id: InstanceId,
    /// What it runs: the old revision where it is stopped, the new one where it is waited for.
    pub revision: Revision,
    /// How many instances are READY once it is done.
    pub available_after: u32,
}

/// What a [`Step`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Stop an instance of an older revision, to replace it.
    Terminate,
    /// Stop a surplus instance.
    Remove,
    /// Start the replacement of a terminated instance and wait until it is READY.
    Redeploy,
    /// Start an instance that did not exist and wait until it is READY.
    Start,
    /// Wait until an instance that is starting already is READY.
    Await,
}

impl Action {
    /// Whether an instance is stopped; otherwise one is waited for.
    ///
    /// ```
    /// use floe_rollout::Action;
    /// assert!(Action::Terminate.stops() && Action::Remove.stops());
    /// assert!(!Action::Redeploy.stops());
    /// ```
    #[must_use]
    pub fn stops(self) -> bool {
        matches!(self, Self::Terminate | Self::Remove)
    }
}

/// Something a [`Plan`] wants its reader to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The service will not be ready for a while.
    BelowMinReady {
        /// The lowest number of READY instances.
        lowest: u32,
        /// How many make the service ready.
        min_ready: u32,
    },
    /// The service is not ready now, before anything is done.
    NotReadyNow {
        /// How many instances are READY.
        ready: u32,
        /// How many make the service ready.
        min_ready: u32,
    },
    /// For a while no instance is READY at all.
    NoneAvailable,
    /// Instances that are not READY are replaced at once, out of order.
    BrokenFirst {
        /// Their ids, highest first.
        ids: Vec<InstanceId>,
    },
    /// An upgrade is under way; this target takes its place.
    ReplacesUpgrade,
    /// The service is suspended: the target takes effect when it is resumed.
    Suspended,
    /// Nothing has to be done.
    NothingToDo,
    /// The upgrade is paused: the plan shows what happens until it is resumed.
    Paused,
    /// Instances below the partition keep their revision.
    Partitioned {
        /// Ids below it are kept.
        partition: u32,
    },
    /// Something that only the caller knows: an instance whose volume can not be moved, a function
    /// that calls an endpoint which goes away.
    Other {
        /// A short name for programs.
        code: String,
        /// A sentence for people.
        text: String,
    },
}

impl Notice {
    /// The name of the notice in [`Plan::json`].
    ///
    /// ```
    /// use floe_rollout::Notice;
    /// assert_eq!(Notice::NoneAvailable.code(), "none-available");
    /// let (code, text) = ("endpoint-removed".to_owned(), String::new());
    /// assert_eq!(Notice::Other { code, text }.code(), "endpoint-removed");
    /// ```
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::BelowMinReady { .. } => "below-min-ready",
            Self::NotReadyNow { .. } => "not-ready-now",
            Self::NoneAvailable => "none-available",
            Self::BrokenFirst { .. } => "broken-first",
            Self::ReplacesUpgrade => "replaces-upgrade",
            Self::Suspended => "suspended",
            Self::NothingToDo => "nothing-to-do",
            Self::Paused => "paused",
            Self::Partitioned { .. } => "partitioned",
            Self::Other { code, .. } => code,
        }
    }
}

impl Plan {
    /// The plan as one JSON object: numbers as they are, `steps` and `notices` in order, `floor`
    /// null when nothing is upgraded.
    ///
    /// What only the caller knows is pushed to `notices` before:
    ///
    /// ```
    /// use floe_rollout::{InstanceCount, Notice, Policy, Revision, Service, plan};
    ///
    /// let service = Service::new(Policy::default());
    /// let mut plan = plan(&service, Revision(1), InstanceCount::new(1)?);
    /// let (code, text) = ("new-endpoint".to_owned(), "\"api\" is new".to_owned());
    /// plan.notices.push(Notice::Other { code, text });
    /// let json = plan.json();
    /// assert!(json.contains(r#""action":"start","instance":0,"revision":1,"available_after":1"#));
    /// assert!(json.contains(r#"{"code":"new-endpoint","text":"\"api\" is new"}"#));
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn json(&self) -> String {
        json::write(self)
    }

    /// The plan as a picture that stands alone and reads on light and dark ground: a lane for each
    /// instance, what is available below, and the notices in words. `name` says how a revision is
    /// called, in a few characters.
    ///
    /// More than 40 instances are drawn as areas, whose size does not grow with the plan.
    ///
    /// ```
    /// use floe_rollout::{InstanceCount, Policy, Revision, Service, plan};
    ///
    /// let service = Service::new(Policy::default());
    /// let plan = plan(&service, Revision(1), InstanceCount::new(2)?);
    /// let svg = plan.svg("The first start", &|revision| revision.to_string());
    /// assert!(svg.starts_with("<svg ") && svg.contains("The first start"));
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn svg(&self, title: &str, name: &dyn Fn(Revision) -> String) -> String {
        svg::draw(self, title, name)
    }
}

/// Plans the way of `service` to `count` instances of `revision`.
///
/// The plan is the decider itself, run against an imagined runtime: every instance that is
/// started becomes READY, as late as the decider allows, and nothing crashes. So
/// [`Plan::lowest_available`] is what the upgrade costs by its own action, at worst.
///
/// The cost grows with the number of instances, by about a microsecond for each.
///
/// # Panics
///
/// When the decider does not reach the target against that runtime: a bug in this crate.
///
/// ```
/// use floe_rollout::{Action, Event, InstanceCount, InstanceId, Millis, Phase, Policy};
/// use floe_rollout::{Revision, Service, plan};
///
/// let mut service = Service::new(Policy { min_ready_instances: 2, ..Policy::default() });
/// let two = InstanceCount::new(2)?;
/// assert_eq!(service.decide(Event::target(Revision(1), two), Millis(0)).len(), 2);
/// for (id, attempt) in [(InstanceId(0), 1), (InstanceId(1), 2)] {
///     let ready = Event::Observed { id, attempt, phase: Phase::Ready };
///     assert!(service.decide(ready, Millis(0)).is_empty());
/// }
///
/// let plan = plan(&service, Revision(2), two);
/// assert_eq!(plan.steps[0].action, Action::Terminate);
/// assert_eq!(plan.steps[0].id, InstanceId(1));
/// assert_eq!(plan.lowest_available, 1);
/// assert!(plan.below_min_ready, "MIN_READY_INSTANCES is 2");
/// # Ok::<(), floe_rollout::RolloutError>(())
/// ```
#[must_use]
pub fn plan(service: &Service, revision: Revision, count: InstanceCount) -> Plan {
    planned(service, Event::Target { revision, count }, revision, count)
}

fn planned(service: &Service, event: Event, revision: Revision, count: InstanceCount) -> Plan {
    let now = service.status();
    let min_ready = service.policy().min_ready_instances;
    let run = imagined::run(service, event);
    let lowest = run
        .steps
        .iter()
        .map(|step| step.available_after)
        .fold(now.ready, u32::min);
    let mut plan = Plan {
        revision,
        count,
        instances: service.instances().map(|(id, i)| (id, i.clone())).collect(),
        steps: run.steps,
        available_now: now.ready,
        lowest_available: lowest,
        floor: run.floor,
        min_ready_instances: min_ready,
        below_min_ready: now.is_ready && lowest < min_ready,
        notices: Vec::new(),
    };
    plan.notices = notices(&plan, service, run.broken);
    if run.paused {
        plan.notices.push(Notice::Paused);
    }
    plan
}

impl Service {
    /// Plans a target, and refuses it when the policy says `keep_ready` and the plan takes a
    /// ready service below `min_ready_instances`. Call it before
    /// [`Event::Target`].
    ///
    /// A target in the middle of an upgrade is never refused: it may be the way back.
    ///
    /// # Errors
    ///
    /// [`RolloutError::WouldNotStayReady`].
    ///
    /// ```
    /// use floe_rollout::{Event, InstanceCount, InstanceId, Millis, Phase, Policy};
    /// use floe_rollout::{Revision, Service};
    ///
    /// let mut service = Service::new(Policy { keep_ready: true, ..Policy::default() });
    /// let one = InstanceCount::new(1)?;
    /// assert!(service.admit(Revision(1), one).is_ok(), "there is nothing to keep ready yet");
    /// assert_eq!(service.decide(Event::target(Revision(1), one), Millis(0)).len(), 1);
    /// let ready = Event::Observed { id: InstanceId(0), attempt: 1, phase: Phase::Ready };
    /// assert!(service.decide(ready, Millis(0)).is_empty());
    ///
    /// let error = service.admit(Revision(2), one).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-ROLLOUT-0001");
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    pub fn admit(&self, revision: Revision, count: InstanceCount) -> Result<Plan, RolloutError> {
        let plan = plan(self, revision, count);
        let replaces = plan
            .steps
            .iter()
            .any(|step| step.action == Action::Terminate);
        let refused = self.policy().keep_ready && replaces && plan.below_min_ready;
        if refused && !self.is_upgrading() {
            return Err(RolloutError::WouldNotStayReady {
                lowest: plan.lowest_available,
                count: count.get(),
                min_ready: plan.min_ready_instances,
            });
        }
        Ok(plan)
    }
}

impl Service {
    /// Plans a restart of every instance as it is, half of them at once at most; `None` before the
    /// first target. Like [`plan()`], it is the decider itself on [`Event::Restart`].
    ///
    /// ```
    /// use floe_rollout::{Event, InstanceCount, Millis, Policy, Revision, Service};
    ///
    /// let mut service = Service::new(Policy::default());
    /// assert!(service.plan_restart().is_none());
    /// let two = InstanceCount::new(2)?;
    /// assert_eq!(service.decide(Event::target(Revision(1), two), Millis(0)).len(), 2);
    /// let plan = service.plan_restart().ok_or("there is a target")?;
    /// assert_eq!(plan.steps.len(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn plan_restart(&self) -> Option<Plan> {
        let (revision, count) = self.target()?;
        let before = self.next_attempt();
        Some(planned(self, Event::Restart { before }, revision, count))
    }
}

fn notices(plan: &Plan, service: &Service, broken: Vec<InstanceId>) -> Vec<Notice> {
    let status = service.status();
    let min_ready = plan.min_ready_instances;
    let mut notices = Vec::new();
    if status.is_suspended {
        notices.push(Notice::Suspended);
    } else if plan.steps.is_empty() {
        notices.push(Notice::NothingToDo);
    }
    let partition = service.policy().partition;
    let outdated = |(id, instance): &(InstanceId, Instance)| {
        id.0 < partition.min(plan.count.get()) && instance.revision != plan.revision
    };
    if plan.instances.iter().any(outdated) {
        notices.push(Notice::Partitioned { partition });
    }
    let elsewhere = service
        .target()
        .is_none_or(|(revision, _)| revision != plan.revision);
    if status.is_upgrading && elsewhere && !plan.steps.is_empty() {
        notices.push(Notice::ReplacesUpgrade);
    }
    if !broken.is_empty() {
        notices.push(Notice::BrokenFirst { ids: broken });
    }
    if plan.below_min_ready {
        notices.push(Notice::BelowMinReady {
            lowest: plan.lowest_available,
            min_ready,
        });
    } else if status.current > 0 && !status.is_ready && !status.is_suspended {
        notices.push(Notice::NotReadyNow {
            ready: status.ready,
            min_ready,
        });
    }
    if plan.lowest_available == 0 && plan.available_now > 0 {
        notices.push(Notice::NoneAvailable);
    }
    notices
}
