//! Which instance answers a batch.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use floe_function::{BoxFuture, NoTarget, Target, Targets};
use floe_rollout::Phase;

use super::Fleet;
use crate::controller::Input;

/// How long a batch waits for a service that is starting, resuming or below
/// its floor of readiness, before its query fails.
const READY_WAIT: Duration = Duration::from_secs(60);

/// The instances behind one endpoint of one service.
#[derive(Debug)]
pub(crate) struct ServiceTargets {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) service: String,
    /// Name of the endpoint. Its port is asked of each instance's own revision: during an upgrade
    /// two may differ.
    pub(crate) endpoint: String,
    /// Resumes the service; called when a batch meets it suspended.
    pub(crate) resume: Arc<dyn Resume>,
}

/// Resumes a suspended service on demand.
pub(crate) trait Resume: Send + Sync + std::fmt::Debug {
    /// Resumes it when its AUTO_RESUME allows; answers why not otherwise.
    fn resume(&self, service: &str) -> Result<(), String>;
}

/// Counts a query as using services until it is dropped.
#[derive(Debug)]
pub(crate) struct InUse {
    fleet: Arc<Fleet>,
    services: BTreeSet<String>,
}

impl Drop for InUse {
    fn drop(&mut self) {
        for service in &self.services {
            self.fleet.apply(service, Input::QueryEnded);
        }
    }
}

/// Counts a request as in flight until it is dropped.
struct Lease(Arc<AtomicUsize>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Targets for ServiceTargets {
    fn pick(&self, _attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>> {
        Box::pin(async move {
            if let Some(target) = self.fleet.choose(&self.service, &self.endpoint) {
                return Ok(target);
            }
            let refuse = |message| NoTarget {
                message,
                retryable: false,
            };
            self.resume.resume(&self.service).map_err(refuse)?;
            let ready = self
                .fleet
                .wait(READY_WAIT, |fleet| fleet.is_ready(&self.service))
                .await;
            if !ready {
                return Err(refuse(self.fleet.unready(&self.service)));
            }
            let moved = "the service stopped being ready while a batch waited for it";
            self.fleet
                .choose(&self.service, &self.endpoint)
                .ok_or_else(|| NoTarget {
                    message: moved.to_owned(),
                    retryable: true,
                })
        })
    }
}

impl Fleet {
    /// Says that a query that calls these services runs as long as the answer is held.
    pub(crate) fn in_use(self: &Arc<Self>, services: BTreeSet<String>) -> InUse {
        for service in &services {
            self.apply(service, Input::QueryBegan);
        }
        InUse {
            fleet: Arc::clone(self),
            services,
        }
    }

    fn is_ready(&self, name: &str) -> bool {
        self.lock()
            .get(name)
            .is_some_and(|service| service.controller.rollout().status().is_ready)
    }

    /// Of two random ready instances the one with fewer requests in flight.
    ///
    /// The original picks at random; two choices keep that spread and avoid
    /// the instance that is slow to answer.
    fn choose(&self, name: &str, endpoint: &str) -> Option<Target> {
        let bits = self.parts.entropy.next_u64();
        let mut live = self.lock();
        let service = live.get_mut(name)?;
        if !service.controller.rollout().status().is_ready {
            return None;
        }
        let instances = service.controller.rollout().instances();
        let ready: Vec<_> = instances
            .filter(|(_, instance)| instance.phase == Phase::Ready)
            .filter_map(|(id, instance)| {
                let state = service.observed.get(&id.0)?;
                let deployment = service.deployments.get(&instance.revision.0)?;
                let address = SocketAddr::new(state.ip?, deployment.port(endpoint)?);
                Some((id.0, instance.attempt, address))
            })
            .collect();
        let count = u64::try_from(ready.len()).ok().filter(|count| *count > 0)?;
        let at = |bits: u64| usize::try_from(bits % count).ok();
        let first = ready.get(at(bits >> 32)?)?;
        let second = ready.get(at(bits & u64::from(u32::MAX))?)?;
        let mut load = |(id, attempt, _): &(u32, u64, _)| {
            Arc::clone(service.in_flight.entry((*id, *attempt)).or_default())
        };
        let (first_load, second_load) = (load(first), load(second));
        let lighter = second_load.load(Ordering::SeqCst) < first_load.load(Ordering::SeqCst);
        let ((id, _, address), load) = if lighter {
            (second, second_load)
        } else {
            (first, first_load)
        };
        load.fetch_add(1, Ordering::SeqCst);
        Some(Target {
            authority: address.to_string(),
            lease: Some(Box::new(Lease(load))),
            label: format!("{name}/{id}"),
        })
    }

    /// Why a service is not ready, for people.
    pub(crate) fn unready(&self, name: &str) -> String {
        let live = self.lock();
        let Some(service) = live.get(name) else {
            return format!("service {name} does not exist any more");
        };
        let status = service.controller.rollout().status();
        let mut reasons: Vec<String> = service
            .observed
            .values()
            .flat_map(|state| {
                let instance = state.key.instance;
                state.containers.iter().map(move |container| {
                    format!("{instance}/{}: {}", container.name, container.message)
                })
            })
            .collect();
        reasons.extend(
            service
                .start_errors
                .iter()
                .map(|(id, error)| format!("{id}: {error}")),
        );
        format!(
            "service {name} is not ready: {} of {} instances ready, {} needed ({})",
            status.ready,
            status.target,
            service.controller.rollout().policy().min_ready_instances,
            if reasons.is_empty() {
                "starting".to_owned()
            } else {
                reasons.join("; ")
            }
        )
    }
}
