//! The reference runtime: instances that exist only in memory, under a clock moved by hand.
//!
//! What a container does is a [`Script`], chosen by the reference of its image, so that an
//! upgrade to a broken image is one line of a test.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::clock::{Clock, ManualClock};
use crate::{
    BoxFuture, ContainerPlan, DriverError, ImageRoot, InstanceKey, InstancePlan, InstanceState,
    LOG_BYTES, NeedKind, PortPlan, Probe, Runtime, RuntimeError,
};

mod instance;

use instance::SimInstance;

/// Most lines of output that the simulation keeps per container.
const LOG_LINES: usize = 10_000;

/// What a simulated container does.
///
/// ```
/// use floe_runtime::sim::Script;
/// use std::time::Duration;
/// let script = Script { ready_after: None, ..Script::default() };
/// assert_eq!(script.stop_after, Duration::ZERO);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// When its readiness probe begins to answer 200, counted from each start; none: never.
    pub ready_after: Option<Duration>,
    /// When it ends by itself, counted from each start, and with which exit code.
    pub exits: Option<(Duration, i32)>,
    /// How long it takes to end after SIGTERM; a grace that is shorter ends it earlier.
    pub stop_after: Duration,
    /// The lines it prints at each start.
    pub output: Vec<String>,
    /// Thousandths of a core that it uses from each start on.
    pub millicores: u32,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            ready_after: Some(Duration::from_millis(500)),
            exits: None,
            stop_after: Duration::ZERO,
            output: Vec::new(),
            millicores: 0,
        }
    }
}

/// The reference runtime; see the [module](self).
///
/// ```
/// use floe_runtime::sim::{SimulatedRuntime, Script, sample_plan};
/// use floe_runtime::{ContainerStatus, InstanceKey, Runtime};
/// use std::time::Duration;
/// # futures::executor::block_on(async {
/// let runtime = SimulatedRuntime::default();
/// let crash = Script { exits: Some((Duration::from_secs(2), 3)), ..Script::default() };
/// runtime.script("/db/schema/repo/sample:latest", crash);
/// runtime.start(sample_plan(InstanceKey::new("S", 0, 1))).await.unwrap();
///
/// runtime.clock().advance(Duration::from_secs(2));
/// let container = &runtime.observe().await[0].containers[0];
/// assert_eq!((container.status, container.last_exit_code), (ContainerStatus::Failed, Some(3)));
///
/// runtime.clock().advance(Duration::from_secs(1));
/// assert_eq!(runtime.observe().await[0].containers[0].restart_count, 1);
/// # });
/// ```
#[derive(Debug)]
pub struct SimulatedRuntime {
    clock: Arc<ManualClock>,
    inner: Mutex<Simulation>,
}

#[derive(Debug, Default)]
struct Simulation {
    version: u64,
    born: u64,
    instances: BTreeMap<InstanceKey, SimInstance>,
    scripts: BTreeMap<String, Script>,
    /// What containers of images without a script of their own do.
    fallback: Option<fn(&str) -> Script>,
    honoured: Vec<NeedKind>,
    faults: u32,
    shut_down: bool,
    /// Lines by service, instance number and container: they outlive an attempt.
    output: BTreeMap<(String, u32, String), Vec<String>>,
    waiting: Vec<Waker>,
}

impl SimulatedRuntime {
    /// Makes a runtime whose time is `clock`.
    ///
    /// ```
    /// use floe_runtime::{Runtime, clock::ManualClock, sim::SimulatedRuntime};
    /// let runtime = SimulatedRuntime::new(std::sync::Arc::new(ManualClock::default()));
    /// assert_eq!(runtime.name(), "simulated");
    /// ```
    pub fn new(clock: Arc<ManualClock>) -> Self {
        let inner = Simulation {
            version: 1,
            ..Simulation::default()
        };
        Self {
            clock,
            inner: Mutex::new(inner),
        }
    }

    /// Returns the clock that moves this runtime.
    ///
    /// ```
    /// use floe_runtime::{clock::Clock, sim::SimulatedRuntime};
    /// assert!(SimulatedRuntime::default().clock().monotonic().is_zero());
    /// ```
    pub fn clock(&self) -> &Arc<ManualClock> {
        &self.clock
    }

    /// Sets what containers of this image do from their next instance on.
    ///
    /// ```
    /// use floe_runtime::sim::{Script, SimulatedRuntime, sample_plan};
    /// use floe_runtime::{InstanceKey, InstancePhase, Runtime};
    /// # futures::executor::block_on(async {
    /// let runtime = SimulatedRuntime::default();
    /// let never = Script { ready_after: None, ..Script::default() };
    /// runtime.script("/db/schema/repo/sample:latest", never);
    /// runtime.start(sample_plan(InstanceKey::new("S", 0, 1))).await.unwrap();
    /// runtime.clock().advance(std::time::Duration::from_secs(3600));
    /// assert_eq!(runtime.observe().await[0].phase, InstancePhase::Pending);
    /// # });
    /// ```
    pub fn script(&self, image_reference: impl Into<String>, script: Script) {
        self.lock().scripts.insert(image_reference.into(), script);
    }

    /// Sets what containers of all images without a script of their own do: a function of the
    /// image's reference.
    ///
    /// ```
    /// use floe_runtime::sim::{Script, SimulatedRuntime};
    /// let runtime = SimulatedRuntime::default();
    /// runtime.script_all(|image| match image.ends_with(":broken") {
    ///     true => Script { ready_after: None, ..Script::default() },
    ///     false => Script::default(),
    /// });
    /// ```
    pub fn script_all(&self, of_image_reference: fn(&str) -> Script) {
        self.lock().fallback = Some(of_image_reference);
    }

    /// Makes the runtime honour a kind of need; without this it refuses all of them.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, Need, NeedKind, Runtime};
    /// use floe_runtime::sim::{SimulatedRuntime, sample_plan};
    /// let runtime = SimulatedRuntime::default();
    /// let mut plan = sample_plan(InstanceKey::new("S", 0, 1));
    /// plan.containers[0].needs.push(Need::new(NeedKind::Gpu, "spec.containers[0].resources"));
    /// assert_eq!(runtime.check(&plan).unwrap_err().code(), "FLOE-RUNTIME-0001");
    /// runtime.honour(NeedKind::Gpu);
    /// assert!(runtime.check(&plan).is_ok());
    /// ```
    pub fn honour(&self, kind: NeedKind) {
        self.lock().honoured.push(kind);
    }

    /// Makes the next `count` starts fail with a retryable error.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, Runtime, sim::{SimulatedRuntime, sample_plan}};
    /// # futures::executor::block_on(async {
    /// let runtime = SimulatedRuntime::default();
    /// runtime.fail_starts(1);
    /// let plan = sample_plan(InstanceKey::new("S", 0, 1));
    /// let error = runtime.start(plan.clone()).await.unwrap_err();
    /// assert!(error.is_retryable() && error.code() == "FLOE-RUNTIME-0008");
    /// assert!(runtime.start(plan).await.is_ok());
    /// # });
    /// ```
    pub fn fail_starts(&self, count: u32) {
        self.lock().faults = count;
    }

    /// Ends a running container now with this exit code; false when no such container runs.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, InstancePhase, Runtime};
    /// use floe_runtime::sim::{SimulatedRuntime, sample_plan};
    /// # futures::executor::block_on(async {
    /// let runtime = SimulatedRuntime::default();
    /// let key = InstanceKey::new("S", 0, 1);
    /// runtime.start(sample_plan(key.clone())).await.unwrap();
    /// assert!(runtime.exit_container(&key, "main", 137));
    /// assert_eq!(runtime.observe().await[0].phase, InstancePhase::Failed);
    /// assert!(!runtime.exit_container(&key, "main", 137), "it waits for its restart");
    /// # });
    /// ```
    pub fn exit_container(&self, key: &InstanceKey, container: &str, code: i32) -> bool {
        self.change(|sim, now| {
            let instance = sim.instances.get_mut(key)?;
            instance
                .container_mut(container)?
                .exit_now(now, code)
                .then_some(())
        })
    }

    /// Forces the answers of a container's readiness probe: Some(true) 200, Some(false)
    /// another answer, None what its script says. False when there is no such container.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, InstancePhase, Runtime};
    /// use floe_runtime::sim::{SimulatedRuntime, sample_plan};
    /// # futures::executor::block_on(async {
    /// let runtime = SimulatedRuntime::default();
    /// let key = InstanceKey::new("S", 0, 1);
    /// runtime.start(sample_plan(key.clone())).await.unwrap();
    /// assert!(runtime.force_ready(&key, "main", Some(true)));
    /// assert_eq!(runtime.observe().await[0].phase, InstancePhase::Ready);
    /// # });
    /// ```
    pub fn force_ready(&self, key: &InstanceKey, container: &str, ready: Option<bool>) -> bool {
        self.change(|sim, _| {
            sim.instances.get_mut(key)?.container_mut(container)?.forced = ready;
            Some(())
        })
    }

    fn change(&self, edit: impl FnOnce(&mut Simulation, Duration) -> Option<()>) -> bool {
        let now = self.clock.monotonic();
        let mut sim = self.settled();
        let done = edit(&mut sim, now).is_some();
        if done {
            sim.settle(&self.clock);
            sim.bump();
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, Simulation> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the simulation after everything that was due by now has happened.
    fn settled(&self) -> MutexGuard<'_, Simulation> {
        let mut sim = self.lock();
        sim.settle(&self.clock);
        sim
    }

    /// Registers the task before the state is read, so that no change in between is missed.
    fn settled_for(&self, context: &Context<'_>) -> MutexGuard<'_, Simulation> {
        self.clock.wake_on_advance(context.waker());
        let mut sim = self.settled();
        if !sim
            .waiting
            .iter()
            .any(|known| known.will_wake(context.waker()))
        {
            sim.waiting.push(context.waker().clone());
        }
        sim
    }

    fn accept(&self, plan: InstancePlan) -> Result<(), RuntimeError> {
        self.check(&plan)?;
        let mut sim = self.settled();
        let key = plan.key.clone();
        if sim.shut_down {
            return Err(RuntimeError::ShutDown {
                key,
                runtime: self.name().to_owned(),
            });
        }
        if sim.instances.contains_key(&key) {
            return Err(RuntimeError::AlreadyStarted { key });
        }
        if sim.faults > 0 {
            sim.faults -= 1;
            return Err(RuntimeError::driver(plan.name, SimulatedFault));
        }
        sim.born += 1;
        let instance = SimInstance::new(plan, sim.born, |image| sim.script_of(image), &self.clock);
        sim.instances.insert(key, instance);
        sim.settle(&self.clock);
        sim.bump();
        Ok(())
    }
}

impl Default for SimulatedRuntime {
    fn default() -> Self {
        Self::new(Arc::new(ManualClock::default()))
    }
}

impl Simulation {
    fn script_of(&self, image_reference: &str) -> Script {
        let own = self.scripts.get(image_reference).cloned();
        own.unwrap_or_else(|| {
            self.fallback
                .map_or_else(Script::default, |of| of(image_reference))
        })
    }

    fn settle(&mut self, clock: &ManualClock) {
        let now = clock.monotonic();
        let mut changed = false;
        for instance in self.instances.values_mut() {
            changed |= instance.settle(now, clock.now());
            for (container, lines) in instance.take_output() {
                let key = (
                    instance.key().service.clone(),
                    instance.key().instance,
                    container,
                );
                let kept = self.output.entry(key).or_default();
                kept.extend(lines);
                let surplus = kept.len().saturating_sub(LOG_LINES);
                kept.drain(..surplus);
            }
        }
        let before = self.instances.len();
        self.instances
            .retain(|_, instance| !instance.has_ended(now));
        if changed || self.instances.len() != before {
            self.bump();
        }
    }

    fn bump(&mut self) {
        self.version += 1;
        self.waiting.drain(..).for_each(Waker::wake);
    }

    /// Begins to stop what `chosen` accepts, and returns what has to go.
    fn terminate(
        &mut self,
        now: Duration,
        grace: Duration,
        chosen: impl Fn(&InstanceKey) -> bool,
    ) -> BTreeSet<u64> {
        let mut leaving = BTreeSet::new();
        for (key, instance) in &mut self.instances {
            if chosen(key) {
                instance.terminate(now, grace);
                leaving.insert(instance.born);
            }
        }
        if !leaving.is_empty() {
            self.bump();
        }
        leaving
    }

    fn has_any_of(&self, born: &BTreeSet<u64>) -> bool {
        self.instances
            .values()
            .any(|instance| born.contains(&instance.born))
    }
}

impl Runtime for SimulatedRuntime {
    fn name(&self) -> &str {
        "simulated"
    }

    fn check(&self, plan: &InstancePlan) -> Result<(), RuntimeError> {
        plan.validate()?;
        let honoured = self.lock().honoured.clone();
        plan.refuse_needs(self.name(), |need| honoured.contains(&need.kind))
    }

    fn start(&self, plan: InstancePlan) -> BoxFuture<'_, Result<(), RuntimeError>> {
        Box::pin(async move { self.accept(plan) })
    }

    fn stop<'a>(
        &'a self,
        key: &'a InstanceKey,
        grace: Duration,
    ) -> BoxFuture<'a, Result<(), RuntimeError>> {
        let mut leaving: Option<BTreeSet<u64>> = None;
        Box::pin(poll_fn(move |context| {
            let now = self.clock.monotonic();
            let mut sim = self.settled_for(context);
            if leaving.is_none() {
                leaving = Some(sim.terminate(now, grace, |known| known == key));
                sim.settle(&self.clock);
            }
            match &leaving {
                Some(born) if sim.has_any_of(born) => Poll::Pending,
                Some(_) | None => Poll::Ready(Ok(())),
            }
        }))
    }

    fn observe(&self) -> BoxFuture<'_, Vec<InstanceState>> {
        Box::pin(async move {
            self.settled()
                .instances
                .values()
                .map(SimInstance::state)
                .collect()
        })
    }

    fn changed(&self, seen: u64) -> BoxFuture<'_, u64> {
        Box::pin(poll_fn(move |context| {
            let version = self.settled_for(context).version;
            if version == seen {
                Poll::Pending
            } else {
                Poll::Ready(version)
            }
        }))
    }

    fn logs<'a>(
        &'a self,
        key: &'a InstanceKey,
        container: &'a str,
        lines: Option<usize>,
    ) -> BoxFuture<'a, Result<String, RuntimeError>> {
        Box::pin(async move {
            let sim = self.settled();
            let Some(instance) = sim.instances.get(key) else {
                return Err(RuntimeError::UnknownInstance { key: key.clone() });
            };
            if !instance.names().any(|name| name == container) {
                return Err(RuntimeError::UnknownContainer {
                    key: key.clone(),
                    container: container.to_owned(),
                    known: instance.names().collect::<Vec<_>>().join(", "),
                });
            }
            let place = (key.service.clone(), key.instance, container.to_owned());
            let output = sim.output.get(&place).map_or(&[][..], Vec::as_slice);
            Ok(newest(output, lines))
        })
    }

    fn cpu_times(&self) -> BoxFuture<'_, Vec<(InstanceKey, Duration)>> {
        Box::pin(async move {
            let now = self.clock.monotonic();
            let sim = self.settled();
            let instances = sim.instances.values();
            instances
                .map(|instance| (instance.key().clone(), instance.cpu_time(now)))
                .collect()
        })
    }

    fn shutdown(&self, grace: Duration) -> BoxFuture<'_, ()> {
        let mut leaving: Option<BTreeSet<u64>> = None;
        Box::pin(poll_fn(move |context| {
            let now = self.clock.monotonic();
            let mut sim = self.settled_for(context);
            if leaving.is_none() {
                sim.shut_down = true;
                leaving = Some(sim.terminate(now, grace, |_| true));
                sim.settle(&self.clock);
            }
            if sim.instances.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }))
    }
}

/// Joins the newest lines that fit.
fn newest(output: &[String], lines: Option<usize>) -> String {
    let limit = lines.unwrap_or(usize::MAX);
    let mut bytes = 0;
    let mut kept: Vec<&str> = output
        .iter()
        .rev()
        .take(limit)
        .take_while(|line| {
            bytes += line.len() + 1;
            bytes <= LOG_BYTES
        })
        .map(String::as_str)
        .collect();
    kept.reverse();
    kept.iter().map(|line| format!("{line}\n")).collect()
}

/// The error that [`SimulatedRuntime::fail_starts`] asks for.
#[derive(Debug, thiserror::Error)]
#[error("the simulation was told to fail this start; start it again")]
struct SimulatedFault;

impl DriverError for SimulatedFault {
    fn code(&self) -> &'static str {
        "FLOE-RUNTIME-0008"
    }

    fn is_retryable(&self) -> bool {
        true
    }
}

/// Returns a whole plan with one container `main` of the image
/// `/db/schema/repo/sample:latest`, listening on port 8000 with a readiness probe.
///
/// ```
/// use floe_runtime::{InstanceKey, sim::sample_plan};
/// assert!(sample_plan(InstanceKey::new("S", 0, 1)).validate().is_ok());
/// ```
pub fn sample_plan(key: InstanceKey) -> InstancePlan {
    let image = ImageRoot {
        reference: "/db/schema/repo/sample:latest".to_owned(),
        digest: format!("sha256:{}", "0".repeat(64)),
        root: "/images/sample".into(),
    };
    InstancePlan {
        name: format!("{}/{}", key.service, key.instance),
        key,
        containers: vec![ContainerPlan {
            name: "main".to_owned(),
            image,
            argv: vec!["/app/server".to_owned()],
            env: Vec::new(),
            working_dir: None,
            readiness: Some(Probe::new(8000, "/healthcheck")),
            needs: Vec::new(),
        }],
        ports: vec![PortPlan {
            name: "endpoint".to_owned(),
            port: 8000,
        }],
    }
}
