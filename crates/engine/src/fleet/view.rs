//! What SHOW and DESCRIBE may see of the fleet: copies, taken under the lock.

use floe_rollout::Phase;
use floe_runtime::{ContainerState, InstanceKey};
use std::net::IpAddr;
use std::sync::Arc;

use super::Fleet;
use super::deploy::runtime_key;
use crate::catalog::ServiceRecord;
use crate::deployment::Deployment;

/// A service as it is now.
#[derive(Debug, Clone)]
pub(crate) struct ServiceView {
    /// Status column: `PENDING`, `RUNNING`, `SUSPENDING`, `SUSPENDED`, `DELETING`.
    pub(crate) status: &'static str,
    pub(crate) is_upgrading: bool,
    pub(crate) instances: Vec<InstanceView>,
}

/// One instance as it is now.
#[derive(Debug, Clone)]
pub(crate) struct InstanceView {
    pub(crate) id: u32,
    pub(crate) key: InstanceKey,
    pub(crate) status: &'static str,
    /// The revision that it runs, which during an upgrade may be an older one.
    pub(crate) deployment: Option<Arc<Deployment>>,
    pub(crate) ip: Option<IpAddr>,
    /// Milliseconds since the Unix epoch.
    pub(crate) created: Option<u64>,
    pub(crate) started: Option<u64>,
    pub(crate) containers: Vec<ContainerState>,
    /// Why the last start failed, when it did.
    pub(crate) start_error: Option<String>,
}

impl Fleet {
    /// A service as it is now; also one that is not alive in this process.
    pub(crate) fn view(&self, record: &ServiceRecord) -> ServiceView {
        let live = self.lock();
        let Some(service) = live.get(&record.name).filter(|live| live.uid == record.uid) else {
            return ServiceView::idle(record);
        };
        let instances: Vec<InstanceView> = service
            .controller
            .rollout()
            .instances()
            .map(|(id, instance)| {
                let observed = service
                    .observed
                    .get(&id.0)
                    .filter(|state| state.key.attempt == instance.attempt);
                let deployment = service.deployments.get(&instance.revision.0);
                InstanceView {
                    id: id.0,
                    key: runtime_key(&record.name, service.uid, id.0, instance.attempt),
                    status: phase_word(instance.phase),
                    deployment: deployment.cloned(),
                    ip: observed.and_then(|state| state.ip),
                    created: observed.map(|state| state.created.as_millis()),
                    started: observed
                        .and_then(|state| state.started)
                        .map(|at| at.as_millis()),
                    containers: observed
                        .map(|state| state.containers.clone())
                        .unwrap_or_default(),
                    start_error: service.start_errors.get(&id.0).cloned(),
                }
            })
            .collect();
        let status = service.controller.rollout().status();
        ServiceView {
            status: status_word(record, status.is_ready, !instances.is_empty()),
            is_upgrading: status.is_upgrading || (record.upgrading && !record.suspended),
            instances,
        }
    }

    /// Why the missing instances of a service could not be started, by number.
    pub(crate) fn start_errors(&self, name: &str) -> Vec<(u32, String)> {
        let live = self.lock();
        let errors = live.get(name).map(|service| service.start_errors.clone());
        errors.unwrap_or_default().into_iter().collect()
    }
}

impl ServiceView {
    /// A service of which nothing runs.
    pub(crate) fn idle(record: &ServiceRecord) -> Self {
        Self {
            status: status_word(record, false, false),
            is_upgrading: record.upgrading && !record.suspended,
            instances: Vec::new(),
        }
    }
}

fn status_word(record: &ServiceRecord, is_ready: bool, any: bool) -> &'static str {
    match (record.dropping, record.suspended) {
        (true, _) => "DELETING",
        (false, true) if any => "SUSPENDING",
        (false, true) => "SUSPENDED",
        (false, false) if is_ready => "RUNNING",
        (false, false) => "PENDING",
    }
}

/// The status column of an instance.
pub(crate) fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "PENDING",
        Phase::Ready => "READY",
        Phase::Failed => "FAILED",
        Phase::Terminating => "TERMINATING",
    }
}
