//! The runtime.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use floe_runtime::clock::Clock;
use floe_runtime::{
    BoxFuture, ContainerState, InstanceKey, InstancePhase, InstancePlan, InstanceState, NeedKind,
    Runtime, RuntimeError,
};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::ProcessError;
use crate::cpu;
use crate::instance::Job;
use crate::logs::{self, LogFiles};
use crate::marker;
use crate::network::{Network, NetworkMode};
use crate::registry::{Control, Done, Entry, Shared};
use crate::sweep;

/// How long the leftovers of an earlier life may take to be ended.
const LEFTOVERS: Duration = Duration::from_secs(5);

/// Longest owner in characters.
const OWNER_LIMIT: usize = 64;

/// What a process runtime is made of.
///
/// ```
/// use floe_runtime::clock::SystemClock;
/// use floe_runtime_process::{NetworkMode, ProcessOptions};
/// let options = ProcessOptions {
///     state_dir: "/var/lib/floe/process".into(),
///     clock: std::sync::Arc::new(SystemClock),
///     network: NetworkMode::Auto,
///     owner: "floe-3f2a".to_owned(),
/// };
/// assert_eq!(options.network, NetworkMode::default());
/// ```
#[derive(Clone, Debug)]
pub struct ProcessOptions {
    /// Where the output of containers is kept (`logs/<service>/<instance>/<container>.log`);
    /// made when it is not there.
    pub state_dir: PathBuf,
    /// Where times come from. Waiting itself is tokio's.
    pub clock: Arc<dyn Clock>,
    /// How instances get a network identity.
    pub network: NetworkMode,
    /// Marks the processes of this runtime, 1 to 64 characters. At most one living runtime may
    /// have it: a new one ends whatever an earlier one of the same owner has left.
    pub owner: String,
}

/// Runs instances as local process groups; see the [crate](crate).
///
/// ```
/// use floe_runtime::{Runtime, clock::SystemClock};
/// use floe_runtime_process::{NetworkMode, ProcessOptions, ProcessRuntime};
/// # let directory = tempfile::tempdir().unwrap();
/// # let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # tokio.block_on(async {
/// let runtime = ProcessRuntime::new(ProcessOptions {
///     state_dir: directory.path().to_owned(),
///     clock: std::sync::Arc::new(SystemClock),
///     network: NetworkMode::Loopback,
///     owner: format!("doc-{}", std::process::id()),
/// }).unwrap();
/// assert_eq!(runtime.name(), "process");
/// assert!(runtime.observe().await.is_empty());
/// # });
/// ```
#[derive(Debug)]
pub struct ProcessRuntime {
    shared: Arc<Shared>,
    tokio: Handle,
}

impl ProcessRuntime {
    /// Whether local processes can have what a specification asks for beyond running at all.
    ///
    /// Processes share the machine, its files and its memory, so there is nothing of the kind yet.
    ///
    /// ```
    /// use floe_runtime::NeedKind;
    /// use floe_runtime_process::ProcessRuntime;
    ///
    /// assert!(!ProcessRuntime::honours(&NeedKind::Gpu));
    /// ```
    pub fn honours(kind: &NeedKind) -> bool {
        // `NeedKind` grows; what is newer than this runtime is refused, too.
        let honoured: [NeedKind; 0] = [];
        honoured.contains(kind)
    }

    /// Makes a runtime, after it has ended what an earlier runtime of the same owner left.
    ///
    /// Must be called inside a tokio runtime, whose tasks follow the instances from then on.
    /// Blocks for some tens of milliseconds: it looks through /proc and tries the network.
    ///
    /// ```
    /// use floe_runtime::{DriverError, clock::SystemClock};
    /// use floe_runtime_process::{NetworkMode, ProcessOptions, ProcessRuntime};
    /// let outside_tokio = ProcessRuntime::new(ProcessOptions {
    ///     state_dir: "/tmp".into(),
    ///     clock: std::sync::Arc::new(SystemClock),
    ///     network: NetworkMode::Loopback,
    ///     owner: "doc".to_owned(),
    /// });
    /// assert_eq!(outside_tokio.unwrap_err().code(), "FLOE-PROCESS-0001");
    /// ```
    ///
    /// # Errors
    /// [`ProcessError`] when there is no tokio runtime, the owner or the state directory cannot
    /// be used, namespaces were demanded and cannot be made, or leftovers outlive SIGKILL.
    pub fn new(options: ProcessOptions) -> Result<Self, ProcessError> {
        let tokio = Handle::try_current().map_err(|_| ProcessError::NoTokio)?;
        let ProcessOptions {
            state_dir,
            clock,
            network,
            owner,
        } = options;
        if owner.is_empty() || owner.chars().count() > OWNER_LIMIT {
            return Err(ProcessError::Owner { owner });
        }
        let log_dir = state_dir.join("logs");
        logs::make_directory(&log_dir)
            .and_then(|()| logs::forget_oldest(&log_dir))
            .map_err(|source| ProcessError::StateDir {
                path: log_dir.clone(),
                source,
            })?;
        let mark = marker::part(&owner);
        let pids = sweep::kill_owner(marker::entries_of_owner(&mark), LEFTOVERS);
        if !pids.is_empty() {
            return Err(ProcessError::Survivors {
                pids,
                seconds: LEFTOVERS.as_secs(),
            });
        }
        let network = Network::choose(network, &owner)?;
        let shared = Arc::new(Shared::new(clock, network, mark, log_dir));
        Ok(Self { shared, tokio })
    }

    /// Returns true when instances have network namespaces, false when loopback addresses.
    ///
    /// ```
    /// use floe_runtime_process::{NetworkMode, ProcessRuntime};
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # tokio.block_on(async {
    /// # let options = |network| floe_runtime_process::ProcessOptions {
    /// #     state_dir: directory.path().to_owned(),
    /// #     clock: std::sync::Arc::new(floe_runtime::clock::SystemClock),
    /// #     network,
    /// #     owner: format!("doc-namespaces-{}", std::process::id()),
    /// # };
    /// let runtime = ProcessRuntime::new(options(NetworkMode::Loopback)).unwrap();
    /// assert!(!runtime.has_namespaces(), "instances share this machine's ports");
    /// # });
    /// ```
    pub fn has_namespaces(&self) -> bool {
        self.shared.network.has_namespaces()
    }

    /// Returns why [`NetworkMode::Auto`] fell back to loopback addresses, if it did.
    ///
    /// ```
    /// use floe_runtime_process::{NetworkMode, ProcessRuntime};
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # tokio.block_on(async {
    /// # let options = |network| floe_runtime_process::ProcessOptions {
    /// #     state_dir: directory.path().to_owned(),
    /// #     clock: std::sync::Arc::new(floe_runtime::clock::SystemClock),
    /// #     network,
    /// #     owner: format!("doc-fallback-{}", std::process::id()),
    /// # };
    /// let runtime = ProcessRuntime::new(options(NetworkMode::Auto)).unwrap();
    /// assert_eq!(runtime.network_fallback().is_some(), !runtime.has_namespaces());
    /// # });
    /// ```
    pub fn network_fallback(&self) -> Option<&ProcessError> {
        self.shared.network.fallback()
    }

    /// Enters the instance and begins to set it up.
    fn admit(
        &self,
        plan: InstancePlan,
        accepted: oneshot::Sender<Result<(), RuntimeError>>,
    ) -> Result<(), RuntimeError> {
        let key = plan.key.clone();
        let mut registry = self.shared.lock();
        if registry.shut_down {
            return Err(RuntimeError::ShutDown {
                key,
                runtime: self.name().to_owned(),
            });
        }
        if registry.entries.contains_key(&key) {
            return Err(RuntimeError::AlreadyStarted { key });
        }
        let (control, told) = watch::channel(Control::default());
        let (answers, done) = watch::channel(Done::default());
        let logs = self.log_files(&plan);
        let mut entry = Entry {
            state: self.fresh_state(&plan),
            name: plan.name.clone(),
            logs: logs.clone(),
            control,
            done,
            task: None,
            group: Arc::default(),
        };
        let shared = Arc::clone(&self.shared);
        let job = Job {
            shared,
            plan,
            logs,
            control: told,
            done: answers,
            group: Arc::clone(&entry.group),
        };
        // The task waits for the lock that is held here, so it finds its entry.
        entry.task = Some(self.tokio.spawn(job.run(accepted)).abort_handle());
        registry.entries.insert(key, entry);
        drop(registry);
        self.shared.bump();
        Ok(())
    }

    fn fresh_state(&self, plan: &InstancePlan) -> InstanceState {
        let waiting = |container: &floe_runtime::ContainerPlan| {
            ContainerState::waiting(container.name.as_str())
        };
        InstanceState {
            key: plan.key.clone(),
            ip: None,
            phase: InstancePhase::Pending,
            created: self.shared.clock.now(),
            started: None,
            containers: plan.containers.iter().map(waiting).collect(),
        }
    }

    fn log_files(&self, plan: &InstancePlan) -> Vec<(String, logs::SharedLog)> {
        let service = self.shared.log_dir.join(marker::part(&plan.key.service));
        let directory = service.join(plan.key.instance.to_string());
        let files = plan.containers.iter().map(|container| {
            let path = directory.join(format!("{}.log", container.name));
            (container.name.clone(), LogFiles::at(path))
        });
        files.collect()
    }

    /// Asks an instance to stop; none when it is not there.
    fn ask_to_stop(&self, key: &InstanceKey, grace: Duration) -> Option<Asked> {
        let registry = self.shared.lock();
        let entry = registry.entries.get(key)?;
        let number = entry.ask_to_stop(grace);
        Some(Asked {
            number,
            name: entry.name.clone(),
            done: entry.done.clone(),
        })
    }

    async fn stop_and_wait(&self, key: &InstanceKey, grace: Duration) -> Result<(), RuntimeError> {
        let Some(mut asked) = self.ask_to_stop(key, grace) else {
            return Ok(());
        };
        let answered = |done: &Done| done.gone || done.answered >= asked.number;
        let done = asked.done.wait_for(answered).await.map(|done| done.clone());
        match done {
            Ok(Done {
                gone: false,
                error: Some(error),
                ..
            }) => Err(RuntimeError::driver(asked.name, error)),
            Ok(_) => Ok(()),
            Err(_) => {
                // The task has panicked; its holder went with it and ends the processes.
                self.shared.remove(key);
                Ok(())
            }
        }
    }
}

/// A stop that was asked for.
struct Asked {
    number: u64,
    name: String,
    done: watch::Receiver<Done>,
}

impl Runtime for ProcessRuntime {
    fn name(&self) -> &str {
        "process"
    }

    fn check(&self, plan: &InstancePlan) -> Result<(), RuntimeError> {
        plan.validate()?;
        plan.refuse_needs(self.name(), |need| Self::honours(&need.kind))
    }

    fn start(&self, plan: InstancePlan) -> BoxFuture<'_, Result<(), RuntimeError>> {
        Box::pin(async move {
            self.check(&plan)?;
            let key = plan.key.clone();
            let (tell, accepted) = oneshot::channel();
            self.admit(plan, tell)?;
            // No answer comes when the task was aborted, which ends the instance.
            accepted.await.unwrap_or(Err(RuntimeError::Stopped { key }))
        })
    }

    fn stop<'a>(
        &'a self,
        key: &'a InstanceKey,
        grace: Duration,
    ) -> BoxFuture<'a, Result<(), RuntimeError>> {
        Box::pin(self.stop_and_wait(key, grace))
    }

    fn observe(&self) -> BoxFuture<'_, Vec<InstanceState>> {
        Box::pin(async move {
            self.shared
                .lock()
                .entries
                .values()
                .map(|entry| entry.state.clone())
                .collect()
        })
    }

    fn changed(&self, seen: u64) -> BoxFuture<'_, u64> {
        let mut versions = self.shared.versions();
        Box::pin(async move {
            // The sender lives in `self`, so waiting cannot fail.
            versions
                .wait_for(|version| *version != seen)
                .await
                .map_or(seen, |version| *version)
        })
    }

    fn cpu_times(&self) -> BoxFuture<'_, Vec<(InstanceKey, Duration)>> {
        Box::pin(async move {
            let groups: Vec<(InstanceKey, i32)> = {
                let registry = self.shared.lock();
                let entries = registry.entries.iter();
                entries
                    .map(|(key, entry)| (key.clone(), entry.group.load(Ordering::Relaxed)))
                    .filter(|(_, group)| *group != 0)
                    .collect()
            };
            let read = tokio::task::spawn_blocking(cpu::times_of_groups).await;
            // The look fails only when the tokio runtime is going away.
            let times = read.unwrap_or_default();
            let measured = groups.into_iter();
            measured
                .filter_map(|(key, group)| Some((key, *times.get(&group)?)))
                .collect()
        })
    }

    fn logs<'a>(
        &'a self,
        key: &'a InstanceKey,
        container: &'a str,
        lines: Option<usize>,
    ) -> BoxFuture<'a, Result<String, RuntimeError>> {
        Box::pin(async move {
            let (name, log) = {
                let registry = self.shared.lock();
                let Some(entry) = registry.entries.get(key) else {
                    return Err(RuntimeError::UnknownInstance { key: key.clone() });
                };
                let mut known = entry.logs.iter();
                let Some((_, log)) = known.find(|(name, _)| name == container) else {
                    let names: Vec<_> = entry.logs.iter().map(|(name, _)| name.as_str()).collect();
                    return Err(RuntimeError::UnknownContainer {
                        key: key.clone(),
                        container: container.to_owned(),
                        known: names.join(", "),
                    });
                };
                (entry.name.clone(), Arc::clone(log))
            };
            logs::read(log, lines)
                .await
                .map_err(|error| RuntimeError::driver(name, error))
        })
    }

    fn shutdown(&self, grace: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let keys: Vec<InstanceKey> = {
                let mut registry = self.shared.lock();
                registry.shut_down = true;
                registry.entries.keys().cloned().collect()
            };
            let stops = keys.iter().map(|key| self.stop_and_wait(key, grace));
            for (key, stopped) in keys.iter().zip(futures::future::join_all(stops).await) {
                if let Err(error) = stopped {
                    tracing::error!(%key, %error, "an instance could not be stopped");
                }
            }
        })
    }
}

impl Drop for ProcessRuntime {
    /// Ends what was not shut down: the tasks go, their holders see it and kill everything.
    fn drop(&mut self) {
        for entry in self.shared.lock().entries.values() {
            if let Some(task) = &entry.task {
                task.abort();
            }
        }
    }
}
