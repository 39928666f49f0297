//! Everything that runs: one rollout decider a service, driven by what the
//! runtime reports.
//!
//! The decider says what to do; this module does it and tells it what came of
//! it. Whatever a statement wants is in the catalog before the decider hears
//! of it, so a process that is killed leaves all that the next one needs.

mod routing;
mod view;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floe_image::ImageStore;
use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service as Rollout,
};
use floe_runtime::clock::Clock;
use floe_runtime::{InstanceKey, InstancePhase, InstanceState, Runtime};
use tokio::sync::{broadcast, watch};

pub(crate) use routing::{Resume, ServiceTargets};
pub(crate) use view::{InstanceView, ServiceView};

use crate::catalog::{Catalog, ServiceRecord};
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

/// The services of one data directory, alive.
#[derive(Debug)]
pub(crate) struct Fleet {
    runtime: Arc<dyn Runtime>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    catalog: Arc<Catalog>,
    images: Arc<ImageStore>,
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
    rollout: Rollout,
    /// An upgrade that an earlier holder began has yet to be noted as done.
    finishing: bool,
    deployments: BTreeMap<u64, Arc<Deployment>>,
    /// The newest report of the runtime for each instance.
    observed: BTreeMap<u32, InstanceState>,
    /// Why the last start of an instance failed.
    start_errors: BTreeMap<u32, String>,
    /// Requests on their way, by instance and attempt.
    in_flight: BTreeMap<(u32, u64), Arc<AtomicUsize>>,
    /// Serialises start and stop of one attempt; true once a stop was asked.
    gates: BTreeMap<(u32, u64), Arc<tokio::sync::Mutex<bool>>>,
}

// === impl Fleet ===

impl Fleet {
    /// Builds the fleet and starts the tasks that follow the runtime.
    pub(crate) fn new(
        runtime: Arc<dyn Runtime>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        catalog: Arc<Catalog>,
        images: Arc<ImageStore>,
    ) -> Arc<Self> {
        let fleet = Arc::new(Self {
            runtime,
            clock,
            entropy,
            catalog,
            images,
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
        self.runtime.as_ref()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.events.subscribe()
    }

    /// Brings a service of the catalog to life, as its record wants it.
    pub(crate) fn adopt(self: &Arc<Self>, record: &ServiceRecord, deployment: Deployment) {
        let policy = Policy {
            min_ready_instances: record.min_ready_instances,
            ..Policy::default()
        };
        let live = Live {
            uid: record.uid,
            rollout: Rollout::new(policy),
            finishing: record.upgrading,
            deployments: BTreeMap::new(),
            observed: BTreeMap::new(),
            start_errors: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            gates: BTreeMap::new(),
        };
        self.lock().entry(record.name.clone()).or_insert(live);
        if record.suspended {
            self.apply(&record.name, Event::Suspend);
        }
        self.retarget(record, deployment);
    }

    /// Tells a service its newest revision and count; starts what is missing,
    /// or a rolling upgrade.
    pub(crate) fn retarget(self: &Arc<Self>, record: &ServiceRecord, deployment: Deployment) {
        let number = deployment.record.number;
        if let Some(live) = self.lock().get_mut(&record.name) {
            live.deployments.insert(number, Arc::new(deployment));
        }
        self.rescale(record);
    }

    /// Tells a service its count and its floor of readiness.
    pub(crate) fn rescale(self: &Arc<Self>, record: &ServiceRecord) {
        if let Some(live) = self.lock().get_mut(&record.name) {
            let policy = Policy {
                min_ready_instances: record.min_ready_instances,
                ..live.rollout.policy().clone()
            };
            live.rollout.set_policy(policy);
        }
        // The count was checked when the statement was read.
        let Ok(count) = InstanceCount::new(record.min_instances) else {
            return;
        };
        let event = Event::target(Revision(record.revision.number), count);
        self.apply(&record.name, event);
    }

    pub(crate) fn suspend(self: &Arc<Self>, name: &str) {
        self.apply(name, Event::Suspend);
    }

    pub(crate) fn resume(self: &Arc<Self>, name: &str) {
        self.apply(name, Event::Resume);
    }

    /// Stops every instance of a service and forgets it; returns when all of
    /// it is gone.
    pub(crate) async fn remove(self: &Arc<Self>, name: &str) -> Result<(), EngineError> {
        self.apply(name, Event::Suspend);
        let gone = self.wait(GRACE + STOP_MARGIN, |fleet| {
            fleet
                .lock()
                .get(name)
                .is_none_or(|live| live.rollout.instances().next().is_none())
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
        self.runtime.shutdown(grace).await;
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
        Millis(u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX))
    }

    /// Gives one event to a service's decider and carries out what it answers.
    fn apply(self: &Arc<Self>, name: &str, event: Event) {
        if self.closing.load(Ordering::SeqCst) {
            return;
        }
        let now = self.now();
        let (commands, events, upgraded) = {
            let mut live = self.lock();
            let Some(service) = live.get_mut(name) else {
                return;
            };
            service.decide(name, event, now)
        };
        if upgraded {
            self.upgraded(name);
        }
        for event in events {
            // Nobody listening is fine.
            let _ = self.events.send(event);
        }
        for command in commands {
            self.carry_out(name, command);
        }
        self.bump();
    }

    /// Notes in the catalog that an upgrade has ended.
    fn upgraded(&self, name: &str) {
        let noted = self
            .catalog
            .update_service(name, |record| record.upgrading = false);
        if let Err(error) = noted {
            // The flag stays, and the next start of the engine clears it.
            tracing::warn!(service = name, %error, "the end of an upgrade could not be recorded");
        }
    }

    fn carry_out(self: &Arc<Self>, name: &str, command: Command) {
        let fleet = Arc::clone(self);
        let name = name.to_owned();
        match command {
            Command::Start {
                id,
                attempt,
                revision,
            } => {
                tokio::spawn(async move { fleet.start(name, id, attempt, revision).await });
            }
            Command::Stop { id, attempt } => {
                tokio::spawn(async move { fleet.stop(name, id, attempt).await });
            }
        }
    }

    async fn start(self: Arc<Self>, name: String, id: InstanceId, attempt: u64, at: Revision) {
        let Some((key, gate, deployment)) = self.handles(&name, id, attempt, at) else {
            return;
        };
        let stopped = gate.lock().await;
        if *stopped {
            return;
        }
        match self.deploy(key, deployment).await {
            Ok(()) => {
                if let Some(live) = self.lock().get_mut(&name) {
                    live.start_errors.remove(&id.0);
                }
            }
            Err(message) => {
                if let Some(live) = self.lock().get_mut(&name) {
                    live.start_errors.insert(id.0, message);
                }
                // The decider tries again after a while, as a new attempt.
                self.apply(&name, Event::Gone { id, attempt });
            }
        }
    }

    async fn deploy(&self, key: InstanceKey, deployment: Arc<Deployment>) -> Result<(), String> {
        let images = Arc::clone(&self.images);
        let planned = tokio::task::spawn_blocking(move || deployment.plan(key, &images)).await;
        let plan = match planned {
            Ok(Ok(plan)) => plan,
            Ok(Err(error)) => {
                return Err(format!("Failed to pull image: [{}] {error}", error.code()));
            }
            Err(error) => return Err(format!("the image could not be unpacked: {error}")),
        };
        let started = self.runtime.start(plan).await;
        started.map_err(|error| format!("[{}] {error}", error.code()))
    }

    async fn stop(self: Arc<Self>, name: String, id: InstanceId, attempt: u64) {
        let Some((key, gate, _)) = self.gate(&name, id, attempt) else {
            return;
        };
        let mut stopped = gate.lock().await;
        *stopped = true;
        match self.runtime.stop(&key, GRACE).await {
            Ok(()) => {
                if let Some(live) = self.lock().get_mut(&name) {
                    live.forget(id.0, attempt);
                }
                self.apply(&name, Event::Gone { id, attempt });
            }
            // The decider asks again when the instance does not go.
            Err(error) => tracing::warn!(instance = %key, %error, "an instance was not stopped"),
        }
    }

    fn gate(&self, name: &str, id: InstanceId, attempt: u64) -> Option<Handles<()>> {
        let mut live = self.lock();
        let service = live.get_mut(name)?;
        let gate = Arc::clone(service.gates.entry((id.0, attempt)).or_default());
        Some((runtime_key(name, service.uid, id.0, attempt), gate, ()))
    }

    fn handles(
        &self,
        name: &str,
        id: InstanceId,
        attempt: u64,
        revision: Revision,
    ) -> Option<Handles<Arc<Deployment>>> {
        let (key, gate, ()) = self.gate(name, id, attempt)?;
        let deployment = Arc::clone(self.lock().get(name)?.deployments.get(&revision.0)?);
        Some((key, gate, deployment))
    }

    /// Turns what the runtime reports into events of the deciders, for ever.
    async fn follow_runtime(self: Arc<Self>) {
        let mut seen = 0;
        loop {
            tokio::select! {
                changed = self.runtime.changed(seen) => seen = changed,
                () = self.closed() => return,
            }
            let states = self.runtime.observe().await;
            for (name, event) in self.note(states) {
                self.apply(&name, event);
            }
            self.bump();
        }
    }

    /// Keeps the newest reports and answers what they mean to the deciders.
    fn note(&self, states: Vec<InstanceState>) -> Vec<(String, Event)> {
        let mut live = self.lock();
        let mut events = Vec::new();
        for state in states {
            let found = live
                .iter_mut()
                .find(|(name, service)| runtime_service(name, service.uid) == state.key.service);
            let Some((name, service)) = found else {
                continue;
            };
            let id = InstanceId(state.key.instance);
            let attempt = state.key.attempt;
            let known = service.rollout.instances().find(|(known, _)| *known == id);
            if known.is_none_or(|(_, instance)| instance.attempt != attempt) {
                continue;
            }
            if let Some(phase) = decider_phase(state.phase) {
                events.push((name.clone(), Event::Observed { id, attempt, phase }));
            }
            service.observed.insert(state.key.instance, state);
        }
        events
    }

    /// Wakes the deciders when they asked to be woken, for ever.
    async fn tick(self: Arc<Self>) {
        let mut version = self.version.subscribe();
        while !self.closing.load(Ordering::SeqCst) {
            let now = self.now();
            let (due, next) = self.wakeups(now);
            for name in due {
                self.apply(&name, Event::Tick);
            }
            tokio::select! {
                () = tokio::time::sleep(next) => {}
                changed = version.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Services whose decider is due, and how long until the next is.
    fn wakeups(&self, now: Millis) -> (Vec<String>, Duration) {
        /// Longest sleep of the ticker, when nothing is planned.
        const IDLE: Duration = Duration::from_secs(60);
        /// Shortest one, so that a decider that is always due can not spin.
        const SHORTEST: Duration = Duration::from_millis(10);
        let live = self.lock();
        let mut due = Vec::new();
        let mut next = IDLE;
        for (name, service) in live.iter() {
            let Some(at) = service.rollout.next_wakeup() else {
                continue;
            };
            if at <= now {
                due.push(name.clone());
                next = SHORTEST;
            } else {
                next = next.min(at.since(now));
            }
        }
        (due, next.max(SHORTEST))
    }
}

type Handles<T> = (InstanceKey, Arc<tokio::sync::Mutex<bool>>, T);

/// The runtime's name of a service: readable, and never used twice.
fn runtime_service(name: &str, uid: u64) -> String {
    format!("{name}.{uid}")
}

fn runtime_key(name: &str, uid: u64, instance: u32, attempt: u64) -> InstanceKey {
    InstanceKey::new(runtime_service(name, uid), instance, attempt)
}

fn decider_phase(phase: InstancePhase) -> Option<Phase> {
    match phase {
        InstancePhase::Pending => Some(Phase::Pending),
        InstancePhase::Ready => Some(Phase::Ready),
        InstancePhase::Failed => Some(Phase::Failed),
        // The decider asked for it, so it knows.
        InstancePhase::Terminating => None,
    }
}

// === impl Live ===

impl Live {
    fn decide(
        &mut self,
        name: &str,
        event: Event,
        now: Millis,
    ) -> (Vec<Command>, Vec<ServiceEvent>, bool) {
        let before: BTreeMap<u32, (u64, Phase)> = self.phases();
        let was_upgrading = self.rollout.is_upgrading();
        let commands = self.rollout.decide(event, now);
        let mut events = Vec::new();
        if !was_upgrading && self.rollout.is_upgrading() {
            events.push(ServiceEvent::Upgrading {
                service: name.to_owned(),
            });
        }
        let changed = self
            .phases()
            .into_iter()
            .filter(|(id, now)| before.get(id) != Some(now));
        let (stopped, others): (Vec<_>, Vec<_>) =
            changed.partition(|(_, (_, phase))| *phase == Phase::Terminating);
        // What was observed comes before what the decider made of it.
        for (id, (_, phase)) in others.into_iter().chain(stopped) {
            events.push(self.instance_event(name, id, phase));
        }
        let status = self.rollout.status();
        let whole = status.ready == status.target && status.outdated == 0;
        let finished = self.finishing && whole && !status.is_suspended;
        let upgraded = (was_upgrading || finished) && !status.is_upgrading;
        self.finishing &= !upgraded && !status.is_suspended;
        if upgraded {
            events.push(ServiceEvent::Upgraded {
                service: name.to_owned(),
            });
        }
        (commands, events, upgraded)
    }

    fn phases(&self) -> BTreeMap<u32, (u64, Phase)> {
        let instances = self.rollout.instances();
        instances
            .map(|(id, instance)| (id.0, (instance.attempt, instance.phase)))
            .collect()
    }

    fn instance_event(&self, name: &str, id: u32, phase: Phase) -> ServiceEvent {
        let instance = self.rollout.instances().find(|(known, _)| known.0 == id);
        let digest = instance
            .and_then(|(_, instance)| self.deployments.get(&instance.revision.0))
            .map(|deployment| deployment.record.digest.clone());
        ServiceEvent::Instance {
            service: name.to_owned(),
            instance: id,
            status: view::phase_word(phase),
            spec_digest: digest.unwrap_or_default(),
        }
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
    }
}
