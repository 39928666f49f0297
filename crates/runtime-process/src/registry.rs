//! What all parts of a runtime share: which instances there are, and what is known of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicI32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floe_runtime::clock::Clock;
use floe_runtime::{
    ContainerState, ContainerStatus, InstanceKey, InstancePhase, InstanceState, phase_of,
};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::SharedError;
use crate::logs::SharedLog;
use crate::network::Network;

/// Shared by the runtime and the tasks of its instances.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) network: Network,
    /// The owner as a part of marks.
    pub(crate) owner: String,
    pub(crate) log_dir: PathBuf,
    version: watch::Sender<u64>,
    registry: Mutex<Registry>,
}

/// The instances.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) entries: BTreeMap<InstanceKey, Entry>,
    pub(crate) shut_down: bool,
}

/// One instance.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) state: InstanceState,
    pub(crate) name: String,
    pub(crate) logs: Vec<(String, SharedLog)>,
    pub(crate) control: watch::Sender<Control>,
    pub(crate) done: watch::Receiver<Done>,
    pub(crate) task: Option<AbortHandle>,
    /// The process group of its containers; 0 while there is none.
    pub(crate) group: Arc<AtomicI32>,
}

/// What the instance's task is told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Control {
    /// When whatever still runs is killed; none: nobody has asked for a stop.
    pub(crate) deadline: Option<Instant>,
    /// Counts the stops that were asked for, so that a failed one can be tried again.
    pub(crate) asked: u64,
}

impl Control {
    pub(crate) fn stops(&self) -> bool {
        self.deadline.is_some()
    }
}

/// What came of the stops so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// Stops up to this number have been tried.
    pub(crate) answered: u64,
    /// True when nothing of the instance is left, whoever asked.
    pub(crate) gone: bool,
    /// Why the latest try failed.
    pub(crate) error: Option<SharedError>,
}

/// Returns when a stop has been asked for, or nobody can ask any more. Cancel safe.
pub(crate) async fn stop_asked(control: &mut watch::Receiver<Control>) {
    // An error means that the entry is gone, and with it the reason to run.
    let _ = control.wait_for(Control::stops).await;
}

impl Entry {
    /// Asks the instance's task to stop, and returns the number of this stop.
    ///
    /// The shortest grace of concurrent stops wins.
    pub(crate) fn ask_to_stop(&self, grace: Duration) -> u64 {
        let now = Instant::now();
        // A grace of centuries is meant as "for ever"; a day is as good for a process.
        let deadline = now
            .checked_add(grace)
            .unwrap_or(now + Duration::from_secs(86_400));
        let mut number = 0;
        self.control.send_modify(|control| {
            control.deadline = Some(control.deadline.map_or(deadline, |d| d.min(deadline)));
            control.asked += 1;
            number = control.asked;
        });
        number
    }
}

impl Shared {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        network: Network,
        owner: String,
        log_dir: PathBuf,
    ) -> Self {
        let (version, registry) = (watch::Sender::new(1), Mutex::default());
        Self {
            clock,
            network,
            owner,
            log_dir,
            version,
            registry,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Registry> {
        // No code panics while it holds the lock, so a poisoned registry is a whole one.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who waits that something has changed; after the change, never before.
    pub(crate) fn bump(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    pub(crate) fn versions(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Edits the state of an instance.
    pub(crate) fn edit(&self, key: &InstanceKey, edit: impl FnOnce(&mut InstanceState)) {
        let changed = {
            let mut registry = self.lock();
            let Some(entry) = registry.entries.get_mut(key) else {
                return;
            };
            let before = entry.state.clone();
            edit(&mut entry.state);
            before != entry.state
        };
        if changed {
            self.bump();
        }
    }

    /// Edits the state of a container, and with it the phase of the instance. What a container
    /// reports while its instance is being stopped is no longer news.
    pub(crate) fn edit_container(
        &self,
        key: &InstanceKey,
        container: &str,
        edit: impl FnOnce(&mut ContainerState),
    ) {
        self.edit(key, |instance| {
            if instance.phase == InstancePhase::Terminating {
                return;
            }
            if let Some(state) = instance.containers.iter_mut().find(|c| c.name == container) {
                edit(state);
                instance.started = instance.started.or(state.started);
            }
            instance.phase = phase_of(instance.containers.iter().map(|c| c.status));
        });
    }

    /// Marks an instance and its containers as being stopped.
    pub(crate) fn mark_terminating(&self, key: &InstanceKey) {
        self.edit(key, |instance| {
            instance.phase = InstancePhase::Terminating;
            for container in &mut instance.containers {
                container.status = ContainerStatus::Terminating;
            }
        });
    }

    /// Forgets an instance of which nothing is left.
    pub(crate) fn remove(&self, key: &InstanceKey) {
        let removed = self.lock().entries.remove(key);
        if removed.is_some() {
            self.bump();
        }
    }
}
