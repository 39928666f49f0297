//! One instance: the task that sets it up, keeps it together and tears it down.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use floe_runtime::{InstancePlan, RuntimeError};
use rustix::process::Signal;
use tokio::sync::{oneshot, watch};

use crate::ProcessError;
use crate::container::Container;
use crate::error::SharedError;
use crate::holder::Holder;
use crate::logs::SharedLog;
use crate::marker::Marker;
use crate::network::Lease;
use crate::registry::{Control, Done, Shared, stop_asked};
use crate::sweep::{self, Found, Wanted};

/// How long SIGKILL may take to be obeyed before a stop reports survivors.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// Time between two looks whether everything has ended within the grace.
const GRACE_LOOK: Duration = Duration::from_millis(50);

/// Wait before a holder that could not be replaced is tried again.
const HOLDER_RETRY: Duration = Duration::from_secs(1);

/// What the task of an instance begins with.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) shared: Arc<Shared>,
    pub(crate) plan: InstancePlan,
    pub(crate) logs: Vec<(String, SharedLog)>,
    pub(crate) control: watch::Receiver<Control>,
    pub(crate) done: watch::Sender<Done>,
    pub(crate) group: Arc<AtomicI32>,
}

impl Job {
    /// Runs the instance from its first breath to its last. `accepted` hears when it stands.
    pub(crate) async fn run(self, accepted: oneshot::Sender<Result<(), RuntimeError>>) {
        let key = self.plan.key.clone();
        let instance = match self.set_up().await {
            Ok(instance) => instance,
            Err(error) => {
                self.shared.remove(&key);
                self.report_gone();
                let _ = accepted.send(Err(RuntimeError::driver(&self.plan.name, error)));
                return;
            }
        };
        // Nobody may be there to hear either answer: the future of the start can be dropped.
        if self.control.borrow().stops() {
            instance.live(self).await;
            let _ = accepted.send(Err(RuntimeError::Stopped { key }));
        } else {
            let _ = accepted.send(Ok(()));
            instance.live(self).await;
        }
    }

    async fn set_up(&self) -> Result<Instance, ProcessError> {
        let shared = Arc::clone(&self.shared);
        let acquired = tokio::task::spawn_blocking(move || shared.network.acquire()).await;
        let lease = acquired.unwrap_or_else(|error| {
            let source = std::io::Error::other(error);
            Err(ProcessError::Network {
                step: "being made",
                source,
            })
        })?;
        let marker = Marker::new(&self.shared.owner, &self.plan.key);
        let stands = lease
            .check_ports(&all_ports(&self.plan))
            .and_then(|()| Holder::spawn(&marker, lease.namespace()));
        let holder = match stands {
            Ok(holder) => holder,
            Err(error) => {
                let released = tokio::task::spawn_blocking(move || lease.release()).await;
                if let Ok(Err(left)) = released {
                    tracing::warn!(key = %self.plan.key, error = %left, "a link was left behind");
                }
                return Err(error);
            }
        };
        let ip = lease.ip();
        self.shared
            .edit(&self.plan.key, |state| state.ip = Some(ip));
        self.group.store(holder.group(), Ordering::Relaxed);
        Ok(Instance {
            marker,
            lease: Arc::new(lease),
            holder,
            group: Arc::clone(&self.group),
        })
    }

    fn containers(&self, instance: &Instance) -> Members {
        let single = self.plan.containers.len() == 1;
        let containers = self
            .plan
            .containers
            .iter()
            .zip(&self.logs)
            .map(|(plan, (_, log))| {
                let container = Container {
                    shared: Arc::clone(&self.shared),
                    key: self.plan.key.clone(),
                    plan: plan.clone(),
                    marker: instance.marker.clone(),
                    lease: Arc::clone(&instance.lease),
                    group: Arc::clone(&instance.group),
                    // Beside others a container cannot tell whose port a port is: a taken one may
                    // well be its sibling's.
                    ports: if single {
                        all_ports(&self.plan)
                    } else {
                        Vec::new()
                    },
                    log: Arc::clone(log),
                    control: self.control.clone(),
                };
                container.run()
            });
        Members {
            running: Some(Box::pin(futures::future::join_all(containers))),
        }
    }

    fn report_gone(&self) {
        self.done.send_modify(|done| done.gone = true);
    }
}

/// Every port that the instance listens on or is probed at, once.
fn all_ports(plan: &InstancePlan) -> Vec<u16> {
    let probed = plan
        .containers
        .iter()
        .filter_map(|c| Some(c.readiness.as_ref()?.port));
    let ports: BTreeSet<u16> = plan
        .ports
        .iter()
        .map(|port| port.port)
        .chain(probed)
        .collect();
    ports.into_iter().collect()
}

/// The containers of an instance, polled together in its task.
struct Members {
    running: Option<Pin<Box<dyn Future<Output = Vec<()>> + Send>>>,
}

impl Members {
    /// Returns when all containers have ended; may be awaited again. Cancel safe.
    async fn ended(&mut self) {
        if let Some(running) = &mut self.running {
            running.await;
            self.running = None;
        }
    }
}

/// What stands of an instance beside its containers.
#[derive(Debug)]
struct Instance {
    marker: Marker,
    lease: Arc<Lease>,
    holder: Holder,
    group: Arc<AtomicI32>,
}

impl Instance {
    async fn live(mut self, job: Job) {
        let mut members = job.containers(&self);
        let mut control = job.control.clone();
        loop {
            tokio::select! {
                biased;
                () = stop_asked(&mut control) => break,
                () = self.holder.ended() => self.replace_holder(&job).await,
                // They end only when a stop was asked for.
                () = members.ended() => break,
            }
        }
        job.shared.mark_terminating(&job.plan.key);
        self.end_gracefully(&mut members, &mut control).await;
        loop {
            let asked = control.borrow().asked;
            let error = match self.end_now(&mut members).await {
                Ok(()) => break,
                Err(error) => Some(SharedError(Arc::new(error))),
            };
            job.done.send_modify(|done| {
                done.answered = asked;
                done.error = error;
            });
            if control
                .wait_for(|control| control.asked > asked)
                .await
                .is_err()
            {
                break;
            }
        }
        // The address is given back before anybody hears that the instance is gone.
        drop(members);
        drop(self);
        job.shared.remove(&job.plan.key);
        job.report_gone();
    }

    /// Somebody has killed the holder: everything it held is ended and starts anew under
    /// another one, by the ordinary restarts of the containers.
    async fn replace_holder(&mut self, job: &Job) {
        tracing::warn!(key = %job.plan.key, "the instance's holder was killed; restarting all");
        self.group.store(0, Ordering::Relaxed);
        self.holder.signal_group(Signal::KILL);
        let wanted = self.wanted(None);
        let _ = tokio::task::spawn_blocking(move || sweep::kill_all(&wanted, KILL_LIMIT)).await;
        loop {
            match Holder::spawn(&self.marker, self.lease.namespace()) {
                Ok(holder) => {
                    self.group.store(holder.group(), Ordering::Relaxed);
                    self.holder = holder;
                    return;
                }
                Err(error) => tracing::warn!(key = %job.plan.key, %error, "no new holder"),
            }
            let mut control = job.control.clone();
            tokio::select! {
                () = tokio::time::sleep(HOLDER_RETRY) => {}
                () = stop_asked(&mut control) => return,
            }
        }
    }

    /// Everything of this instance but the process `spared`.
    fn wanted(&self, spared: Option<i32>) -> Wanted {
        Wanted {
            prefixes: vec![self.marker.entry_prefix()],
            entry: None,
            group: Some(self.holder.group()),
            namespace: self.lease.namespace_id(),
            spared,
        }
    }

    async fn find(&self) -> Vec<Found> {
        let wanted = self.wanted(Some(self.holder.group()));
        let found = tokio::task::spawn_blocking(move || sweep::find(&wanted)).await;
        // The look fails only when the tokio runtime is going away.
        found.unwrap_or_default()
    }

    /// The time until the deadline to end: each container has sent SIGTERM to its first process;
    /// what those leave behind hears it afterwards.
    async fn end_gracefully(&self, members: &mut Members, control: &mut watch::Receiver<Control>) {
        let obeyed = async {
            members.ended().await;
            let left = self.find().await;
            left.iter().for_each(|process| process.signal(Signal::TERM));
            while !self.find().await.is_empty() {
                tokio::time::sleep(GRACE_LOOK).await;
            }
        };
        tokio::select! {
            () = obeyed => {}
            () = deadline(control) => {}
        }
    }

    /// SIGKILL to everything, and the proof that nothing is left.
    async fn end_now(&mut self, members: &mut Members) -> Result<(), ProcessError> {
        self.holder.signal_group(Signal::KILL);
        let wanted = self.wanted(None);
        let sweep = tokio::task::spawn_blocking(move || sweep::kill_all(&wanted, KILL_LIMIT));
        // The containers reap their processes meanwhile.
        let both = async { tokio::join!(sweep, members.ended()).0 };
        // Their pipes are drained last, which has a bound of its own.
        let swept = tokio::time::timeout(KILL_LIMIT * 2, both).await;
        let survivors = match swept {
            Ok(Ok(survivors)) => survivors,
            Ok(Err(_)) | Err(_) => self.find().await.iter().map(|found| found.pid).collect(),
        };
        if !survivors.is_empty() || members.running.is_some() {
            let seconds = KILL_LIMIT.as_secs();
            return Err(ProcessError::Survivors {
                pids: survivors,
                seconds,
            });
        }
        self.holder.reap().await;
        self.release_network().await
    }

    async fn release_network(&mut self) -> Result<(), ProcessError> {
        let lease = Arc::clone(&self.lease);
        let released = tokio::task::spawn_blocking(move || lease.release()).await;
        released.unwrap_or_else(|error| {
            let source = std::io::Error::other(error);
            Err(ProcessError::Network {
                step: "being removed",
                source,
            })
        })
    }
}

/// Returns when the grace is over; a later stop may have shortened it.
async fn deadline(control: &mut watch::Receiver<Control>) {
    loop {
        let deadline = control.borrow_and_update().deadline;
        let over = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => return,
            changed = control.changed() => if changed.is_err() { return },
        }
    }
}
