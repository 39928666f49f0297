//! Everything that runs: one controller a service, driven by what the runtime reports.
//!
//! A controller says what to do; this module does it and tells it what came of it. Whatever a
//! statement or a controller wants is in the catalog before a controller acts on it, so a process
//! that is killed leaves all that the next one needs.

mod deploy;
mod follow;
mod routing;
mod view;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floe_image::ImageStore;
use floe_rollout::{InstanceCount, Millis, Plan, Policy, Revision, RolloutError};
use floe_runtime::clock::Clock;
use floe_runtime::{InstanceState, Runtime};
use tokio::sync::{broadcast, watch};

pub(crate) use routing::{Resume, ServiceTargets};
pub(crate) use view::{InstanceView, ServiceView};

use crate::catalog::{Catalog, RevisionRecord, ServiceRecord};
use crate::controller::{Change, Controller, Happening, Input, Wanted};
use crate::deployment::Deployment;
use crate::error::EngineError;
use crate::events::ServiceEvent;
use crate::system::Entropy;

/// From SIGTERM to SIGKILL (Snowflake documentation, "Working with services").
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// How much longer than the grace a stop may take before it is reported.
const STOP_MARGIN: Duration = Duration::from_secs(15);

/// Events a slow listener may fall behind before it loses the oldest.
const EVENT_BACKLOG: usize = 1024;

/// What a fleet is made of.
pub(crate) struct Parts {
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) images: Arc<ImageStore>,
    pub(crate) upgrades: Policy,
}

/// The services of one data directory, alive.
pub(crate) struct Fleet {
    parts: Parts,
    live: Mutex<BTreeMap<String, Live>>,
    /// Counts changes, so that waiters can look again after each.
    version: watch::Sender<u64>,
    events: broadcast::Sender<ServiceEvent>,
    closing: AtomicBool,
}

/// What is known of one service beyond its record.
#[derive(Debug)]
struct Live {
    uid: u64,
    controller: Controller,
    /// The revisions that an instance runs or may come to run, by number.
    deployments: BTreeMap<u64, Arc<Deployment>>,
    /// The newest report of the runtime for each instance.
    observed: BTreeMap<u32, InstanceState>,
    /// Why the last start of an instance failed.
    start_errors: BTreeMap<u32, String>,
    /// Requests on their way, by instance and attempt.
    in_flight: BTreeMap<(u32, u64), Arc<AtomicUsize>>,
    /// Serialises start and stop of one attempt; true once a stop was asked.
    gates: BTreeMap<(u32, u64), Arc<tokio::sync::Mutex<bool>>>,
    /// The processor time of each deployment when it was measured last, and when that was.
    measured: BTreeMap<(u32, u64), (Duration, Millis)>,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet")
            .field("runtime", &self.parts.runtime)
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}

// === impl Fleet ===

impl Fleet {
    /// Builds the fleet and starts the tasks that follow the runtime.
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let fleet = Arc::new(Self {
            parts,
            live: Mutex::default(),
            version: watch::channel(0).0,
            events: broadcast::channel(EVENT_BACKLOG).0,
            closing: AtomicBool::new(false),
        });
        tokio::spawn(Arc::clone(&fleet).follow_runtime());
        tokio::spawn(Arc::clone(&fleet).tick());
        fleet
    }

    pub(crate) fn runtime(&self) -> &dyn Runtime {
        self.parts.runtime.as_ref()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.events.subscribe()
    }

    /// Brings a service of the catalog to life, as its record wants it.
    pub(crate) fn adopt(self: &Arc<Self>, record: &ServiceRecord, deployment: Deployment) {
        let live = Live {
            uid: record.uid,
            controller: Controller::new(self.parts.upgrades.clone()),
            deployments: BTreeMap::new(),
            observed: BTreeMap::new(),
            start_errors: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            gates: BTreeMap::new(),
            measured: BTreeMap::new(),
        };
        self.lock().entry(record.name.clone()).or_insert(live);
        self.retarget(&record.name, deployment);
    }

    /// Tells a service its newest revision; starts what is missing, or a rolling upgrade.
    pub(crate) fn retarget(self: &Arc<Self>, name: &str, deployment: Deployment) {
        if let Some(live) = self.lock().get_mut(name) {
            live.forget_deployments();
            let number = deployment.record.number;
            live.deployments.insert(number, Arc::new(deployment));
        }
        self.tell(name);
    }

    /// What an upgrade to `revision` would do now; `None` for a service that is not alive.
    ///
    /// # Errors
    ///
    /// When the policy keeps services ready and this one would not stay so.
    pub(crate) fn admit(
        &self,
        record: &ServiceRecord,
        revision: u64,
    ) -> Result<Option<Plan>, RolloutError> {
        let count = InstanceCount::new(record.instances())?;
        let live = self.lock();
        let service = live.get(&record.name).filter(|live| live.uid == record.uid);
        let plan = service.map(|live| live.controller.admit(Revision(revision), count));
        plan.transpose()
    }

    /// Tells the controller of a service what the catalog says about it now.
    ///
    /// The record is read while the controller is held, so that of two who changed it the one who
    /// tells last tells the newest.
    pub(crate) fn tell(self: &Arc<Self>, name: &str) {
        self.step(name, |fleet, live| {
            let wanted = fleet.wanted(name, live)?;
            Some(Input::Wanted(Box::new(wanted)))
        });
    }

    fn wanted(&self, name: &str, live: &Live) -> Option<Wanted> {
        let record = self.parts.catalog.service(name)?;
        let deployment = live.deployments.get(&record.revision.number)?;
        let rules = deployment.rules(record.auto_suspend_secs);
        let same = record.uid == live.uid;
        // What they contradict in was refused when they were written.
        let wanted = Wanted::of(&record, rules.unwrap_or_default());
        wanted.filter(|_| same)
    }

    /// Stops every instance of a service that is on record as dropped, and forgets it; returns
    /// when all of it is gone.
    pub(crate) async fn remove(self: &Arc<Self>, name: &str) -> Result<(), EngineError> {
        self.tell(name);
        let gone = self.wait(GRACE + STOP_MARGIN, |fleet| {
            let live = fleet.lock();
            live.get(name)
                .is_none_or(|live| live.controller.rollout().instances().next().is_none())
        });
        if !gone.await {
            return Err(EngineError::WaitTimedOut {
                seconds: (GRACE + STOP_MARGIN).as_secs(),
                state: format!("instances of {name} could not be stopped"),
            });
        }
        self.lock().remove(name);
        self.bump();
        Ok(())
    }

    /// Stops every instance; nothing is left when it returns.
    pub(crate) async fn shutdown(&self, grace: Duration) {
        self.closing.store(true, Ordering::SeqCst);
        self.bump();
        self.parts.runtime.shutdown(grace).await;
    }

    /// Waits until `done` holds; looks after every change. Answers false when
    /// the time is up.
    pub(crate) async fn wait(&self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let mut version = self.version.subscribe();
        let wait = async {
            while !done(self) {
                if version.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(limit, wait).await.unwrap_or(false)
    }

    /// Waits until the fleet is shut down.
    async fn closed(&self) {
        let mut version = self.version.subscribe();
        while !self.closing.load(Ordering::SeqCst) {
            if version.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Live>> {
        // A decider that panicked has broken an invariant; its state is not
        // trusted further, and the panic has been reported already.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bump(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn now(&self) -> Millis {
        let now = self.parts.clock.monotonic().as_millis();
        Millis(u64::try_from(now).unwrap_or(u64::MAX))
    }

    /// Gives one input to a service's controller and carries out what it answers.
    fn apply(self: &Arc<Self>, name: &str, input: Input) {
        self.step(name, |_, _| Some(input));
    }

    fn step(self: &Arc<Self>, name: &str, input: impl FnOnce(&Self, &Live) -> Option<Input>) {
        if self.closing.load(Ordering::SeqCst) {
            return;
        }
        let now = self.now();
        let (answer, events) = {
            let mut live = self.lock();
            let Some(service) = live.get_mut(name) else {
                return;
            };
            let Some(input) = input(self, service) else {
                return;
            };
            let answer = service.controller.decide(input, now);
            let happened = answer.happened.iter();
            let events: Vec<_> = happened.map(|what| service.event(name, what)).collect();
            (answer, events)
        };
        for event in events {
            // Nobody listening is fine.
            let _ = self.events.send(event);
        }
        for command in answer.commands {
            self.carry_out(name, command);
        }
        if let Some(change) = answer.change {
            self.put_on_record(name, change);
        }
        self.bump();
    }

    /// Writes what a controller asks for into the catalog, and tells it so.
    fn put_on_record(self: &Arc<Self>, name: &str, change: Change) {
        let fleet = Arc::clone(self);
        let name = name.to_owned();
        // The disk may take its time.
        tokio::task::spawn_blocking(move || match fleet.write(&name, change) {
            // Also when the change was void: the controller is to learn what is newer.
            Ok(()) => fleet.tell(&name),
            // The controller asks again.
            Err(error) => {
                tracing::warn!(service = name, ?change, %error, "a change could not be recorded");
            }
        });
    }

    fn write(&self, name: &str, change: Change) -> Result<(), EngineError> {
        let (uid, earlier, queries) = {
            let live = self.lock();
            let Some(service) = live.get(name) else {
                return Ok(());
            };
            let queries = service.controller.queries();
            (service.uid, service.earlier(change), queries)
        };
        let now_ms = self.parts.clock.now().as_millis();
        self.parts.catalog.update_service(name, |record| {
            if record.uid == uid {
                change.write(record, earlier.as_ref(), queries, now_ms);
            }
        })?;
        Ok(())
    }
}

// === impl Live ===

impl Live {
    /// The revision that a way back leads to.
    fn earlier(&self, change: Change) -> Option<RevisionRecord> {
        let Change::RollBack { to, .. } = change else {
            return None;
        };
        let deployment = self.deployments.get(&to.0)?;
        Some(deployment.record.clone())
    }

    /// Forgets revisions that no instance runs and none will come to run again.
    fn forget_deployments(&mut self) {
        let rollout = self.controller.rollout();
        let target = rollout.target().map(|(revision, _)| revision);
        let running = rollout.instances().map(|(_, instance)| instance.revision);
        let kept: Vec<Revision> = running.chain(target).chain(rollout.stable()).collect();
        self.deployments
            .retain(|number, _| kept.contains(&Revision(*number)));
    }

    fn event(&self, name: &str, what: &Happening) -> ServiceEvent {
        let service = name.to_owned();
        match what {
            Happening::Upgrading => ServiceEvent::Upgrading { service },
            Happening::Upgraded => ServiceEvent::Upgraded { service },
            Happening::Stalled => ServiceEvent::Stalled { service },
            Happening::RollingBack { from, to } => ServiceEvent::RollingBack {
                service,
                from_digest: self.digest(Some(*from)),
                to_digest: self.digest(Some(*to)),
            },
            Happening::Scaling { from, to, reason } => ServiceEvent::Scaling {
                service,
                from: *from,
                to: *to,
                reason: reason.clone(),
            },
            Happening::Suspending { reason } => ServiceEvent::Suspending {
                service,
                reason: reason.clone(),
            },
            Happening::Instance {
                id,
                phase,
                revision,
            } => ServiceEvent::Instance {
                service,
                instance: id.0,
                status: view::phase_word(*phase),
                spec_digest: self.digest(*revision),
            },
        }
    }

    fn digest(&self, revision: Option<Revision>) -> String {
        let deployment = revision.and_then(|revision| self.deployments.get(&revision.0));
        let digest = deployment.map(|deployment| deployment.record.digest.clone());
        digest.unwrap_or_default()
    }

    fn forget(&mut self, id: u32, attempt: u64) {
        if self
            .observed
            .get(&id)
            .is_some_and(|state| state.key.attempt == attempt)
        {
            self.observed.remove(&id);
        }
        self.in_flight.remove(&(id, attempt));
        self.gates.remove(&(id, attempt));
        self.measured.remove(&(id, attempt));
    }
}
